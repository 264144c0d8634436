// SPDX-License-Identifier: Apache-2.0
#include "http/error_json.hpp"

#include <charconv>
#include <cstring>

#include "http/reason.hpp"

namespace microhost::http {
namespace {

struct Out {
    char* p;
    char* end;
    void raw(std::string_view s) {
        if (static_cast<size_t>(end - p) < s.size()) return;
        std::memcpy(p, s.data(), s.size());
        p += s.size();
    }
    // Go's encoding/json also escapes < > &, and clients of Micro see just that.
    void text(std::string_view s, size_t keep) {
        constexpr char kHex[] = "0123456789abcdef";
        for (unsigned char c : s) {
            if (static_cast<size_t>(end - p) < keep + 6) return;
            if (c == '"' || c == '\\') {
                *p++ = '\\';
                *p++ = static_cast<char>(c);
            } else if (c < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x7f) {
                std::memcpy(p, "\\u00", 4);
                p[4] = kHex[c >> 4];
                p[5] = kHex[c & 15];
                p += 6;
            } else {
                *p++ = static_cast<char>(c);
            }
        }
    }
};

}  // namespace

std::string_view error_json(char* out, size_t cap, std::string_view id, unsigned status,
                            std::string_view detail) {
    Out o{out, out + cap};
    o.raw("{\"id\":\"");
    o.text(id, 160);
    o.raw("\",\"code\":");
    o.p = std::to_chars(o.p, o.end, status).ptr;
    o.raw(",\"detail\":\"");
    o.text(detail, 80);
    o.raw("\",\"status\":\"");
    o.text(reason(status), 4);
    o.raw("\"}");
    return {out, static_cast<size_t>(o.p - out)};
}

}  // namespace microhost::http
