// SPDX-License-Identifier: Apache-2.0
/// Which stanzas have arrived, on either side (XEP-0198), so that a stream can go on over another connection and loses none.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace microhost::bot::xmpp {

class Acknowledged {
  public:
    static constexpr size_t kMost = 256, kMostBytes = 1024 * 1024;

    /// Counting begins: what was sent and received before is not part of it.
    void start() { *this = Acknowledged{}; }

    bool room() const { return waiting_.size() < kMost && bytes_ < kMostBytes; }
    void sent(std::string stanza);
    void received() { ++received_; }
    /// The peer has handled `h` stanzas of all since start(). False: it cannot have.
    bool acknowledge(uint32_t h);

    uint32_t handled() const { return received_; }
    /// Those that the peer may not have, oldest first.
    const std::deque<std::string>& waiting() const { return waiting_; }

    /// To go on elsewhere.
    uint32_t acknowledged() const { return acknowledged_; }
    void restore(uint32_t received, uint32_t acknowledged);

    /// "h" is a decimal number below 2^32.
    static std::optional<uint32_t> number(std::string_view text);

  private:
    uint32_t received_ = 0, acknowledged_ = 0;  ///< both wrap, as the protocol says
    std::deque<std::string> waiting_;
    size_t bytes_ = 0;
};

}  // namespace microhost::bot::xmpp
