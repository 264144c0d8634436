// SPDX-License-Identifier: Apache-2.0
#include "rpc/envelope.hpp"

#include <charconv>

#include "json/document.hpp"
#include "json/writer.hpp"

namespace microhost::rpc {
namespace {

// ---- JSON-RPC: {"method":"Say.Hello","params":[{..}],"id":"0"} and {"id":"0","result":{..},"error":null}

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trimmed(std::string_view s) {
    while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
    while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
    return s;
}

/// Reads over one value of text that is known to be JSON; its end, or the text's.
size_t value_end(std::string_view s, size_t at) {
    int depth = 0;
    bool quoted = false;
    for (; at < s.size(); at++) {
        const char c = s[at];
        if (quoted) {
            if (c == '\\') {
                at++;
            } else if (c == '"') {
                quoted = false;
            }
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth-- == 0) return at;
        } else if (c == ',' && depth == 0) {
            return at;
        }
    }
    return s.size();
}

/// The text of a member of an object that is known to be JSON; empty when there is none.
std::string_view member(std::string_view object, std::string_view key) {
    size_t at = object.find('{');
    if (at == std::string_view::npos) return {};
    for (at++; at < object.size() && object[at] != '}'; at++) {
        const size_t open = object.find('"', at);
        if (open == std::string_view::npos) return {};
        size_t close = open + 1;
        while (close < object.size() && object[close] != '"')
            close += object[close] == '\\' ? 2 : 1;
        const size_t colon = object.find(':', close);
        if (close >= object.size() || colon == std::string_view::npos) return {};
        const size_t end = value_end(object, colon + 1);
        if (object.substr(open + 1, close - open - 1) == key)
            return trimmed(object.substr(colon + 1, end - colon - 1));
        if (end >= object.size() || object[end] == '}') return {};
        at = end;
    }
    return {};
}

Unwrapped unwrap_json(std::string_view reply) {
    auto document = json::Document::parse(reply);
    if (!document || !document->root().is_object()) return {};
    Unwrapped out;
    out.good = true;
    std::string_view error = member(reply, "error");
    if (!error.empty() && error != "null") {
        const bool plain =
            error.size() >= 2 && error.front() == '"' && error.find('\\') == std::string_view::npos;
        out.error = plain ? error.substr(1, error.size() - 2) : error;
        if (!out.error.empty()) return out;
    }
    out.body = member(reply, "result");
    return out;
}

// ---- proto-RPC: length, header message, length, body; lengths are 32 bits, the greatest first

void length(std::string& out, size_t n) {
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<char>(n >> shift & 0xff));
}

bool take(std::string_view& from, size_t n, std::string_view& out) {
    if (n > from.size()) return false;
    out = from.substr(0, n);
    from.remove_prefix(n);
    return true;
}

bool take_piece(std::string_view& from, std::string_view& out) {
    std::string_view digits;
    if (!take(from, 4, digits)) return false;
    size_t n = 0;
    for (char c : digits) n = n << 8 | static_cast<unsigned char>(c);
    return take(from, n, out);
}

bool varint(std::string_view& from, uint64_t& out) {
    out = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        std::string_view c;
        if (!take(from, 1, c)) return false;
        const auto byte = static_cast<unsigned char>(c[0]);
        out |= uint64_t{byte & 0x7fU} << shift;
        if (!(byte & 0x80)) return true;
    }
    return false;
}

/// The header message in front of a request or a reply.
struct ProtoHeader {
    std::string_view endpoint;  // 1
    uint64_t id = 0;            // 2, fixed64
    std::string_view error;     // 3, of a reply
};

uint64_t fixed64(std::string_view bytes) {
    uint64_t n = 0;
    for (size_t i = bytes.size(); i-- > 0;) n = n << 8 | static_cast<unsigned char>(bytes[i]);
    return n;
}

bool parse(std::string_view header, ProtoHeader& out) {
    while (!header.empty()) {
        uint64_t tag = 0, n = 0;
        std::string_view value;
        if (!varint(header, tag)) return false;
        switch (tag & 7) {
            case 0: n = 0; break;
            case 1: n = 8; break;
            case 5: n = 4; break;
            case 2:
                if (!varint(header, n)) return false;
                break;
            default: return false;
        }
        if ((tag & 7) == 0) {
            if (!varint(header, n)) return false;
            continue;
        }
        if (!take(header, n, value)) return false;
        if (tag == (1 << 3 | 2)) out.endpoint = value;
        if (tag == (2 << 3 | 1)) out.id = fixed64(value);
        if (tag == (3 << 3 | 2)) out.error = value;
    }
    return true;
}

Unwrapped unwrap_proto(std::string_view reply) {
    Unwrapped out;
    std::string_view header;
    ProtoHeader fields;
    if (!take_piece(reply, header) || !parse(header, fields)) return {};
    out.error = fields.error;
    if (!reply.empty() && !take_piece(reply, out.body)) return {};
    if (!out.error.empty()) out.body = {};  // an error wins, as in JSON
    out.good = true;
    return out;
}

