// SPDX-License-Identifier: Apache-2.0
/// The parsed head of an HTTP/1.1 message: views into the bytes it was parsed from.
#pragma once

#include <microhost/base.h>
#include <microhost/http_names.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace microhost::http {

constexpr unsigned kMaxHeaders = 64;

inline std::string_view view(mh_str s) { return {s.ptr, s.len}; }
inline std::string_view view(mh_seg s) { return {reinterpret_cast<const char*>(s.ptr), s.len}; }
inline mh_str str(std::string_view s) { return {s.data(), s.size()}; }
inline mh_seg seg(std::string_view s) {
    return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}

/// Header fields in order, with a bit for each known name that is present. What every request needs stands in front here and
/// in the heads: of the fields only the first few are ever touched.
struct Headers {
    uint32_t count = 0;
    std::array<uint64_t, 2> present{};  // bit i: some field has id i (MH_H_*); ids stay below 128
    std::array<mh_header, kMaxHeaders> fields;

    bool has(uint32_t id) const { return present[id / 64] >> id % 64 & 1; }
    void mark(uint32_t id) { present[id / 64] |= uint64_t{1} << id % 64; }
    /// First field of that id, or null.
    const mh_header* find(uint32_t id) const {
        if (!has(id)) return nullptr;
        for (uint32_t i = 0; i < count; i++)
            if (fields[i].id == id) return &fields[i];
        return nullptr;
    }
    std::string_view value(uint32_t id) const {
        const mh_header* h = find(id);
        return h ? view(h->value) : std::string_view{};
    }
    void clear() {
        count = 0;
        present = {};
    }
};
static_assert(MH_H_COUNT <= 128);

/// How the length of a body is told (RFC 9112 section 6.3).
enum class Framing : uint8_t { none, length, chunked, until_close };

enum class Method : uint8_t { get, head, post, put, del, connect, options, trace, patch, other };

/// GET, HEAD, PUT, DELETE, OPTIONS, TRACE may be sent again when nothing is known of their fate (RFC 9110 9.2.2).
constexpr bool idempotent(Method m) {
    return m != Method::post && m != Method::patch && m != Method::connect && m != Method::other;
}

struct RequestHead {
    std::string_view method_text;
    std::string_view target;      // as received
    uint64_t content_length = 0;  // for Framing::length
    Method method = Method::get;
    Framing framing = Framing::none;
    uint8_t minor_version = 1;  // HTTP/1.x
    bool keep_alive = true;
    bool expect_continue = false;
    bool upgrade_websocket = false;  // Connection: upgrade and Upgrade: websocket
    bool underscores = false;        // some field name holds "_"
    Headers headers;
};

struct ResponseHead {
    uint64_t content_length = 0;
    uint16_t status = 0;
    std::string_view reason;
    Framing framing = Framing::none;
    uint8_t minor_version = 1;
    bool keep_alive = true;
    Headers headers;
};

/// Why a head was refused: the status to answer, and a word for the log.
struct Refusal {
    uint16_t status = 0;
    const char* why = "";
    explicit operator bool() const { return status != 0; }
};

}  // namespace microhost::http
