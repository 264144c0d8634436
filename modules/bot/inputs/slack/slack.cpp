// SPDX-License-Identifier: Apache-2.0
#include "slack.hpp"

#include <microhost/host.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include "../../clock.hpp"
#include "../../utf8.hpp"
#include "text.hpp"

namespace microhost::bot {
namespace {

using slack::Answer;
using slack::Heard;
using slack::Socket;
using slack::SocketEnd;
using std::chrono::milliseconds;

constexpr size_t kMostSeen = 2000, kMostHandedOver = 500, kMostSlashes = 200;
constexpr uint64_t kHealthy = 60'000, kSoonAgain = 5'000;
// Slack takes five answers within 30 minutes at the address of a slash command.
constexpr uint64_t kSlashLife = 29 * 60'000;
constexpr unsigned kSlashAnswers = 5;
constexpr milliseconds kRetire{10'000}, kGoodbye{5'000};
constexpr std::string_view kSlash = "slash/";

}  // namespace

Slack::Slack(const mh_config* config, Ears& ears)
    : settings_(slack::Settings::read(config)),
      ears_(ears),
      api_(settings_.api, settings_.ca_file, settings_.debug),
      outbox_(api_),
      bot_token_(settings_.token, settings_.token_file, "/slack_token", false,
                 [this] { on_new_token(); }),
      app_token_(settings_.app_token, settings_.app_token_file, "/slack_app_token", true,
                 [this] { on_new_token(); }) {}

Format Slack::format() const {
    Format f;
    f.message_bytes = 3900;
    f.code_begin = "```\n", f.code_end = "\n```";
    f.escape = slack::escape;
    return f;
}

Status Slack::status() const {
    Status s = status_;
    s.sent = outbox_.sent(), s.dropped = outbox_.dropped(), s.queued = outbox_.waiting();
    return s;
}

void Slack::set(Link link, std::string detail) {
    if (link == status_.link && detail == status_.detail) return;
    if (link != status_.link) status_.since_ms = wall_ms();
    status_.link = link;
    status_.detail = std::move(detail);
    if (running_) ears_.on_status(*this);
}

// ---- life

void Slack::start() {
    running_ = true;
    connect();
}

void Slack::stop() {
    running_ = false;
    status_.link = Link::off;
    api_.cancel(asking_);
    again_.cancel(), retire_.cancel();
    for (SocketPtr* s : {&now_, &next_, &old_}) drop(*s);
    outbox_.stop();
}

void Slack::on_new_token() {
    if (!running_) return;
    for (SocketPtr* s : {&now_, &next_, &old_}) drop(*s);
    again_.cancel();
    connect();
}

void Slack::connect() {
    set(Link::connecting, "asks Slack who it is");
    api_.cancel(asking_);
    asking_ =
        api_.call("auth.test", bot_token_.value(), {}, [this](const Answer& a) { on_identity(a); });
}

void Slack::on_identity(const Answer& a) {
    if (!running_) return;
    const mh::json_value root = a.json.root();
    const auto word = [&](const char* key) {
        return one_line(root[key].string().value_or(""), 80);
    };
    self_ = word("user_id");
    if (!a.good() || self_.empty()) return try_again({a.hopeless(), a.retry_after, a.why()});
    where_ = word("team") + " as " + word("user");
    outbox_.use_token(bot_token_.value());
    outbox_.pause(false);
    set(Link::connecting, where_ + ": opens a socket");
    open_socket();
}

// ---- sockets

void Slack::open_socket() {
    drop(next_);
    next_ = std::make_unique<Socket>(api_, calls(), settings_.debug);
    next_->open(app_token_.value());
}

Socket::Calls Slack::calls() {
    return {[this](Socket& s) { on_ready(s); }, [this](const Heard& h) { on_heard(h); },
            [this](Socket& s) { on_leaving(s); },
            [this](Socket& s, const SocketEnd& e) { on_end(s, e); }};
}

void Slack::on_ready(Socket&) {
    drop(old_);
    old_ = std::exchange(now_, std::exchange(next_, nullptr));
    if (old_) retire_.start(kRetire, [this] { drop(old_); });
    online_ms_ = steady_ms();
    set(Link::online, where_);
}

// The new one first: what is said until it is ready comes over the old one.
void Slack::on_leaving(Socket& s) {
    if (&s != now_.get() || next_) return;
    if (steady_ms() - online_ms_ >= kSoonAgain) return open_socket();
    again_.start(backoff_.next(), [this] { open_socket(); });
}

void Slack::on_end(Socket& s, const SocketEnd& e) {
    if (&s == old_.get()) return old_.reset();
    const bool was_heard = &s == now_.get();
    (was_heard ? now_ : next_).reset();
    if (now_ || next_) {
        // The one that was to take its place has failed, or is on its way.
        if (now_ && !e.hopeless)
            again_.start(backoff_.next(e.retry_after), [this] { open_socket(); });
        else if (next_)
            set(Link::connecting, where_ + ": opens a socket");
        return;
    }
    try_again(e);
}

void Slack::try_again(const SocketEnd& e) {
    if (e.hopeless) {
        outbox_.pause(true);
        return set(Link::refused, e.why);
    }
    if (online_ms_ && steady_ms() - online_ms_ >= kHealthy) backoff_.reset();
    online_ms_ = 0;
    status_.reconnects++;
    const milliseconds delay = backoff_.next(e.retry_after);
    set(Link::waiting, e.why);
    again_.start(delay, [this] { connect(); });
}

void Slack::drop(SocketPtr& s) {
    if (!s) return;
    s->close();
    ended_.push_back(std::move(s));
    sweep_.start(kGoodbye, [this] { ended_.clear(); });
}

// ---- what is said

bool Slack::is_new(const std::string& key) {
    if (!seen_.insert(key).second) return false;
    seen_order_.push_back(key);
    if (seen_order_.size() > kMostSeen) {
        seen_.erase(seen_order_.front());
        seen_order_.pop_front();
    }
    return true;
}

void Slack::on_heard(const Heard& h) {
    if (!running_) return;
    // A mention comes twice, as a mention and as a message; and all of it again when an acknowledgement was lost.
    const bool event = h.event.empty() || is_new("e" + h.event);
    const bool message = h.ts.empty() || is_new("m" + h.channel + "/" + h.ts);
    if (!event || !message) return;
    if (h.robot || h.user == self_) return;
    if (h.too_long)
        mh::log::warn("slack: a message is longer than 16 KiB and is not looked at",
                      {{"channel", h.channel}});
    if (h.text.empty()) return;
    status_.received++;
    Message m = slack::message_of(h, self_);
    if (h.slash) m.place.thread = place_for(h);
    ears_.on_message(*this, std::move(m));
}

/// A slash command has an address of its own for answers; the place bears a number for it.
std::string Slack::place_for(const Heard& h) {
    const uint64_t now = steady_ms();
    while (!slashes_.empty() &&
           (slashes_.size() >= kMostSlashes || now - slashes_.front().at_ms > kSlashLife))
        slashes_.pop_front();
    std::string id = std::string(kSlash) + std::to_string(++slash_ids_);
    slashes_.push_back({id, h.response_url, now, 0});
    return id;
}

bool Slack::send(const Place& to, std::string_view text) {
    slack::Outgoing o;
    o.channel = to.direct() ? to.peer : to.room;
    o.text = text;
    if (!to.thread.starts_with(kSlash)) {
        o.thread = to.thread;
        return outbox_.push(std::move(o));
    }
    const auto it = std::find_if(slashes_.begin(), slashes_.end(),
                                 [&](const Slash& s) { return s.id == to.thread; });
    const bool usable = it != slashes_.end() && it->uses < kSlashAnswers && !it->url.empty() &&
                        steady_ms() - it->at_ms < kSlashLife;
    if (usable) o.response_url = it->url, it->uses++;
    return outbox_.push(std::move(o));
}

// ---- the next generation

std::string Slack::hand_over() {
    std::string out;
    const size_t n = std::min(seen_order_.size(), kMostHandedOver);
    for (auto it = seen_order_.end() - static_cast<std::ptrdiff_t>(n); it != seen_order_.end();
         ++it)
        out += *it + "\n";
    stop();
    return out;
}

bool Slack::take_over(std::string_view state) {
    while (!state.empty()) {
        const size_t end = std::min(state.find('\n'), state.size());
        if (end && seen_order_.size() < kMostHandedOver) is_new(std::string(state.substr(0, end)));
        state.remove_prefix(std::min(end + 1, state.size()));
    }
    return false;
}

}  // namespace microhost::bot
