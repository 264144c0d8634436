// SPDX-License-Identifier: Apache-2.0
/// etcd's JSON: what is asked and what comes back. Keys and values are base64, 64-bit numbers are strings.
#pragma once

#include <microhost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::registry_etcd {

struct Header {
    std::string cluster;  ///< a number that another cluster does not have
    int64_t revision = 0;
};

struct KeyValue {
    std::string key, value;
    int64_t mod_revision = 0;
};

struct Range {
    Header header;
    std::vector<KeyValue> kvs;
    bool more = false;
    int64_t count = 0;
};

struct Event {
    bool deleted = false;
    KeyValue kv;
};

struct Watched {
    Header header;
    bool created = false, canceled = false;
    bool fragment = false;  ///< more events of the same revision follow
    int64_t compact_revision = 0;
    std::string reason;  ///< of a cancellation, or of an error
    std::vector<Event> events;
};

/// What etcd says when it refuses.
struct Refusal {
    int64_t code = 0;  ///< gRPC's
    std::string text;
};
/// gRPC's codes that make a difference here.
enum : int64_t {
    kInvalidArgument = 3,
    kNotFound = 5,
    kPermissionDenied = 7,
    kPrecondition = 9,
    kUnavailable = 14,
    kUnauthenticated = 16
};

/// "/micro/registry0" for "/micro/registry/": the first key behind all that begin with `prefix`.
std::string range_end(std::string_view prefix);
/// The key of a node as Micro writes it; `folder` ends in "/".
std::string key_of(std::string_view folder, std::string_view service, std::string_view node);

/// At most `limit` keys from `from` on, as they were at `revision` (0: now).
std::string range_request(std::string_view from, std::string_view end, int64_t limit,
                          int64_t revision);
std::string count_request(std::string_view from, std::string_view end);
std::string watch_request(std::string_view from, std::string_view end, int64_t revision);
std::string grant_request(int64_t ttl_s);
std::string put_request(std::string_view key, std::string_view value, int64_t lease);
/// Of keep-alive and revoke.
std::string lease_request(int64_t lease);
std::string authenticate_request(std::string_view user, std::string_view password);

/// Nothing for what etcd would not say.
std::optional<Range> read_range(mh::json_value root);
/// One message of a watch: an error is one that is canceled, with its reason.
std::optional<Watched> read_watch(std::string_view message);
std::optional<Header> read_header(mh::json_value root);
/// A number of 64 bits, written as one or as a string.
std::optional<int64_t> read_int64(mh::json_value v);
/// Nothing when the answer is none of etcd's refusals.
std::optional<Refusal> read_refusal(mh::json_value root);

}  // namespace microhost::registry_etcd
