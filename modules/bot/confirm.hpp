// SPDX-License-Identifier: Apache-2.0
/// What waits for a "yes" of whoever asked for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "message.hpp"

namespace microhost::bot {

/// Who may confirm: the same identity in the same place. A thread is another place only where there are rooms.
struct Confirmer {
    std::string identity, input, room, peer;
    bool operator==(const Confirmer&) const = default;
};

class Confirmations {
  public:
    using ms = std::chrono::milliseconds;
    using Random = std::function<uint32_t()>;
    explicit Confirmations(ms within, Random random = {});

    /// Remembers the message and answers the code, four hexadecimal digits. Of many that wait the oldest is forgotten.
    std::string ask(const Confirmer& who, Message m, uint64_t now_ms);
    /// The message, once; nothing when the code is wrong, too old, or somebody else's.
    std::optional<Message> confirm(const Confirmer& who, std::string_view code, uint64_t now_ms);
    ms within() const { return within_; }

  private:
    struct Waiting {
        Confirmer who;
        std::string code;
        Message message;
        uint64_t until_ms;
    };
    ms within_;
    Random random_;
    std::deque<Waiting> waiting_;
};

}  // namespace microhost::bot
