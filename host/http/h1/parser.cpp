// SPDX-License-Identifier: Apache-2.0
#include "http/h1/parser.hpp"

#include <llhttp.h>

#include <cstring>
#include <string_view>

#include "http/names.hpp"

namespace microhost::http::h1 {
namespace {

struct Collected {
    Headers* out;
    FieldLines* seen;
    Refusal refusal;
    mh_header* last = nullptr;  // whose value is to come: llhttp tells of an empty one a line late
    bool complete = false;
};

Collected& of(llhttp_t* p) { return *static_cast<Collected*>(p->data); }

int refuse(Collected& c, uint16_t status, const char* why) {
    c.refusal = {status, why};
    return -1;
}

/// False: there are too many.
bool add(Collected& c, uint32_t id, std::string_view name, std::string_view value) {
    Headers& h = *c.out;
    if (h.count == kMaxHeaders) return false;
    if (id) {
        if (h.has(id)) c.seen->repeated[id / 64] |= uint64_t{1} << id % 64;
        h.mark(id);
    }
    c.last = &h.fields[h.count++];
    *c.last = {str(name), str(value), id, 0};
    return true;
}

int on_name(llhttp_t* p, const char* at, size_t n) {
    Collected& c = of(p);
    const std::string_view name(at, n);
    const uint32_t id = header_id(name);
    if (!add(c, id, name, {at + n, 0})) return refuse(c, 431, "too many header fields");
    if (id) return 0;  // then it is a token, and has no underscore
    if (!is_token(name)) return refuse(c, 400, "field name is not a token");
    c.seen->underscores |= std::memchr(at, '_', n) != nullptr;
    return 0;
}

int on_value(llhttp_t* p, const char* at, size_t n) {
    if (n) of(p).last->value = str(trim({at, n}));
    return 0;
}

/// What begins at `at` is a line of a name that has an id. `colon` is left there.
uint32_t known_name(const char* at, const char* end, const char*& colon) {
    colon = static_cast<const char*>(std::memchr(at, ':', static_cast<size_t>(end - at)));
    return colon ? header_id({at, static_cast<size_t>(colon - at)}) : 0;
}

int on_complete(llhttp_t* p) {
    of(p).complete = true;
    return 0;
}

const llhttp_settings_t kSettings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_header_field = on_name;
    s.on_header_value = on_value;
    s.on_headers_complete = on_complete;
    return s;
}();

void stand_behind(std::string_view first_line, llhttp_type_t type, unsigned char* state) {
    llhttp_t p;
    llhttp_init(&p, type, &kSettings);
    llhttp_execute(&p, first_line.data(), first_line.size());
    std::memcpy(state, &p, sizeof p);
}

}  // namespace

Parser::Parser() {
    static_assert(sizeof(llhttp_t) <= kStateSize);
    stand_behind("POST / HTTP/1.1\r\n", HTTP_REQUEST, behind_first_line_[0].data());
    stand_behind("HTTP/1.1 200 OK\r\n", HTTP_RESPONSE, behind_first_line_[1].data());
}

Refusal Parser::fields(Kind kind, const char* lines, size_t n, Headers& out, FieldLines& seen) {
    constexpr Refusal kMalformed{400, "malformed header"};
    llhttp_t p;
    Collected collected{&out, &seen, {}};
    p.data = nullptr;
    out.clear();
    // True when llhttp takes the piece, too.
    const auto judge = [&](const char* at, const char* end) {
        if (!p.data) {
            std::memcpy(&p, behind_first_line_[static_cast<size_t>(kind)].data(), sizeof p);
            p.data = &collected;
        }
        const llhttp_errno_t err = llhttp_execute(&p, at, static_cast<size_t>(end - at));
        return !collected.refusal && (err == HPE_OK || err == HPE_PAUSED_UPGRADE);
    };
    const char *const end = lines + n, *colon;
    for (const char* at = lines; at != end;) {
        const auto* cr =
            static_cast<const char*>(std::memchr(at, '\r', static_cast<size_t>(end - at)));
        if (!cr || cr + 1 == end || cr[1] != '\n') return {400, "incomplete header"};
        const char* const next = cr + 2;
        if (cr == at) {
            // For Content-Length beside Transfer-Encoding and the like the caller has words of its own.
            if (p.data && (!judge(at, next) || !collected.complete)) break;
            return next == end ? Refusal{} : kMalformed;
        }
        const uint32_t id = known_name(at, cr, colon);
        if (id && id != MH_H_TRANSFER_ENCODING) {
            const std::string_view name(at, static_cast<size_t>(colon - at));
            if (!add(collected, id, name, trim({colon + 1, static_cast<size_t>(cr - colon - 1)})))
                return {431, "too many header fields"};
        } else if (!judge(at, next)) {
            break;
        }
        at = next;
    }
    return collected.refusal ? collected.refusal : kMalformed;
}

}  // namespace microhost::http::h1
