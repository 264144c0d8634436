// SPDX-License-Identifier: Apache-2.0
#include "http/h1/parse_response.hpp"

#include <cstring>
#include <string_view>

#include "http/h1/field_rules.hpp"
#include "http/h1/hop_by_hop.hpp"
#include "http/names.hpp"

namespace microhost::http::h1 {
namespace {

Refusal bad(const char* why) { return {502, why}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Refusal parse_status_line(std::string_view line, ResponseHead& out) {
    if (line.size() < 12 || !same(line.substr(0, 7), "HTTP/1.") || line[8] != ' ')
        return bad("malformed status line");
    if (line[7] != '0' && line[7] != '1') return bad("HTTP version is neither 1.0 nor 1.1");
    out.minor_version = static_cast<uint8_t>(line[7] - '0');
    const std::string_view code = line.substr(9, 3);
    if (!is_digit(code[0]) || !is_digit(code[1]) || !is_digit(code[2]))
        return bad("malformed status");
    out.status =
        static_cast<uint16_t>((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
    if (out.status < 100 || out.status > 599) return bad("status is not between 100 and 599");
    if (line.size() == 12) return {};  // the blank before an empty reason is often left out
    if (line[12] != ' ') return bad("malformed status line");
    out.reason = line.substr(13);
    return {};
}

Refusal check_framing(ResponseHead& out, const FieldLines& seen) {
    const Headers& h = out.headers;
    const bool coded = h.has(MH_H_TRANSFER_ENCODING), counted = h.has(MH_H_CONTENT_LENGTH);
    if (coded) {
        if (counted) return bad("both Content-Length and Transfer-Encoding");
        if (out.minor_version == 0) return bad("Transfer-Encoding in HTTP/1.0");
        if (seen.twice(MH_H_TRANSFER_ENCODING) ||
            !iequals(h.value(MH_H_TRANSFER_ENCODING), "chunked"))
            return bad("transfer coding other than chunked");
        out.framing = Framing::chunked;
    } else if (counted) {
        if (seen.twice(MH_H_CONTENT_LENGTH)) return bad("more than one Content-Length");
        if (!parse_length(h.value(MH_H_CONTENT_LENGTH), out.content_length))
            return bad("malformed Content-Length");
        out.framing = Framing::length;
    } else {
        out.framing = Framing::until_close;
    }
    return {};
}

/// A response that ends with its head, and what that means for the connection.
void apply_bodiless(ResponseHead& out, Method request_method) {
    const bool describes = request_method == Method::head || out.status == 304;
    if (!describes && out.status >= 200 && out.status != 204) return;
    // 1xx and 204 may announce no body (RFC 9110 8.6): who does may send one, which would be read as the next head.
    const bool announced = out.framing == Framing::chunked || out.content_length > 0;
    if (!describes && announced) out.keep_alive = false;
    out.framing = Framing::none;
}

void reset(ResponseHead& out) {
    out.headers.clear();
    out.content_length = 0;
    out.status = 0;
    out.reason = {};
    out.framing = Framing::none;
    out.minor_version = 1;
    out.keep_alive = true;
}

}  // namespace

Refusal parse_response(char* head, size_t n, Parser& parser, ResponseHead& out,
                       Method request_method) {
    reset(out);
    const auto* cr = static_cast<const char*>(std::memchr(head, '\r', n));
    if (!cr || head + n - cr < 4) return bad("malformed header");
    const auto line = static_cast<size_t>(cr - head);
    if (Refusal r = parse_status_line({head, line}, out)) return r;

    FieldLines seen;
    const Refusal malformed =
        parser.fields(Parser::Kind::response, cr + 2, n - line - 2, out.headers, seen);
    if (Refusal r = check_framing(out, seen)) return r;
    if (malformed) return bad(malformed.why);

    out.keep_alive = out.minor_version == 1;
    if (out.headers.has(MH_H_CONNECTION)) {
        const Connection c = Connection::of(out.headers);
        if (c.too_many) return bad("Connection names too many fields");
        out.keep_alive = !c.close && (out.minor_version == 1 || c.keep_alive);
    }
    apply_bodiless(out, request_method);
    if (out.framing == Framing::until_close) out.keep_alive = false;
    return {};
}

}  // namespace microhost::http::h1
