// SPDX-License-Identifier: Apache-2.0
#include "error_json.hpp"

#include "json_writer.hpp"
#include "text.hpp"

namespace microhost::shared {
namespace {

struct Reason {
    int64_t code;
    std::string_view text;
};

// RFC 9110 section 15 and the IANA registry, in the spelling of Go's net/http.
constexpr Reason kReasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Request Entity Too Large"},
    {414, "Request URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Requested Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {418, "I'm a teapot"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Entity"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};

std::string text_member(const mh_json& json, const mh_json_value* object, std::string_view key) {
    mh_str out{};
    if (json.string(json.member(object, str(key)), &out) != MH_OK) return {};
    return std::string(view(out));
}

}  // namespace

std::string_view reason_text(int64_t code) {
    for (const Reason& r : kReasons) {
        if (r.code == code) return r.text;
    }
    return {};
}

std::string error_json(const ServiceError& e) {
    std::string out;
    out.reserve(64 + e.id.size() + e.detail.size() + e.status.size());
    JsonWriter(out)
        .begin_object()
        .key("id")
        .string(e.id)
        .key("code")
        .integer(e.code)
        .key("detail")
        .string(e.detail)
        .key("status")
        .string(e.status)
        .end_object();
    return out;
}

std::string error_json(std::string_view id, int64_t code, std::string_view detail) {
    return error_json(
        ServiceError{std::string(id), code, std::string(detail), std::string(reason_text(code))});
}

ServiceError parse_error(const mh_json* json, std::string_view text) {
    ServiceError e;
    mh_json_doc* doc = nullptr;
    if (json && !text.empty() && text.front() == '{' && json->parse(str(text), &doc) == MH_OK) {
        const mh_json_value* root = json->root(doc);
        if (json->integer(json->member(root, str("code")), &e.code) != MH_OK) e.code = 0;
        e.id = text_member(*json, root, "id");
        e.detail = text_member(*json, root, "detail");
        e.status = text_member(*json, root, "status");
        json->release(doc);
        if (e.code != 0) return e;
    }
    return {{}, 0, std::string(text), {}};
}

}  // namespace microhost::shared
