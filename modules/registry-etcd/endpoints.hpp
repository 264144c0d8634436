// SPDX-License-Identifier: Apache-2.0
/// Where etcd answers: one of several addresses at a time, and how long to wait before the next is tried.
#pragma once

#include <chrono>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::registry_etcd {

struct Endpoint {
    std::string address;  ///< "host:port"
    bool tls = false;
};

/// "10.0.0.1, etcd.example:2379, https://[::1]:2379": port 2379 where none is said; `tls` decides where no scheme is.
/// Throws mh::failure for what is no address, and for none at all.
std::vector<Endpoint> parse_endpoints(std::string_view list, bool tls);

/// Delays that grow, each drawn from nothing to the longest of its turn ("full jitter"): of many that lost the same server,
/// few come back in the same moment.
class Backoff {
  public:
    using ms = std::chrono::milliseconds;
    explicit Backoff(ms first = ms(200), ms last = ms(2'000)) : first_(first), last_(last) {}
    ms next();
    void reset() { turns_ = 0; }

  private:
    ms first_, last_;
    unsigned turns_ = 0;
    std::minstd_rand random_{std::random_device{}()};
};

class Endpoints {
  public:
    /// Begins with any of them, so that many hosts spread over a cluster.
    explicit Endpoints(std::vector<Endpoint> all);

    size_t current() const { return current_; }
    const Endpoint& at(size_t i) const { return all_[i]; }
    size_t size() const { return all_.size(); }
    void succeeded();
    /// The next one is current now. The answer: how long to wait before it is asked, nothing as long as there are some that
    /// have not failed since the last success.
    std::chrono::milliseconds failed();
    /// Whether all of them have failed since the last success.
    bool exhausted() const { return failures_ >= all_.size(); }

  private:
    std::vector<Endpoint> all_;
    size_t current_ = 0, failures_ = 0;
    Backoff backoff_;
};

}  // namespace microhost::registry_etcd
