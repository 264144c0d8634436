// SPDX-License-Identifier: Apache-2.0
/// The bot: its inputs, and what it does with what they hear. [main]
#pragma once

#include <microhost/watch.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "addressing.hpp"
#include "audit.hpp"
#include "command_services.hpp"
#include "confirm.hpp"
#include "inputs/inputs.hpp"
#include "matching.hpp"
#include "rate.hpp"
#include "settings.hpp"
#include "state.hpp"
#include "status_board.hpp"
#include "watches.hpp"

namespace microhost::bot {

/// A message that is for the bot.
struct Request {
    Input* input;
    Message message;  ///< its text without the bot's name
    Person who;
    Reach reach = Reach::named;
    bool confirmed = false;
};

class Bot final : private Ears {
  public:
    /// Throws mh::failure.
    explicit Bot(const mh_config* config);
    ~Bot();

    /// `inherited`: what the generation before has saved, or empty.
    void start(std::string_view inherited);
    void stop();
    /// Lets go of the inputs and of what waits, for the next generation. Nobody is answered after it.
    std::string save();
    /// The next generation came to nothing: goes on where save() stopped.
    void resume(std::string_view saved);
    /// {"inputs":[...]}, for whoever calls the bot as a service.
    std::string status_json() const;
    const Settings& settings() const { return settings_; }

  private:
    void on_message(Input& in, Message m) override;
    void on_status(Input& in) override;

    void handle(Request r);
    void decide(Request r, Match m);
    void unknown(const Request& r);
    void confirm(const Request& r, const Match& m);
    void cancel(const Request& r, const Match& m);
    std::string question(const Request& r, const Match& m);
    std::unique_ptr<Work> work_of(const Request& r, const Match& m, shared::Role role);

    void say(const Request& r, const Match& m, std::string text, Verdict v);
    void submit(const Request& r, const Match& m, std::unique_ptr<Work> work);
    void finished(const Request& r, const Match& m, const Result& result, const Output& output,
                  uint64_t took_ms);
    void tell(const Request& r, std::string_view text);
    void write_audit(const Request& r, const Match& m, Verdict v, uint64_t took_ms, uint64_t bytes);

    // bot_commands.cpp
    void own(const Request& r, const Match& m, Output& out);
    void help(const Request& r, std::string_view words, Output& out) const;
    void whoami(const Request& r, Output& out) const;
    void jobs(const Request& r, Output& out) const;
    void show_status(Output& out) const;
    void switch_to(bool off);
    void watch(const Request& r, std::string_view pattern, Output& out);
    bool may(const Request& r, std::string_view command, shared::Role needs) const;
    std::vector<std::string> known_names(const Request& r) const;

    Vocabulary vocabulary() const;
    std::vector<const Input*> inputs() const;
    Input* input(std::string_view name) const;
    void wait_for_commands(State from, int turns);
    void begin(const State& from);
    void keep_ticking();
    void pulse();

    Settings settings_;
    std::vector<std::unique_ptr<Input>> inputs_;
    StatusBoard board_;
    Audit audit_;
    RateLimit rate_;
    Confirmations confirmations_;
    CommandServices services_;
    Watches watches_;
    std::unique_ptr<Running> running_;
    std::vector<Kept> kept_;  ///< what was waiting when it was saved
    mh::timer tick_, pulse_;
    bool off_ = false, stopped_ = true, ticking_ = false;
};

}  // namespace microhost::bot
