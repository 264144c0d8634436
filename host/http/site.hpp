// SPDX-License-Identifier: Apache-2.0
/// What a listener serves, as one loop sees it: its filters with their shards, its handler, its bounds.
#pragma once

#include <microhost/draft/http_handler.h>
#include <microhost/http_filter.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.hpp"
#include "http/limits.hpp"
#include "loop/activity.hpp"
#include "net/address.hpp"
#include "observe/module_cost.hpp"

namespace microhost::http {

/// To which requests a filter instance applies. Empty lists match everything; one of a list suffices.
struct Match {
    std::vector<std::string> path, path_prefix, host, method;
    std::vector<std::string> header;  // "Name" or "Name: value"
    bool any() const {
        return !path.empty() || !path_prefix.empty() || !host.empty() || !method.empty() ||
               !header.empty();
    }
};

/// The hooks of a filter whose calls are counted and timed.
enum class Hook : uint8_t { request, request_body, response, response_body };
constexpr std::array<const char*, 4> kHookNames{"on_request", "on_request_body", "on_response",
                                                "on_response_body"};
/// Of a handler: its request, and what it hears of the stream or websocket that it has made of it.
enum class HandlerHook : uint8_t { request, message, writable, close };
constexpr std::array<const char*, 4> kHandlerHookNames{"on_request", "on_message", "on_writable",
                                                       "on_close"};
using HookCosts = std::array<observe::ModuleCost, kHookNames.size()>;

enum class OnError : uint8_t { closed, open, skip };

/// One filter instance in a chain.
struct FilterLink {
    const mh_http_filter* filter = nullptr;  // null: it should be here and is not
    void* shard = nullptr;
    OnError on_error = OnError::closed;
    bool shadow = false;
    bool authn = false;  // may set the principal
    Match match;
    std::string name;
    std::array<const HookMark*, kHookNames.size()> marks{};
    HookCosts* costs = nullptr;  // null: not counted
    uint32_t interests = 0;
    uint64_t said_ms = 0;     // when its failure was last logged
    uint64_t counts[5] = {};  // continued, answered, failed, suspended, timed out; of this loop

    /// At most one line in ten seconds.
    bool say_again(uint64_t now_ms) {
        if (said_ms && now_ms - said_ms < 10'000) return false;
        said_ms = now_ms;
        return true;
    }
};

class ListenerCounts;

/// What one loop has counted for a listener since the start.
struct SiteFigures {
    uint64_t accepted = 0;
    uint64_t refused = 0, refused_peer = 0;  // max_connections, max_connections_per_peer
    uint64_t handshakes = 0, broken_handshakes = 0;
    uint64_t received = 0, sent = 0;  // bytes, inside TLS
    uint64_t in_flight = 0;           // requests, now

    void add(const SiteFigures& o) {
        accepted += o.accepted;
        refused += o.refused;
        refused_peer += o.refused_peer;
        handshakes += o.handshakes;
        broken_handshakes += o.broken_handshakes;
        received += o.received;
        sent += o.sent;
        in_flight += o.in_flight;
    }
};

struct Site {
    static constexpr unsigned kMaxFilters = 64;

    std::string listener, module, address;
    const mh_http_handler* handler = nullptr;
    void* handler_shard = nullptr;
    observe::ModuleCost* handler_cost = nullptr;  // null: not counted
    std::array<const HookMark*, kHandlerHookNames.size()> handler_marks{};
    std::vector<FilterLink> chain;
    uint32_t interests = 0;  // of all of them
    bool matches = false;    // some link has a match
    bool tls = false;
    bool proxy_protocol = false;
    bool rfc7239 = false;    // Forwarded is set, too, on what goes to an upstream
    bool trust_all = false;  // Unix sockets of ours
    const net::PrefixSet* trusted = nullptr;
    Limits limits;
    ListenerCounts* counts = nullptr;  // null: max_connections is not asked for here
    SiteFigures figures;
    uint32_t pins = 0;  // connections that use it
};

}  // namespace microhost::http
