// SPDX-License-Identifier: Apache-2.0
/// Fields that concern one connection only and are never forwarded (RFC 9110 section 7.6.1).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "http/head.hpp"

namespace microhost::http {

using IdSet = std::array<uint64_t, 2>;

constexpr IdSet id_set(std::initializer_list<uint32_t> ids) {
    IdSet set{};
    for (const uint32_t id : ids) set[id / 64] |= uint64_t{1} << id % 64;
    return set;
}
constexpr IdSet joined(const IdSet& a, const IdSet& b) { return {a[0] | b[0], a[1] | b[1]}; }
constexpr bool in(const IdSet& set, uint32_t id) { return set[id / 64] >> id % 64 & 1; }

/// Never forwarded as received. Content-Length is among them: the writer says the length of what it writes.
inline constexpr IdSet kHopByHop = id_set({
    MH_H_CONNECTION,
    MH_H_KEEP_ALIVE,
    MH_H_PROXY_CONNECTION,
    MH_H_PROXY_AUTHENTICATE,
    MH_H_PROXY_AUTHORIZATION,
    MH_H_TE,
    MH_H_TRAILER,
    MH_H_TRANSFER_ENCODING,
    MH_H_UPGRADE,
    MH_H_HTTP2_SETTINGS,
    MH_H_CONTENT_LENGTH,
});
/// Micro's own fields, which name what is called and how it went.
inline constexpr IdSet kMicroFields = id_set({
    MH_H_MICRO_ID,
    MH_H_MICRO_SERVICE,
    MH_H_MICRO_ENDPOINT,
    MH_H_MICRO_METHOD,
    MH_H_MICRO_ERROR,
    MH_H_MICRO_STREAM,
    MH_H_MICRO_TOPIC,
    MH_H_MICRO_FROM_SERVICE,
    MH_H_X_MICRO_ID,
    MH_H_X_MICRO_SERVICE,
    MH_H_X_MICRO_ENDPOINT,
    MH_H_X_MICRO_METHOD,
    MH_H_X_MICRO_ERROR,
    MH_H_X_MICRO_TARGET,
});
/// Said of a request by a proxy in front of us.
inline constexpr IdSet kForwardedFields = id_set({
    MH_H_FORWARDED,
    MH_H_X_FORWARDED_FOR,
    MH_H_X_FORWARDED_PROTO,
    MH_H_X_FORWARDED_HOST,
    MH_H_X_FORWARDED_PORT,
    MH_H_X_FORWARDED_PREFIX,
    MH_H_X_REAL_IP,
    MH_H_X_REQUEST_ID,
});
constexpr bool skip_hop_by_hop(uint32_t id) { return in(kHopByHop, id); }

/// The options of all Connection fields of a message.
struct Connection {
    static constexpr uint32_t kMost = 16;

    bool close = false, keep_alive = false, upgrade = false;
    bool essential =
        false;  // asks to remove a field that framing, routing or access control stand on
    bool too_many = false;  // nominates more than kMost fields
    uint32_t count = 0;
    IdSet ids{};
    std::array<std::string_view, kMost> names;  // nominated fields without an id

    static Connection of(const Headers& headers);

    /// Is the field nominated, so that it must not be forwarded? Never true for what `essential` means.
    bool drops(const mh_header& field) const;
};

}  // namespace microhost::http
