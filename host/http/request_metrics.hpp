// SPDX-License-Identifier: Apache-2.0
/// Counters of finished requests on one loop, by module, route, class of status and method.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/head.hpp"
#include "observe/metrics.hpp"

namespace microhost::http {

class RequestMetrics {
  public:
    /// Null: nothing is counted.
    RequestMetrics(observe::Metrics* metrics, unsigned loop) : metrics_(metrics), loop_(loop) {}

    /// One finished request. The handles are looked up once for each module and route.
    void count(std::string_view module, std::string_view route, Method method, unsigned status,
               uint64_t duration_ns);
    /// One that was refused before any module saw it. `why` is a literal.
    void count_rejected(std::string_view listener, const char* why);

  private:
    struct Rejected {
        std::string listener;
        const char* why;
        observe::Counter counter;
    };
    static constexpr size_t kMethods = 10, kClasses = 6;  // 1xx..5xx, and 0 for no answer
    struct Route {
        std::string module, route;
        observe::Histogram duration;
        std::array<std::array<observe::Counter, kClasses>, kMethods> counters;
        std::array<std::array<bool, kClasses>, kMethods> bound{};
    };
    Route& find(std::string_view module, std::string_view route);

    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
    };
    observe::Metrics* metrics_;
    unsigned loop_;
    std::unordered_map<std::string, Route, Hash, std::equal_to<>> routes_;  // by module NUL route
    Route* last_ = nullptr;
    std::vector<Rejected> rejected_;  // a few reasons
};

}  // namespace microhost::http
