// SPDX-License-Identifier: Apache-2.0
#include "service_record.hpp"

#include <microhost/json.hpp>

#include <cmath>

#include "../shared/json_writer.hpp"
#include "../shared/text.hpp"

namespace microhost::proxy {
namespace {

using shared::JsonWriter;

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = shared::lower(c);
    return out;
}

/// The last member of that name in any case, as Go reads it.
mh::json_value member(const mh::json_value& object, std::string_view key) {
    mh::json_value out;
    if (object.kind() != MH_JSON_OBJECT) return out;
    for (uint32_t i = 0; i < object.count(); ++i)
        if (shared::iequals(object.key_at(i), key)) out = object.at(i);
    return out;
}

std::string text_of(const mh::json_value& object, std::string_view key) {
    return std::string(member(object, key).string().value_or(""));
}

/// Copies a value; names of members in lower case, but for those that the service chose itself (metadata).
void copy(JsonWriter& w, const mh::json_value& v, bool own_names) {
    switch (v.kind()) {
        case MH_JSON_OBJECT:
            w.begin_object();
            for (uint32_t i = 0; i < v.count(); ++i) {
                const std::string name = own_names ? std::string(v.key_at(i)) : lower(v.key_at(i));
                w.key(name);
                copy(w, v.at(i), own_names || name == "metadata");
            }
            w.end_object();
            return;
        case MH_JSON_ARRAY:
            w.begin_array();
            for (uint32_t i = 0; i < v.count(); ++i) copy(w, v.at(i), own_names);
            w.end_array();
            return;
        case MH_JSON_STRING: w.string(*v.string()); return;
        case MH_JSON_NUMBER: w.integer(v.integer().value_or(-1)); return;
        case MH_JSON_BOOL: w.boolean(*v.boolean()); return;
        default: w.raw("null"); return;
    }
}

std::string with_node(const mh::json_value& service, const mh::json_value& node) {
    std::string out;
    JsonWriter w(out);
    w.begin_object();
    for (const std::string_view key : {"name", "version", "metadata", "endpoints"}) {
        w.key(key);
        copy(w, member(service, key), key == "metadata");
    }
    w.key("nodes").begin_array();
    copy(w, node, false);
    w.end_array().end_object();
    return out;
}

/// The end of an address is a port, or there is a member for it.
bool has_port(const mh::json_value& node) {
    if (member(node, "port").integer().value_or(0) > 0) return true;
    const std::string address = text_of(node, "address");
    const size_t colon = address.rfind(':');
    return colon != address.npos && colon + 1 < address.size() &&
           address.find_first_not_of("0123456789", colon + 1) == address.npos;
}

}  // namespace

bool read_service(std::string_view body, std::vector<ServiceRecord>& out, std::string& why) {
    const auto refuse = [&why](std::string text) {
        why = std::move(text);
        return false;
    };
    const mh::json_document document(body);
    if (!document) return refuse("the body is no JSON");
    const mh::json_value service = document.root();
    if (service.kind() != MH_JSON_OBJECT) return refuse("the body must be an object: a service");
    const std::string name = text_of(service, "name");
    if (name.empty()) return refuse("name: is missing: write the name of the service");
    const mh::json_value nodes = member(service, "nodes");
    if (nodes.kind() != MH_JSON_ARRAY || nodes.count() == 0)
        return refuse("nodes: is missing: write at least one {\"id\",\"address\"}");
    if (nodes.count() > kMostNodes)
        return refuse("nodes: at most " + std::to_string(kMostNodes) + " at once");
    size_t bytes = 0;
    for (uint32_t i = 0; i < nodes.count(); ++i) {
        const std::string place = "nodes[" + std::to_string(i) + "].";
        std::string id = text_of(nodes.at(i), "id");
        if (id.empty()) return refuse(place + "id: is missing");
        if (text_of(nodes.at(i), "address").empty()) return refuse(place + "address: is missing");
        if (!has_port(nodes.at(i)))
            return refuse(place + "address: has no port; write HOST:PORT, or \"port\" beside it");
        out.push_back(
            {name, text_of(service, "version"), std::move(id), with_node(service, nodes.at(i))});
        bytes += out.back().json.size();
        if (bytes > kMostBytes) return refuse("nodes: too many for endpoints of this size");
    }
    return true;
}

std::optional<std::chrono::milliseconds> go_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        double ms;
    };
    constexpr Unit kUnits[] = {{"ns", 1e-6}, {"us", 1e-3}, {"ms", 1},
                               {"s", 1e3},   {"m", 6e4},   {"h", 3.6e6}};
    double total = 0;
    if (text.empty() || text.size() > 64) return {};
    while (!text.empty()) {
        double value = 0, scale = 1;
        size_t i = 0;
        for (bool point = false; i < text.size(); ++i) {
            if (text[i] == '.' && !point) {
                point = true;
            } else if (shared::is_digit(text[i])) {
                value = value * 10 + (text[i] - '0');
                if (point) scale *= 10;
            } else {
                break;
            }
        }
        if (i == 0 || text.substr(0, i) == ".") return {};
        text.remove_prefix(i);
        const std::string_view name = text.substr(0, text.find_first_of("0123456789."));
        const Unit* unit = nullptr;
        for (const Unit& u : kUnits)
            if (u.name == name) unit = &u;
        if (!unit) return {};
        total += value / scale * unit->ms;
        text.remove_prefix(name.size());
    }
    if (!(total > 0) || total > 1e12) return {};
    return std::chrono::milliseconds(static_cast<int64_t>(std::max(1.0, total)));
}

}  // namespace microhost::proxy
