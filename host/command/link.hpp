// SPDX-License-Identifier: Apache-2.0
/// Link: one connection to a process that runs commands, over its control socket, or over TCP with or without TLS. Blocking, with
/// a bound for everything; for the terminal.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/tls.hpp"
#include "result.hpp"

namespace microhost::command {

/// Where a process is asked.
struct Target {
    std::string socket;  ///< path of a control socket; empty: host and port count
    std::string host;    ///< a name or an address, without brackets
    uint16_t port = 0;
    std::shared_ptr<const net::TlsClientContext> tls;  ///< null: plain text
    std::string token;                                 ///< sent as Bearer; empty: none
    std::string shown;                                 ///< how messages call it

    static Target unix_socket(const std::string& path) {
        Target t;
        t.socket = t.shown = path;
        return t;
    }
    /// What stands in Host.
    std::string authority() const;
};

/// Of the steady clock; a negative time is never over.
int64_t until(int64_t wait_ms);
int64_t left_ms(int64_t until_ms);

class Link {
  public:
    static constexpr int64_t kConnectMs = 5000;
    static constexpr int64_t kForEver = -1;

    /// Connects and shakes hands. Errors are a sentence that begins with `shown` and says what to do.
    static Result<std::unique_ptr<Link>> open(const Target& target);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    enum class Got : uint8_t { bytes, end, nothing, broken };
    /// Replaces `out` by the next piece. `nothing`: none came within that time; `broken`: problem() says why.
    Got read(std::string& out, int64_t wait_ms);
    /// False: it took longer than that, or broke.
    bool send(std::string_view bytes, int64_t wait_ms);
    const std::string& problem() const { return problem_; }

  private:
    explicit Link(const Target& target) : target_(target) {}
    Result<> connect_unix();
    Result<> connect_tcp();
    Result<> shake_hands();
    bool wait(short events, int64_t until_ms) const;
    std::string tls_problem() const;

    const Target& target_;
    int fd_ = -1;
    std::unique_ptr<net::TlsSession> tls_;
    std::string problem_;
};

}  // namespace microhost::command
