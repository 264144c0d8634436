// SPDX-License-Identifier: Apache-2.0
#include "bot.hpp"

#include <algorithm>
#include <utility>

#include "../shared/json_writer.hpp"
#include "../shared/text.hpp"
#include "answering.hpp"
#include "clock.hpp"
#include "command_message.hpp"
#include "kept.hpp"
#include "nearest.hpp"
#include "utf8.hpp"
#include "works.hpp"

namespace microhost::bot {
namespace {

constexpr size_t kLongestMessage = 64 * 1024;
constexpr size_t kLongestShown = 120;  // of a command, in a question
constexpr std::chrono::milliseconds kTick{100}, kPulse{5000};
constexpr int kMostTurns = 50;  // of kTick, until other modules have started

/// What is behind the output of a command that did not go well.
std::string ending(const Result& r) {
    switch (r.verdict) {
        case Verdict::failed:
        case Verdict::denied:
        case Verdict::timeout: return r.error.empty() ? "" : "error executing cmd: " + r.error;
        case Verdict::cancelled:
        case Verdict::interrupted: return r.error;
        default: return {};
    }
}

std::string seconds_text(uint64_t ms) { return std::to_string((ms + 999) / 1000) + " s"; }

}  // namespace

Bot::Bot(const mh_config* config)
    : settings_(Settings::read(config)),
      audit_(settings_.audit_file),
      rate_(settings_.rate),
      confirmations_(settings_.confirm_within),
      services_(settings_.namespace_, settings_.service_role),
      watches_([this](const Watch& w, const std::vector<std::string>& lines) {
          Input* in = input(w.input);
          if (!in || off_) return;
          std::vector<Line> out;
          for (const std::string& line : lines) out.push_back({line, false});
          send_answer(*in, w.place, {}, out, 0);
      }) {
    for (const auto& name : settings_.inputs) {
        if (input(name)) throw mh::failure("inputs: " + name + " is named twice", "/inputs");
        inputs_.push_back(make_input(name, config, *this));
    }
    if (!audit_.probe())
        throw mh::failure("audit_file: " + settings_.audit_file + ": " + audit_.problem(),
                          "/audit_file");
}

Bot::~Bot() = default;

// ---- life

void Bot::start(std::string_view inherited) {
    State from;
    if (!inherited.empty() && !read_state(inherited, from))
        mh::log::warn(
            "what the generation before has saved cannot be read: the inputs connect anew");
    off_ = !kept("off").empty();
    if (off_) mh::log::info("the bot is off: an admin's \"bot on\" lets it answer again");
    wait_for_commands(std::move(from), 0);
}

// When a process starts the commands of its modules are published together, after our own start. What is asked for before that would
// be no command.
void Bot::wait_for_commands(State from, int turns) {
    const std::vector<HostCommand> all = host_commands();
    const bool there =
        std::ranges::any_of(all, [](const HostCommand& c) { return c.name == "list services"; });
    if (there || turns == kMostTurns) return begin(from);
    tick_.start(kTick, [this, from = std::move(from), turns]() mutable {
        wait_for_commands(std::move(from), turns + 1);
    });
}

void Bot::begin(const State& from) {
    stopped_ = false;
    running_ = std::make_unique<Running>(settings_.limits, steady_ms);
    services_.start();
    watches_.start();
    for (const auto& in : inputs_) {
        const auto state = from.inputs.find(std::string(in->name()));
        const bool taken = state != from.inputs.end() && in->take_over(state->second);
        if (!taken) in->start();
    }
    pulse();
    for (const Kept& k : from.waiting) {
        Input* in = input(k.input);
        if (!in) continue;
        handle(
            {in, k.message, settings_.people.who(k.input, k.message), Reach::named, k.confirmed});
    }
}

void Bot::stop() {
    if (std::exchange(stopped_, true)) return tick_.cancel();
    running_->stop(Verdict::interrupted, "the bot stops");
    services_.stop();
    watches_.stop();
    tick_.cancel();
    ticking_ = false;
    pulse_.cancel();
    for (const auto& in : inputs_) in->stop();
}

std::string Bot::save() {
    State out;
    kept_.clear();
    tick_.cancel();
    if (std::exchange(stopped_, true)) return state_json(out);  // it has not begun
    running_->stop(Verdict::interrupted, "interrupted by a reload");
    services_.stop();
    watches_.stop();
    tick_.cancel();
    ticking_ = false;
    pulse_.cancel();
    for (const auto& in : inputs_) {
        std::string state = in->hand_over();
        if (state.empty())
            in->stop();
        else
            out.inputs.emplace(in->name(), std::move(state));
    }
    out.waiting = std::exchange(kept_, {});
    return state_json(out);
}

void Bot::resume(std::string_view saved) {
    State from;
    read_state(saved, from);
    begin(from);
}

// The clock is looked at while something runs; the gauges always.
void Bot::keep_ticking() {
    if (stopped_ || ticking_ || !running_->busy()) return;
    ticking_ = true;
    tick_.start(kTick, [this] {
        ticking_ = false;
        running_->tick();
        keep_ticking();
    });
}

void Bot::pulse() {
    board_.refresh(inputs());
    pulse_.start(kPulse, [this] { pulse(); });
}

// ---- what is heard

void Bot::on_status(Input& in) { board_.changed(in); }

void Bot::on_message(Input& in, Message m) {
    board_.message(in.name());
    if (m.from.robot || stopped_) return;
    const Heard heard = listen(settings_.callsigns, m);
    if (heard.reach == Reach::none) return;
    std::string text(heard.text.substr(0, kLongestMessage + 1));
    Request r{&in, std::move(m), {}, heard.reach, false};
    r.who = settings_.people.who(in.name(), r.message);
    const RateLimit::Answer budget =
        off_ && r.who.role < shared::Role::admin ? RateLimit::Answer{} : rate_.take(r.who.key);
    if (!budget.allowed) {
        if (!budget.say) return;
        tell(r, "that is too fast; try again in " + seconds_text(budget.retry_ms));
        return write_audit(r, {}, Verdict::limited, 0, 0);
    }
    r.message.text = std::move(text);
    handle(std::move(r));
}

Vocabulary Bot::vocabulary() const {
    return {host_commands, [this](std::string_view word) { return services_.find(word); }};
}

void Bot::handle(Request r) {
    const std::string& text = r.message.text;
    if (text.size() > kLongestMessage)
        return say(r, {}, "the message is too long: I read at most 64 KiB", Verdict::unknown);
    if (!shared::is_utf8(text))
        return say(r, {}, "the message is no UTF-8: I cannot read it", Verdict::unknown);
    Match m = match(text, vocabulary());
    const bool switches = m.kind == Match::Kind::own && (m.own == Own::on || m.own == Own::status);
    if (off_ && !(switches && r.who.role >= shared::Role::admin)) return;
    if (m.kind == Match::Kind::unknown) return unknown(r);
    decide(std::move(r), std::move(m));
}

void Bot::unknown(const Request& r) {
    // With a mere prefix it may have been meant for another bot.
    if (r.reach != Reach::named) return;
    std::string out = "unknown command; ";
    const std::string_view typed = shared::trim(std::string_view(r.message.text).substr(0, 200));
    const std::vector<std::string> names = known_names(r);
    if (const std::string_view near = nearest(typed, names); !near.empty())
        out.append("did you mean \"").append(near).append("\"? ");
    say(r, {}, out + "\"help\" shows what there is", Verdict::unknown);
}

void Bot::decide(Request r, Match m) {
    const Decision d =
        settings_.rules.decide(r.who, {m.name, m.needs, r.input->name(), r.message.place.room});
    if (!d.allowed) return say(r, m, "\"" + m.name + "\" is refused: " + d.why, Verdict::denied);
    if (m.kind == Match::Kind::own && m.own == Own::cancel) return cancel(r, m);
    if (m.kind == Match::Kind::own && m.own == Own::yes) return confirm(r, m);
    if (m.changes && !audit_.works() && !audit_.probe())
        return say(r, m, "\"" + m.name + "\" is refused: the audit file takes no lines",
                   Verdict::denied);
    if (m.changes && settings_.confirm && !r.confirmed)
        return say(r, m, question(r, m), Verdict::unconfirmed);
    submit(r, m, work_of(r, m, d.role));
}

// ---- twice asked

std::string Bot::question(const Request& r, const Match& m) {
    const Place& p = r.message.place;
    const std::string code = confirmations_.ask({r.who.identity, std::string(r.input->name()),
                                                 p.room, p.room.empty() ? p.peer : std::string()},
                                                r.message, steady_ms());
    const std::string shown = m.name + (m.args.empty() ? "" : " " + m.args);
    return "\"" + shortened(shown, kLongestShown) + "\" changes something. Answer \"yes " + code +
           "\" within " + seconds_text(static_cast<uint64_t>(confirmations_.within().count()));
}

void Bot::confirm(const Request& r, const Match& m) {
    const Place& p = r.message.place;
    auto meant = confirmations_.confirm({r.who.identity, std::string(r.input->name()), p.room,
                                         p.room.empty() ? p.peer : std::string()},
                                        m.text, steady_ms());
    if (!meant)
        return say(r, m, "nothing of yours waits here for that code, or it has waited too long",
                   Verdict::failed);
    // Answered where it was said last; all that decides is looked at again.
    meant->place.thread = p.thread;
    handle({r.input, std::move(*meant), r.who, Reach::named, true});
}

void Bot::cancel(const Request& r, const Match& m) {
    // At once: what is to be cancelled may hold up all that is asked after it.
    uint64_t id = 0;
    for (const char c : m.text)
        id = shared::is_digit(c) && id < 1'000'000'000'000
                 ? id * 10 + static_cast<uint64_t>(c - '0')
                 : 0;
    const auto verdict = running_->cancel(id, r.who.key, r.who.role >= shared::Role::operator_);
    if (verdict == Running::Cancelled::yes) return write_audit(r, m, Verdict::ok, 0, 0);
    const bool known = verdict == Running::Cancelled::not_yours;
    tell(r, known ? "that is not yours; an operator may end it"
                  : "nothing with that ID is running; \"jobs\" shows what is");
    write_audit(r, m, known ? Verdict::denied : Verdict::failed, 0, 0);
}

// ---- what is done

std::unique_ptr<Work> Bot::work_of(const Request& r, const Match& m, shared::Role role) {
    switch (m.kind) {
        case Match::Kind::own:
            return std::make_unique<Ask>([this, r, m](Output& out) { own(r, m, out); });
        case Match::Kind::host: return std::make_unique<HostWork>(r.who, role, m.line, m.style);
        case Match::Kind::service: {
            const ServiceCommand* c = services_.find(m.words[0]);
            if (!c) break;
            CallTo to{c->service, "Command.Exec", {}, {}, 0};
            to.content_type = c->protobuf ? kProtobufType : kJsonType;
            to.timeout_ms = static_cast<uint32_t>(settings_.limits.timeout.count());
            to.metadata = {{"Bot-User", r.who.subject()},
                           {"Bot-Role", std::string(shared::name_of(role))},
                           {"Bot-Input", std::string(r.input->name())}};
            return std::make_unique<ServiceWork>(*c, m.words, std::move(to));
        }
        default: break;
    }
    return std::make_unique<Say>(m.text, m.failed ? Verdict::failed : Verdict::ok);
}

void Bot::say(const Request& r, const Match& m, std::string text, Verdict v) {
    submit(r, m, std::make_unique<Say>(std::move(text), v));
}

void Bot::submit(const Request& r, const Match& m, std::unique_ptr<Work> work) {
    const bool takes_time = m.kind == Match::Kind::host || m.kind == Match::Kind::service;
    Task t;
    t.owner = r.who.key;
    t.work = std::move(work);
    t.text = m.name + (m.args.empty() ? "" : " " + m.args);
    t.on_slow = [this, r](uint64_t id) {
        tell(r, "still running; \"cancel " + std::to_string(id) + "\" ends it");
    };
    t.on_done = [this, r, m, takes_time](const Result& result, const Output& output,
                                         uint64_t took_ms) {
        if (takes_time) r.input->working(r.message.place, false);
        finished(r, m, result, output, took_ms);
    };
    t.on_drop = [this, r] {
        kept_.push_back({std::string(r.input->name()), r.message, r.confirmed});
    };
    if (takes_time) r.input->working(r.message.place, true);
    if (!running_->submit(std::move(t))) {
        tell(r, "too many commands of yours are waiting; try again when they are done");
        write_audit(r, m, Verdict::limited, 0, 0);
    }
    keep_ticking();
}

void Bot::finished(const Request& r, const Match& m, const Result& result, const Output& output,
                   uint64_t took_ms) {
    std::vector<Line> lines = output.lines();
    std::string end = ending(result);
    if (lines.empty() && end.empty()) end = result.verdict == Verdict::ok ? "done" : "it failed";
    if (!end.empty()) lines.push_back({std::move(end), false});
    const uint64_t bytes =
        send_answer(*r.input, r.message.place, r.who.name, lines, output.missing());
    write_audit(r, m, result.verdict, took_ms, bytes);
}

void Bot::tell(const Request& r, std::string_view text) {
    send_answer(*r.input, r.message.place, r.who.name, plain_lines(text), 0);
}

void Bot::write_audit(const Request& r, const Match& m, Verdict v, uint64_t took_ms,
                      uint64_t bytes) {
    board_.command(r.input->name(), v, took_ms);
    audit_.write({std::string(r.input->name()), r.who.identity, r.who.user, r.who.name,
                  r.message.place.room, m.name, m.args, v, wall_ms(), took_ms, bytes});
}

// ---- its inputs

std::vector<const Input*> Bot::inputs() const {
    std::vector<const Input*> out;
    for (const auto& in : inputs_) out.push_back(in.get());
    return out;
}

Input* Bot::input(std::string_view name) const {
    for (const auto& in : inputs_)
        if (in->name() == name) return in.get();
    return nullptr;
}

}  // namespace microhost::bot
