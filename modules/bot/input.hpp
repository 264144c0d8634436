// SPDX-License-Identifier: Apache-2.0
/// A chat network: it brings messages and takes answers. All of it on [main].
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "message.hpp"

namespace microhost::bot {

/// How text has to look there.
struct Format {
    size_t message_bytes = 4000;       ///< longest message; the bot splits at line ends
    unsigned messages = 5;             ///< of one answer; what is left is counted in the last one
    std::string code_begin, code_end;  ///< around tables; empty: text stands in columns anyway
    bool lines = true;                 ///< false: a message is one line
    std::string (*escape)(std::string_view) = nullptr;  ///< of plain text; null: as it is
};

enum class Link : uint8_t {
    off,         ///< not started, or stopped
    connecting,  ///< or logging in
    online,
    waiting,  ///< lost; tries again by itself
    refused,  ///< the network turned us away for good (a wrong password): only a new config helps
};

struct Status {
    Link link = Link::off;
    std::string detail;     ///< one line: where to, or what is wrong and what to do; never a secret
    uint64_t since_ms = 0;  ///< since 1970
    uint64_t reconnects = 0, received = 0, sent = 0, dropped = 0;
    size_t queued = 0;  ///< messages that wait to be sent
};

class Input;

/// The bot, as its inputs see it.
class Ears {
  public:
    virtual void on_message(Input& in, Message m) = 0;
    /// link or detail of its status changed. Log lines about it are the bot's.
    virtual void on_status(Input& in) = 0;

  protected:
    ~Ears() = default;
};

class Input {
  public:
    virtual ~Input() = default;

    /// "xmpp"; the first part of every identity that it vouches for.
    virtual std::string_view name() const = 0;
    virtual Format format() const = 0;
    virtual Status status() const = 0;

    /// Begins to connect, and from then on connects again by itself whenever the link is lost (backoff.hpp).
    virtual void start() = 0;
    /// Says goodbye. Nothing is told to the ears any more; what waits to be sent is sent or given up within 2 s.
    virtual void stop() = 0;

    /// Queues one message that fits the format. False: the queue is full, and it was counted as dropped.
    virtual bool send(const Place& to, std::string_view text) = 0;
    /// "I have heard, and work": a reaction, a typing notice. Optional.
    virtual void working(const Place&, bool) {}

    /// Before the next generation of the module takes over: lets go of its connection (mh_net::park) and says what the other one has
    /// to know to go on. Empty: nothing is handed over, the next one connects anew.
    virtual std::string hand_over() { return {}; }
    /// Instead of start(): goes on where another one stopped. False: that is not possible, start() follows.
    virtual bool take_over(std::string_view) { return false; }
};

}  // namespace microhost::bot