void wrap_proto_header(std::string& out, std::string_view endpoint, uint64_t id) {
    std::string header;
    header.push_back('\x0a');
    for (size_t n = endpoint.size();; n >>= 7) {
        header.push_back(static_cast<char>((n & 0x7f) | (n > 0x7f ? 0x80 : 0)));
        if (n <= 0x7f) break;
    }
    header.append(endpoint).push_back('\x11');
    for (int shift = 0; shift < 64; shift += 8)
        header.push_back(static_cast<char>(id >> shift & 0xff));
    length(out, header.size());
    out.append(header);
}

void append_varint(std::string& out, size_t n) {
    for (; n > 0x7f; n >>= 7) out.push_back(static_cast<char>((n & 0x7f) | 0x80));
    out.push_back(static_cast<char>(n));
}

// go-micro names no endpoint here, and writes an empty error too.
void wrap_proto_reply(std::string& out, std::string_view id, std::string_view body,
                      std::string_view error) {
    std::string header("\x0a\x00\x11", 3);
    uint64_t n = 0;
    std::from_chars(id.data(), id.data() + id.size(), n);
    for (int shift = 0; shift < 64; shift += 8)
        header.push_back(static_cast<char>(n >> shift & 0xff));
    header.push_back('\x1a');
    append_varint(header, error.size());
    header.append(error);
    length(out, header.size());
    out.append(header);
    length(out, error.empty() ? body.size() : 0);
    if (error.empty()) out.append(body);
}

UnwrappedRequest unwrap_proto_request(std::string_view request) {
    UnwrappedRequest out;
    std::string_view header;
    ProtoHeader fields;
    if (!take_piece(request, header) || !parse(header, fields)) return {};
    if (!request.empty() && !take_piece(request, out.body)) return {};
    out.endpoint = fields.endpoint;
    out.id = std::to_string(fields.id);
    out.good = true;
    return out;
}

/// The text of the first element of an array that is known to be JSON.
std::string_view first_element(std::string_view array) {
    return trimmed(array.substr(1, value_end(array, 1) - 1));
}

UnwrappedRequest unwrap_json_request(std::string_view request) {
    json::Options options;
    options.max_bytes = SIZE_MAX;  // whoever read it has bounded it
    auto document = json::Document::parse(request, options);
    if (!document || !document->root().is_object()) return {};
    const json::Value root = document->root();
    const std::string_view params = member(request, "params");
    if (!params.starts_with('[')) return {};
    UnwrappedRequest out;
    out.good = true;
    out.endpoint = root.find("method").as_string().value_or("");
    const json::Value id = root.find("id");
    if (id.is_string())
        out.id = *id.as_string();
    else if (id.is_number())
        out.id = json::to_text(id);
    out.body = first_element(params);
    return out;
}

void wrap_json_reply(std::string& out, std::string_view id, std::string_view body,
                     std::string_view error) {
    out.append("{\"id\":");
    json::append_quoted(out, id);
    out.append(",\"result\":").append(error.empty() ? body : "null").append(",\"error\":");
    if (error.empty())
        out.append("null");
    else
        json::append_quoted(out, error);
    out.append("}\n");
}

}  // namespace

Envelope envelope_for(std::string_view content_type, bool empty) {
    if (content_type == "application/json") return Envelope::json;
    if (content_type == "application/protobuf" && !empty) return Envelope::proto;
    return Envelope::none;
}

std::string_view envelope_type(Envelope e, std::string_view content_type) {
    switch (e) {
        case Envelope::json: return "application/json-rpc";
        case Envelope::proto: return "application/proto-rpc";
        case Envelope::none: break;
    }
    return content_type;
}

void wrap(Envelope e, std::string& out, std::string_view endpoint, uint64_t id,
          std::string_view body) {
    switch (e) {
        case Envelope::none: out.append(body); break;
        case Envelope::json:
            out.append("{\"method\":");
            json::append_quoted(out, endpoint);
            out.append(",\"params\":[");
            out.append(body.empty() ? "{}" : body);
            out.append("],\"id\":\"").append(std::to_string(id)).append("\"}\n");
            break;
        case Envelope::proto:
            wrap_proto_header(out, endpoint, id);
            length(out, body.size());
            out.append(body);
            break;
    }
}

UnwrappedRequest unwrap_request(Envelope e, std::string_view request) {
    switch (e) {
        case Envelope::json: return unwrap_json_request(request);
        case Envelope::proto: return unwrap_proto_request(request);
        case Envelope::none: break;
    }
    return {true, {}, {}, request};
}

void wrap_reply(Envelope e, std::string& out, std::string_view id, std::string_view body,
                std::string_view error) {
    switch (e) {
        case Envelope::none: out.append(body); break;
        case Envelope::json: wrap_json_reply(out, id, body.empty() ? "{}" : body, error); break;
        case Envelope::proto: wrap_proto_reply(out, id, body, error); break;
    }
}

Unwrapped unwrap(Envelope e, std::string_view reply) {
    switch (e) {
        case Envelope::json: return unwrap_json(reply);
        case Envelope::proto: return unwrap_proto(reply);
        case Envelope::none: break;
    }
    return {true, {}, reply};
}

}  // namespace microhost::rpc
