// SPDX-License-Identifier: Apache-2.0
#include "node.hpp"

#include <arpa/inet.h>
#include <microhost/json.hpp>

#include <charconv>

#include "../shared/json_writer.hpp"

namespace microhost::registry_mdns {
namespace {

using shared::JsonWriter;

/// Strings are written again, so that what passes on is what the host takes, whatever else stood beside it.
bool write_text(JsonWriter& w, const mh::json_value& v) {
    if (v.is_null()) return w.string(""), true;
    const auto text = v.string();
    if (text) w.string(*text);
    return text.has_value();
}

/// Texts by name; null stays null.
bool write_metadata(JsonWriter& w, const mh::json_value& v) {
    if (v.is_null()) return w.raw("null"), true;
    if (v.kind() != MH_JSON_OBJECT) return false;
    w.begin_object();
    for (uint32_t i = 0; i < v.count(); ++i) {
        w.key(v.key_at(i));
        if (!v.at(i).string()) return false;
        w.string(*v.at(i).string());
    }
    w.end_object();
    return true;
}

template <class Write>
bool write_list(JsonWriter& w, const mh::json_value& v, Write&& write) {
    if (v.is_null()) return w.raw("null"), true;
    if (v.kind() != MH_JSON_ARRAY) return false;
    w.begin_array();
    for (uint32_t i = 0; i < v.count(); ++i)
        if (!write(v.at(i))) return false;
    w.end_array();
    return true;
}

/// The parser's limit on depth bounds the recursion.
bool write_value(JsonWriter& w, const mh::json_value& v) {
    if (v.is_null()) return w.raw("null"), true;
    if (v.kind() != MH_JSON_OBJECT) return false;
    w.begin_object();
    const bool good = write_text(w.key("name"), v["name"]) &&
                      write_text(w.key("type"), v["type"]) &&
                      write_list(w.key("values"), v["values"], [&](const mh::json_value& one) {
                          return !one.is_null() && write_value(w, one);
                      });
    w.end_object();
    return good;
}

bool write_endpoints(JsonWriter& w, const mh::json_value& list) {
    return write_list(w, list, [&](const mh::json_value& e) {
        if (e.kind() != MH_JSON_OBJECT) return false;
        const auto name = e["name"].string();
        if (!name || !is_clean_name(*name)) return false;
        w.begin_object().key("name").string(*name);
        const bool good = write_value(w.key("request"), e["request"]) &&
                          write_value(w.key("response"), e["response"]) &&
                          write_metadata(w.key("metadata"), e["metadata"]);
        w.end_object();
        return good;
    });
}

bool take_lists(const mh::json_value& endpoints, const mh::json_value& metadata, Node& out) {
    out.endpoints.clear();
    out.metadata.clear();
    JsonWriter e(out.endpoints), m(out.metadata);
    return write_endpoints(e, endpoints) && write_metadata(m, metadata);
}

/// Empty is a version too, as with Micro.
bool take_version(const mh::json_value& v, std::string& out) {
    if (v.is_null()) return out.clear(), true;
    const auto text = v.string();
    if (!text || (!text->empty() && !is_clean_name(*text))) return false;
    out = *text;
    return true;
}

}  // namespace

std::string ip_of(std::string_view text) {
    const std::string z(text);
    char bytes[16];
    if (inet_pton(AF_INET, z.c_str(), bytes) == 1) return {bytes, 4};
    if (inet_pton(AF_INET6, z.c_str(), bytes) == 1) return {bytes, 16};
    return {};
}

std::string ip_text(std::string_view ip) {
    char text[INET6_ADDRSTRLEN] = "";
    if (ip.size() == 4 || ip.size() == 16)
        inet_ntop(ip.size() == 4 ? AF_INET : AF_INET6, ip.data(), text, sizeof text);
    return text;
}

bool is_loopback(std::string_view ip) { return ip.size() == 4 ? ip[0] == 127 : ip == ip_of("::1"); }

bool is_useless(std::string_view ip) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(ip[i]); };
    if (ip.size() == 4) return byte(0) == 0 || byte(0) >= 224;
    if (ip.size() != 16) return true;
    const bool link_local = byte(0) == 0xfe && (byte(1) & 0xc0) == 0x80;
    return ip == std::string(16, '\0') || byte(0) == 0xff || link_local;
}

std::string address_text(std::string_view ip, uint16_t port) {
    const std::string host = ip_text(ip), number = std::to_string(port);
    return ip.size() == 16 ? "[" + host + "]:" + number : host + ":" + number;
}

std::optional<HostPort> host_port(std::string_view text) {
    const size_t colon = text.rfind(':');
    if (colon == text.npos) return {};
    HostPort out;
    out.host = text.substr(0, colon);
    const std::string_view number = text.substr(colon + 1);
    const auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(), out.port);
    if (ec != std::errc{} || end != number.data() + number.size()) return {};
    if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']')
        out.host = out.host.substr(1, out.host.size() - 2);
    return out;
}

bool is_clean_name(std::string_view text) {
    if (text.empty() || text.size() > 255 || !shared::is_utf8(text)) return false;
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    return true;
}

std::string read_service(std::string_view json, Node& out) {
    const mh::json_document document(json);
    if (!document) return "it is no JSON";
    const mh::json_value service = document.root(), node = service["nodes"].at(0);
    const auto name = service["name"].string(), id = node["id"].string(),
               address = node["address"].string();
    if (!name || !is_clean_name(*name)) return "it has no name";
    if (!id || !is_clean_name(*id)) return "its node has no id";
    if (!take_version(service["version"], out.version)) return "its version is no text";
    out.service = *name;
    out.id = *id;
    const HostPort place = host_port(address.value_or("")).value_or(HostPort{});
    out.ip = ip_of(place.host);
    if (out.ip.empty() || is_useless(out.ip) || place.port == 0)
        return "others cannot connect to its address \"" + std::string(address.value_or("")) +
               "\": mdns carries IP addresses with a port";
    out.port = place.port;
    if (!take_lists(service["endpoints"], node["metadata"], out))
        return "its endpoints or its metadata are not Micro's";
    return {};
}

bool read_txt(std::string_view json, Node& out) {
    const mh::json_document document(json);
    if (!document) return false;
    const mh::json_value root = document.root();
    const auto name = root["Service"].string();
    if (!name || !is_clean_name(*name) || !take_version(root["Version"], out.version)) return false;
    out.service = *name;
    return take_lists(root["Endpoints"], root["Metadata"], out);
}

std::string txt_json(const Node& n) {
    std::string out;
    JsonWriter w(out);
    w.begin_object().key("Service").string(n.service).key("Version").string(n.version);
    w.key("Endpoints").raw(n.endpoints).key("Metadata").raw(n.metadata).end_object();
    return out;
}

std::string service_json(const std::vector<const Node*>& nodes) {
    std::string out;
    JsonWriter w(out);
    const Node& first = *nodes.front();
    w.begin_object().key("name").string(first.service).key("version").string(first.version);
    w.key("metadata").raw("null").key("endpoints").raw(first.endpoints);
    w.key("nodes").begin_array();
    for (const Node* n : nodes) {
        w.begin_object().key("id").string(n->id);
        w.key("address").string(address_text(n->ip, n->port));
        w.key("metadata").raw(n->metadata).end_object();
    }
    w.end_array().end_object();
    return out;
}

}  // namespace microhost::registry_mdns
