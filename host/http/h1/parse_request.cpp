// SPDX-License-Identifier: Apache-2.0
#include "http/h1/parse_request.hpp"

#include <cstring>
#include <string_view>

#include "http/h1/field_rules.hpp"
#include "http/h1/hop_by_hop.hpp"
#include "http/names.hpp"

namespace microhost::http::h1 {
namespace {

constexpr size_t kLongestMethod = 32;

Method method_of(std::string_view s) {
    // Methods are case-sensitive.
    switch (s.size()) {
        case 3: return same(s, "GET") ? Method::get : same(s, "PUT") ? Method::put : Method::other;
        case 4:
            return same(s, "POST") ? Method::post : same(s, "HEAD") ? Method::head : Method::other;
        case 5: return s == "PATCH" ? Method::patch : s == "TRACE" ? Method::trace : Method::other;
        case 6: return s == "DELETE" ? Method::del : Method::other;
        case 7:
            return s == "OPTIONS"   ? Method::options
                   : s == "CONNECT" ? Method::connect
                                    : Method::other;
        default: return Method::other;
    }
}

Refusal check_version(std::string_view s, RequestHead& out) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (s.size() != 8 || !same(s.substr(0, 5), "HTTP/") || !digit(s[5]) || s[6] != '.' ||
        !digit(s[7]))
        return {400, "malformed request line"};
    if (s[5] != '1' || s[7] > '1') return {505, "HTTP version is neither 1.0 nor 1.1"};
    out.minor_version = static_cast<uint8_t>(s[7] - '0');
    return {};
}

Refusal parse_request_line(std::string_view line, RequestHead& out) {
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) return {400, "malformed request line"};
    const std::string_view method = line.substr(0, space);
    if (!is_token(method)) return {400, "method is not a token"};
    if (method.size() > kLongestMethod) return {501, "method is too long"};
    out.method_text = method;
    out.method = method_of(method);
    const std::string_view rest = line.substr(space + 1);
    const size_t end = rest.find(' ');
    if (end == std::string_view::npos) return {400, "request line without a version"};
    out.target = rest.substr(0, end);
    return check_version(rest.substr(end + 1), out);
}

/// Cuts "http://host:1/a?b" into authority and "/a?b". False: not a target we serve.
bool split_absolute(std::string_view& target, std::string_view& authority) {
    const size_t colon = target.find("://");
    if (colon == std::string_view::npos) return false;
    const std::string_view scheme = target.substr(0, colon);
    if (!iequals(scheme, "http") && !iequals(scheme, "https")) return false;
    const std::string_view rest = target.substr(colon + 3);
    const size_t end = rest.find_first_of("/?");
    authority = rest.substr(0, end);
    target = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
    return valid_authority(authority);
}

/// Reduces the target to origin-form; `authority` is set when it was in absolute-form.
Refusal check_target(RequestHead& out, std::string_view& authority) {
    std::string_view& target = out.target;
    if (target.empty()) return {400, "empty request target"};
    if (std::memchr(target.data(), '#', target.size())) return {400, "fragment in request target"};
    // The scan let tabs pass.
    if (std::memchr(target.data(), '\t', target.size())) return {400, "tab in request target"};
    if (target.front() == '/') return {};
    if (target == "*")
        return out.method == Method::options ? Refusal{} : Refusal{400, "target * without OPTIONS"};
    if (!split_absolute(target, authority)) return {400, "malformed request target"};
    if (target.empty()) {
        target = out.method == Method::options ? "*" : "/";
    } else if (target.front() == '?') {
        // The path needs a "/" in front of the query. There is room: the authority moves over the "//" before it.
        char* a = const_cast<char*>(authority.data());
        std::memmove(a - 1, a, authority.size());
        a[authority.size() - 1] = '/';
        authority = {a - 1, authority.size()};
        target = {target.data() - 1, target.size() + 1};
    }
    return {};
}

Refusal check_host(RequestHead& out, const FieldLines& seen, std::string_view authority) {
    Headers& h = out.headers;
    if (seen.twice(MH_H_HOST)) return {400, "more than one Host"};
    auto* host = const_cast<mh_header*>(h.find(MH_H_HOST));
    if (!host && out.minor_version == 1) return {400, "no Host"};
    if (host && !valid_authority(view(host->value))) return {400, "malformed Host"};
    if (authority.empty()) return {};
    if (!host) {
        if (h.count == kMaxHeaders) return {431, "too many header fields"};
        host = &h.fields[h.count++];
        *host = {str("Host"), {}, MH_H_HOST, 0};
        h.mark(MH_H_HOST);
    }
    host->value = str(authority);
    return {};
}

