// SPDX-License-Identifier: Apache-2.0
/// Sends messages to subscribers in other processes: a bounded number at once, the others wait.
#pragma once

#include <microhost/fetch.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <string>

#include "subscribers.hpp"

namespace microhost::broker_http {

/// [main]
class Outlet {
  public:
    static constexpr size_t kMostAtOnce = 64;
    static constexpr size_t kMostWaiting = 1024;

    explicit Outlet(std::chrono::milliseconds timeout) : timeout_(timeout) {}

    /// To every node of `all`, and one of each queue. MH_E_BUSY: too much waits, nobody gets it.
    mh_status send(const Subscribers& to, std::string message);

  private:
    struct Job {
        std::shared_ptr<const std::string> message;
        std::vector<Node> nodes;  // the last one is asked; the others when it cannot be reached
    };
    void go_on();
    void ask(Job job);
    void complain(const Node& node, const std::string& why);

    const std::chrono::milliseconds timeout_;
    std::deque<Job> waiting_;
    std::list<mh::fetching> under_way_;
    std::list<mh::fetching> over_;  // their lambdas are on the stack
    uint64_t failed_ = 0;
    uint64_t seed_ = 0x9e3779b97f4a7c15U;  // which node of a queue begins: not for secrets
};

}  // namespace microhost::broker_http
