// SPDX-License-Identifier: Apache-2.0
/// Host names to addresses without blocking a loop: getaddrinfo on a thread of its own, and a short memory.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "loop/loop.hpp"
#include "net/address.hpp"

namespace microhost::net {

using Resolved = Result<std::vector<Address>>;

struct ResolverOptions {
    std::chrono::milliseconds keep{30'000};  // addresses are remembered
    std::chrono::milliseconds keep_failure{5'000};
    size_t queue = 256;     // names that wait for the thread; more are refused
    size_t waiters = 4096;  // callers that wait for names; more are refused
    size_t remembered = 1024;
    /// Asks the system; tests ask something else. Blocks. Thread: the resolver's.
    std::function<Resolved(const std::string& host)> query;
};

/// One question. Thread: the loop that asked.
class Lookup {
  public:
    /// The callback will not be called any more.
    void cancel() { done_ = nullptr; }

  private:
    friend class Resolver;
    std::function<void(const Resolved&)> done_;
    Loop* loop_ = nullptr;
    uint16_t port_ = 0;
};

/// One for the process; destroyed before the loops. Thread: any, unless said otherwise.
class Resolver {
  public:
    explicit Resolver(ResolverOptions options = {});
    /// Does not wait for a query that is under way. Callbacks that have not been called are dropped.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// The one that modules' streams ask; null: names cannot be looked up.
    static Resolver* of_process();
    /// Thread: main, before and after the loops.
    static void set_of_process(Resolver* resolver);

    /// Calls `done` later on the calling loop, never from within, with at least one address or an error that names the
    /// host. IP addresses are answered without a query. Thread: a loop's.
    std::shared_ptr<Lookup> resolve(std::string_view host, uint16_t port,
                                    std::function<void(const Resolved&)> done);

  private:
    struct Shared;  // with the thread, which may outlive us in a query that takes long
    std::shared_ptr<Shared> shared_;
};

}  // namespace microhost::net
