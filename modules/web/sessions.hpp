// SPDX-License-Identifier: Apache-2.0
/// Who is logged in. Sessions lie in the host's store, so that they outlive this generation of the module; only a hash of the id does,
/// so that nobody who reads the store has one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "../shared/secret.hpp"

namespace microhost::web {

struct SessionLimits {
    uint64_t idle_ms = 30 * 60'000;
    uint64_t total_ms = 12 * 3'600'000;
};

struct Session {
    std::string user;
    std::string print;  ///< of the user's line when the session began
    uint64_t begun_ms = 0, used_ms = 0;

    std::string text() const;
    /// Nothing for what text() did not write.
    static std::optional<Session> of(std::string_view text);
    /// How long it may go on from `now` without use; 0: it is over.
    uint64_t left_ms(uint64_t now_ms, const SessionLimits& limits) const;
    /// Not with each request: once in a thirtieth of the idle time.
    bool to_be_touched(uint64_t now_ms, const SessionLimits& limits) const;
};

using shared::digest_of;
using shared::random_id;
using shared::signature_of;

/// Times are of the clock of requests (now_ns / 1e6). [any]
class Sessions {
  public:
    explicit Sessions(SessionLimits limits) : limits_(limits) {}

    /// The id for the cookie; empty: the store is full.
    std::string open(std::string_view user, std::string_view print, uint64_t now_ms) const;
    /// `key`: digest_of(id). Using it prolongs it.
    std::optional<Session> use(std::string_view key, uint64_t now_ms) const;
    /// The same without prolonging it.
    std::optional<Session> look(std::string_view key, uint64_t now_ms) const;
    void close(std::string_view key) const;

    /// A secret of this process that all generations share. Throws mh::failure.
    static std::string process_secret();

  private:
    std::optional<Session> read(std::string_view key, uint64_t now_ms, uint64_t& revision) const;

    SessionLimits limits_;
};

}  // namespace microhost::web
