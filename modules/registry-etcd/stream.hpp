// SPDX-License-Identifier: Apache-2.0
/// A response that does not end: its messages as they come.
#pragma once

#include <microhost/host.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "client.hpp"

namespace microhost::registry_etcd {

/// Destroying it ends the request without another callback, also from within one. [main]
class Stream {
  public:
    static constexpr size_t kLongestMessage = 16u << 20;
    /// Longer than etcd is silent when it was asked for notes of progress (ten minutes).
    static constexpr uint32_t kLongestPause_ms = 12 * 60 * 1000;

    struct Hooks {
        std::function<void(std::string_view message)> message;
        /// The last call. MH_E_TIMEOUT: silence for too long.
        std::function<void(mh_status status, const std::string& why)> end;
    };
    /// A negative status: nothing was begun, no hook is called.
    mh_status start(const Client& client, const Endpoint& endpoint, const Settings& settings,
                    std::string_view path, std::string_view body, Hooks hooks);
    void stop() { state_.reset(); }
    explicit operator bool() const { return state_ != nullptr; }

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace microhost::registry_etcd
