// SPDX-License-Identifier: Apache-2.0
#include "metadata.hpp"

#include <array>
#include <cstring>

#include "text.hpp"

namespace microhost::shared {
namespace {

constexpr std::array<bool, MH_H_COUNT> private_ids() {
    std::array<bool, MH_H_COUNT> ids{};
    for (const int id :
         {MH_H_HOST, MH_H_CONNECTION, MH_H_CONTENT_LENGTH, MH_H_TRANSFER_ENCODING, MH_H_TE,
          MH_H_TRAILER, MH_H_UPGRADE, MH_H_KEEP_ALIVE, MH_H_PROXY_CONNECTION,
          MH_H_PROXY_AUTHENTICATE, MH_H_PROXY_AUTHORIZATION, MH_H_EXPECT, MH_H_HTTP2_SETTINGS,
          MH_H_CONTENT_TYPE, MH_H_CONTENT_ENCODING, MH_H_CONTENT_DISPOSITION, MH_H_CONTENT_LANGUAGE,
          MH_H_CONTENT_LOCATION, MH_H_CONTENT_RANGE, MH_H_ACCEPT, MH_H_TIMEOUT, MH_H_MICRO_ID,
          MH_H_MICRO_SERVICE, MH_H_MICRO_ENDPOINT, MH_H_MICRO_METHOD, MH_H_MICRO_ERROR,
          MH_H_MICRO_STREAM, MH_H_MICRO_TOPIC, MH_H_MICRO_FROM_SERVICE, MH_H_X_MICRO_ID,
          MH_H_X_MICRO_SERVICE, MH_H_X_MICRO_ENDPOINT, MH_H_X_MICRO_METHOD, MH_H_X_MICRO_ERROR,
          MH_H_X_MICRO_TARGET,
          // mh.rpc passes these on by itself.
          MH_H_X_REQUEST_ID, MH_H_TRACEPARENT}) {
        ids[static_cast<size_t>(id)] = true;
    }
    return ids;
}
constexpr auto kPrivate = private_ids();

bool has_prefix(std::string_view name, std::string_view prefix) {
    return iequals(name.substr(0, prefix.size()), prefix);
}

/// "keep-alive" and "close" nominate nothing.
bool nominates(std::string_view connection) {
    return !connection.empty() && !iequals(connection, "keep-alive") &&
           !iequals(connection, "close");
}

bool is_nominated(std::string_view connection, std::string_view name) {
    bool found = false;
    for_each_item(connection, ',',
                  [&](std::string_view item) { found = found || iequals(item, name); });
    return found;
}

bool same_name(const mh_kv& a, const mh_header& b) { return iequals(view(a.key), view(b.name)); }

/// Go joins with ","; for Cookie that would damage it (RFC 9110 section 5.3, RFC 6265 section 5.4).
void join(const mh_http_request& http, mh_req* r, mh_kv& field, const mh_header& more) {
    const std::string_view glue = more.id == MH_H_COOKIE ? "; " : ",";
    const size_t total = field.val.len + glue.size() + more.value.len;
    char* const text = static_cast<char*>(http.alloc(r, total, 1));
    if (!text) return;  // over the arena's bound: the first value stays
    char* at = text;
    for (const std::string_view piece : {view(field.val), glue, view(more.value)}) {
        if (!piece.empty()) std::memcpy(at, piece.data(), piece.size());
        at += piece.size();
    }
    field.val = {text, total};
}

/// Which names came already: a bit for each id, and for unknown names their length, so that the search for a twin is rare.
class Seen {
  public:
    bool add(const mh_header& h) {
        const size_t bit = h.id != 0 ? h.id % 128 : 128 + h.name.len % 64;
        const uint64_t mask = uint64_t{1} << (bit % 64);
        const bool was = (words_[bit / 64] & mask) != 0;
        words_[bit / 64] |= mask;
        return was;
    }

  private:
    uint64_t words_[3] = {};
};

mh_kv* find_twin(Metadata& out, const mh_header& h) {
    for (uint32_t i = 0; i < out.count; ++i) {
        if (same_name(out.fields[i], h)) return &out.fields[i];
    }
    return nullptr;
}

}  // namespace

bool is_private_header(const mh_header& h) {
    if (h.id != 0) return h.id < kPrivate.size() && kPrivate[h.id];
    const std::string_view name = view(h.name);
    if (name.empty()) return true;
    switch (lower(name.front())) {
        case 'c': return has_prefix(name, "content-");
        case 'm': return has_prefix(name, "micro-");
        case 'x': return has_prefix(name, "x-micro-");
        default: return false;
    }
}

void collect_metadata(const mh_http_request& http, mh_req* r, std::span<const mh_header> headers,
                      Metadata& out) {
    std::string_view connection;
    for (const mh_header& h : headers) {
        if (h.id == MH_H_CONNECTION && nominates(view(h.value))) connection = view(h.value);
    }
    Seen seen;
    out.count = 0;
    for (const mh_header& h : headers) {
        if (is_private_header(h)) continue;
        if (!connection.empty() && is_nominated(connection, view(h.name))) continue;
        mh_kv* const twin = seen.add(h) ? find_twin(out, h) : nullptr;
        if (twin) {
            join(http, r, *twin, h);
        } else if (out.count < kMaxMetadata) {
            out.fields[out.count++] = {h.name, h.value};
        }
    }
}

}  // namespace microhost::shared
