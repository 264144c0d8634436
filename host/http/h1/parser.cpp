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
    bool complete = false;
};

Collected& of(llhttp_t* p) { return *static_cast<Collected*>(p->data); }

int refuse(Collected& c, uint16_t status, const char* why) {
    c.refusal = {status, why};
    return -1;
}

int on_name(llhttp_t* p, const char* at, size_t n) {
    Collected& c = of(p);
    Headers& h = *c.out;
    if (h.count == kMaxHeaders) return refuse(c, 431, "too many header fields");
    const std::string_view name(at, n);
    const uint32_t id = header_id(name);
    if (id == 0) {
        // What has an id is a token, and has no underscore.
        if (!is_token(name)) return refuse(c, 400, "field name is not a token");
        c.seen->underscores |= std::memchr(at, '_', n) != nullptr;
    } else {
        if (h.has(id)) c.seen->repeated[id / 64] |= uint64_t{1} << id % 64;
        h.mark(id);
    }
    h.fields[h.count++] = {{at, n}, {at + n, 0}, id, 0};
    return 0;
}

int on_value(llhttp_t* p, const char* at, size_t n) {
    Headers& h = *of(p).out;
    h.fields[h.count - 1].value = str(trim({at, n}));
    return 0;
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
    llhttp_t p;
    std::memcpy(&p, behind_first_line_[static_cast<size_t>(kind)].data(), sizeof p);
    Collected collected{&out, &seen, {}};
    p.data = &collected;
    out.clear();
    const llhttp_errno_t err = llhttp_execute(&p, lines, n);
    if (collected.refusal) return collected.refusal;
    // For Content-Length beside Transfer-Encoding and the like the caller has words of its own.
    if (err != HPE_OK && err != HPE_PAUSED_UPGRADE) return {400, "malformed header"};
    if (!collected.complete) return {400, "incomplete header"};
    return {};
}

}  // namespace microhost::http::h1
