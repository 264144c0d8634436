// SPDX-License-Identifier: Apache-2.0
/// Connects to one of the addresses of a name, one after the other, without blocking.
#pragma once

#include <microhost/base.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loop/loop.hpp"
#include "net/resolver.hpp"
#include "net/stream.hpp"

namespace microhost::net {

/// May be destroyed at any time. Thread: that of the loop.
class Dial {
  public:
    enum class State { waiting, connected, failed };

    /// `poll` hears of the descriptor and calls on_events(). `moved` is called for all else that ends the waiting.
    Dial(Loop& loop, Pollable& poll, std::function<void(State)> moved);
    ~Dial();
    Dial(const Dial&) = delete;

    /// "host:port", "1.2.3.4:5", "[::1]:5" or "unix:/path".
    Result<> aim(std::string_view address);
    /// The host alone, without brackets; empty for unix.
    const std::string& host() const { return host_; }
    /// `within_ms`: what all addresses share; whoever calls ends the last one.
    State start(uint64_t within_ms);
    State on_events();
    /// The stream, once connected; it stays registered with the loop.
    Stream take() { return std::move(stream_); }
    const Address& peer() const { return addresses_[at_]; }

    /// Once failed: why, and a part of a sentence: "(127.0.0.1:1): Connection refused".
    mh_status status() const { return status_; }
    const std::string& text() const { return text_; }
    /// What is being waited for.
    const char* doing() const { return lookup_ ? "looking the name up" : "connecting"; }

  private:
    State try_from(size_t first);
    State next(std::string why);
    State fail(mh_status s, std::string text);
    void drop();

    Loop& loop_;
    Pollable& poll_;
    std::function<void(State)> moved_;
    std::string host_;
    uint16_t port_ = 0;
    std::vector<Address> addresses_;
    size_t at_ = 0;
    Stream stream_;
    std::shared_ptr<Lookup> lookup_;
    mh_status status_ = MH_OK;
    std::string text_;
    uint64_t end_ms_ = 0;
    struct Patience : Timer {
        Dial* owner;
    } patience_;
};

}  // namespace microhost::net