Refusal check_coding(RequestHead& out, const FieldLines& seen) {
    const std::string_view coding = out.headers.value(MH_H_TRANSFER_ENCODING);
    if (out.headers.has(MH_H_CONTENT_LENGTH))
        return {400, "both Content-Length and Transfer-Encoding"};
    if (out.minor_version == 0) return {400, "Transfer-Encoding in HTTP/1.0"};
    if (seen.twice(MH_H_TRANSFER_ENCODING)) return {400, "more than one Transfer-Encoding"};
    if (iequals(coding, "chunked")) {
        out.framing = Framing::chunked;
        return {};
    }
    if (unknown_coding(coding)) return {501, "transfer coding other than chunked"};
    return {400, "malformed Transfer-Encoding"};
}

Refusal check_framing(RequestHead& out, const FieldLines& seen) {
    const Headers& h = out.headers;
    if (h.has(MH_H_TRANSFER_ENCODING)) return check_coding(out, seen);
    if (!h.has(MH_H_CONTENT_LENGTH)) return {};
    if (seen.twice(MH_H_CONTENT_LENGTH)) return {400, "more than one Content-Length"};
    if (!parse_length(h.value(MH_H_CONTENT_LENGTH), out.content_length))
        return {400, "malformed Content-Length"};
    out.framing = Framing::length;
    return {};
}

Refusal check_expect(RequestHead& out, const FieldLines& seen) {
    if (!out.headers.has(MH_H_EXPECT)) return {};
    if (seen.twice(MH_H_EXPECT) || !iequals(out.headers.value(MH_H_EXPECT), "100-continue"))
        return {417, "unknown expectation"};
    const bool body = out.framing == Framing::chunked || out.content_length > 0;
    out.expect_continue = body && out.minor_version == 1;  // RFC 9110 10.1.1
    return {};
}

Refusal check_connection(RequestHead& out, const FieldLines& seen) {
    const Headers& h = out.headers;
    if (!h.has(MH_H_CONNECTION)) {
        out.keep_alive = out.minor_version == 1;
        return {};
    }
    const Connection c = Connection::of(h);
    if (c.essential) return {400, "Connection names a field that is not the connection's"};
    if (c.too_many) return {400, "Connection names too many fields"};
    out.keep_alive = !c.close && (out.minor_version == 1 || c.keep_alive);
    const bool body = out.framing == Framing::chunked || out.content_length > 0;
    out.upgrade_websocket = c.upgrade && out.method == Method::get && out.minor_version == 1 &&
                            !body && !seen.twice(MH_H_UPGRADE) &&
                            iequals(h.value(MH_H_UPGRADE), "websocket");
    return {};
}

Refusal check_fields(RequestHead& out, const FieldLines& seen, std::string_view authority) {
    if (Refusal r = check_host(out, seen, authority)) return r;
    if (Refusal r = check_expect(out, seen)) return r;
    if (Refusal r = check_connection(out, seen)) return r;
    if (out.method == Method::trace) return {405, "TRACE"};
    return {};
}

void reset(RequestHead& out) {
    out.method_text = out.target = {};
    out.headers.clear();
    out.content_length = 0;
    out.method = Method::other;
    out.framing = Framing::none;
    out.minor_version = 1;
    out.keep_alive = true;
    out.expect_continue = out.upgrade_websocket = out.underscores = false;
}

}  // namespace

Refusal parse_request(char* head, size_t n, Parser& parser, RequestHead& out) {
    reset(out);
    const auto* cr = static_cast<const char*>(std::memchr(head, '\r', n));
    if (!cr || head + n - cr < 4) return {400, "malformed header"};
    const auto line = static_cast<size_t>(cr - head);
    if (Refusal r = parse_request_line({head, line}, out)) return r;
    // A CONNECT target has a form of its own; the method is refused anyway.
    if (out.method == Method::connect) return {405, "CONNECT"};
    std::string_view authority;
    if (Refusal r = check_target(out, authority)) return r;

    FieldLines seen;
    const Refusal malformed =
        parser.fields(Parser::Kind::request, cr + 2, n - line - 2, out.headers, seen);
    out.underscores = seen.underscores;
    // llhttp gives up at a second framing: our own words and status for the same come first.
    if (Refusal r = check_framing(out, seen)) return r;
    if (malformed) return malformed;
    return check_fields(out, seen, authority);
}

}  // namespace microhost::http::h1
