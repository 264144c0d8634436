// SPDX-License-Identifier: Apache-2.0
/// What the requests of a listener pass on one loop: filters with their shards, then the handler. A reload puts another one
/// in its place; each request keeps the one that it began with.
#pragma once

#include <microhost/draft/http_handler.h>
#include <microhost/http_filter.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/activity.hpp"
#include "observe/module_cost.hpp"

namespace microhost {
class Loop;
}

namespace microhost::http {

/// To which requests a filter instance applies. Empty lists match everything; one of a list suffices.
struct Match {
    std::vector<std::string> path, path_prefix, host, method;
    std::vector<std::string> header;  // "Name" or "Name: value"
    bool any() const {
        return !path.empty() || !path_prefix.empty() || !host.empty() || !method.empty() ||
               !header.empty();
    }
    bool operator==(const Match&) const = default;
};

/// What path, method and host of every request that fits a match begin with, at most eight bytes of each: most requests that a
/// filter does not apply to are told apart by these, without a look at the match.
struct MatchHint {
    /// The first eight bytes of each, zero behind its end.
    struct Heads {
        uint64_t path, method, host;  // host without regard to case
        Heads(std::string_view p, std::string_view m, std::string_view authority)
            : path(head(p)), method(head(m)), host(folded(head(authority))) {}
    };
    struct Word {
        uint64_t want = 0, mask = 0;
        uint64_t differs(uint64_t head) const { return (head & mask) ^ want; }
    };
    Word path, method, host;

    static MatchHint of(const Match& m);
    bool excludes(const Heads& h) const {
        return (path.differs(h.path) | method.differs(h.method) | host.differs(h.host)) != 0;
    }
    static uint64_t head(std::string_view text) {
        uint64_t out = 0;
        if (!text.empty())  // there may be no host, and then no address of one
            std::memcpy(&out, text.data(), text.size() < sizeof out ? text.size() : sizeof out);
        return out;
    }
    /// Letters as small ones. Other characters become like each other, too: a hint need not tell them apart.
    static uint64_t folded(uint64_t head) { return head | 0x2020202020202020; }
};

/// A link of a chain that has a match.
struct Condition {
    MatchHint hint;
    uint32_t link = 0;
};

/// The hooks of a filter whose calls are counted and timed.
enum class Hook : uint8_t { request, request_body, response, response_body };
constexpr std::array<const char*, 4> kHookNames{"on_request", "on_request_body", "on_response",
                                                "on_response_body"};
/// Of a handler: its request, and what it hears of the stream or websocket that it has made of it.
enum class HandlerHook : uint8_t { request, message, writable, close };
constexpr std::array<const char*, 4> kHandlerHookNames{"on_request", "on_message", "on_writable",
                                                       "on_close"};
/// One of them, of one module: what the watchdog and the crash line call it, and what it costs.
struct CalledHook {
    const HookMark* mark = nullptr;  // of its generation
    observe::ModuleCost cost;
};

enum class OnError : uint8_t { closed, open, skip };

/// What one loop has counted for a filter instance since the start, over all its generations.
struct FilterFigures {
    uint64_t continued = 0, answered = 0, failed = 0, suspended = 0, timed_out = 0;
    uint64_t said_ms = 0;  // when its failure was last logged

    /// At most one line in ten seconds.
    bool say_again(uint64_t now_ms) {
        if (said_ms && now_ms - said_ms < 10'000) return false;
        said_ms = now_ms;
        return true;
    }
};

/// One filter instance in a chain. What a request touches that it lets by is its first cache line.
struct alignas(64) FilterLink {
    const mh_http_filter* filter = nullptr;  // null: it should be here and is not
    void* shard = nullptr;
    FilterFigures* figures = nullptr;  // never null in a chain
    uint32_t interests = 0;
    OnError on_error = OnError::closed;
    bool shadow = false;
    bool authn = false;                               // may set the principal
    std::array<CalledHook, kHookNames.size()> hooks;  // on_request first

    Match match;
    std::string name;
    std::shared_ptr<FilterFigures> figures_owner;  // its generations share them

    FilterLink() { count_in(std::make_shared<FilterFigures>()); }
    void count_in(std::shared_ptr<FilterFigures> f) {
        figures = f.get();
        figures_owner = std::move(f);
    }
};
static_assert(offsetof(FilterLink, hooks) + sizeof(CalledHook) <= 64);

/// Thread: its loop.
struct Program {
    static constexpr unsigned kMaxFilters = 64;

    const char* module = "host";  // id of the handler's; lives as long as the generation
    const mh_http_handler* handler = nullptr;
    void* handler_shard = nullptr;
    observe::ModuleCost handler_cost;
    std::array<const HookMark*, kHandlerHookNames.size()> handler_marks{};  // of its generation
    std::vector<FilterLink> chain;
    uint32_t interests = 0;  // of all of them
    std::vector<Condition> conditions;
    uint32_t pins = 0;  // requests that began with it

    /// Called at the end of the turn in which the last request let go of it, once it is retired. It may free the program.
    void (*on_unused)(Program&) = nullptr;

    void pin() { pins++; }
    void unpin(Loop& loop) {
        if (--pins == 0 && retired_) release(loop);
    }
    /// No more requests begin with it.
    void retire(Loop& loop) {
        retired_ = true;
        if (pins == 0) release(loop);
    }

  private:
    void release(Loop& loop);
    bool retired_ = false;
};

}  // namespace microhost::http
