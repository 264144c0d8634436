// SPDX-License-Identifier: Apache-2.0
/// Standard input and output, or a unix socket: for who tries the bot out, for scripts, and for tests. Each connection is a direct
/// conversation, a line in, lines out.
#pragma once

#include <microhost/config.h>
#include <microhost/connection.hpp>
#include <microhost/watch.hpp>

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "../../input.hpp"

namespace microhost::bot {

class Console final : public Input {
  public:
    Console(const mh_config* config, Ears& ears);

    std::string_view name() const override { return "console"; }
    Format format() const override;
    Status status() const override;
    void start() override;
    void stop() override;
    bool send(const Place& to, std::string_view text) override;
    void working(const Place& place, bool begins) override;
    std::string hand_over() override;
    bool take_over(std::string_view state) override;

  private:
    struct Client {
        std::string id;
        mh::connection connection;
        std::deque<std::string> waiting;  ///< lines that the other end has not had room for
        bool skips = false;               ///< the rest of a line that was too long
        bool ended = false;               ///< it says no more, and may still listen
        unsigned working = 0;
        bool said = false;  ///< since the last look
    };
    bool listen();
    void open_stdio();
    mh::connection::handler handler_of(Client& c);
    Client& add(std::string id);
    size_t take(Client& c, std::string_view bytes);
    void hear(Client& c, std::string_view line);
    bool put(Client& c, std::string text);
    void flush(Client& c);
    void ended(Client& c);
    void close_idle();
    void gone(const std::string& id, std::string_view why);
    void changed(Link link, std::string detail);

    Ears& ears_;
    std::string socket_;  ///< empty: standard input
    std::string identity_;
    mh::acceptor acceptor_;
    std::map<std::string, std::unique_ptr<Client>, std::less<>> clients_;
    mh::timer idle_;
    uint64_t last_ = 0;
    bool stopped_ = false;
    bool full_ = false;  ///< and somebody was turned away
    Status status_;
};

}  // namespace microhost::bot
