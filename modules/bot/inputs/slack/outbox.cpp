// SPDX-License-Identifier: Apache-2.0
#include "outbox.hpp"

#include <microhost/host.hpp>

#include <algorithm>
#include <chrono>

#include "../../clock.hpp"
#include "text.hpp"

namespace microhost::bot::slack {
namespace {

constexpr uint64_t kPause = 1'000;
constexpr unsigned kMostAttempts = 5;

}  // namespace

bool Outbox::push(Outgoing o) {
    Channel& c = channels_[o.channel];
    if (stopped_ || waiting_ >= kMost || c.queue.size() >= kMostOfOne) {
        dropped_++;
        if (c.queue.empty() && !c.busy) channels_.erase(o.channel);
        return false;
    }
    c.queue.push_back(std::move(o));
    waiting_++;
    pump();
    return true;
}

void Outbox::pause(bool paused) {
    paused_ = paused;
    pump();
}

void Outbox::stop() {
    stopped_ = true;
    timer_.cancel();
}

/// A bucket of kBurst that fills by one each pause.
uint64_t Outbox::ready_at(const Channel& c) const {
    const uint64_t burst = (kBurst - 1) * kPause;
    const uint64_t paid = c.paid_until_ms > burst ? c.paid_until_ms - burst : 0;
    return std::max({paid, c.silent_until_ms, silent_until_ms_});
}

void Outbox::pump() {
    if (paused_) return;
    const uint64_t now = steady_ms();
    uint64_t next = UINT64_MAX;
    for (auto it = channels_.begin(); it != channels_.end();) {
        const auto at_hand = it++;
        auto& [name, c] = *at_hand;
        if (c.busy) continue;
        const uint64_t at = ready_at(c);
        if (c.queue.empty()) {
            // Forgotten once it owes nothing.
            if (c.paid_until_ms <= now && c.silent_until_ms <= now) channels_.erase(at_hand);
        } else if (at <= now) {
            send(name, c);
        } else {
            next = std::min(next, at);
        }
    }
    if (next != UINT64_MAX && !stopped_)
        timer_.start(std::chrono::milliseconds(next - now), [this] { pump(); });
}

void Outbox::send(const std::string& name, Channel& c) {
    Outgoing& o = c.queue.front();
    c.busy = true;
    c.paid_until_ms = std::max(c.paid_until_ms, steady_ms()) + kPause;
    o.attempts++;
    const auto done = [this, n = name](const Answer& a) { on_answer(n, a); };
    if (!o.response_url.empty()) {
        const std::string body =
            "{\"response_type\":\"in_channel\",\"text\":" + mh::quoted(o.text) + "}";
        return api_.post(o.response_url, body, done);
    }
    std::string form;
    add_field(form, "channel", o.channel);
    if (!o.thread.empty()) add_field(form, "thread_ts", o.thread);
    add_field(form, "text", o.text);
    // Links in an answer are data, not invitations to fetch them.
    add_field(form, "unfurl_links", "false"), add_field(form, "unfurl_media", "false");
    api_.call("chat.postMessage", token_, form, done);
}

void Outbox::pop(Channel& c) {
    c.queue.pop_front();
    waiting_--;
}

void Outbox::on_answer(const std::string& name, const Answer& a) {
    const auto it = channels_.find(name);
    if (it == channels_.end()) return;
    Channel& c = it->second;
    Outgoing& o = c.queue.front();
    c.busy = false;
    const bool by_url = !o.response_url.empty();
    if (a.good()) {
        sent_++;
        said_.clear();
        pop(c);
    } else if (a.limited()) {
        // The method's limit and the channel's look alike; the others find out for themselves.
        c.silent_until_ms =
            steady_ms() +
            1000 * std::max<uint64_t>(1, static_cast<uint64_t>(a.retry_after.count()));
    } else if (by_url && !a.unsent()) {
        o.response_url.clear();  // used up, or too old: the channel itself
    } else if ((a.unsent() || a.code >= 500) && o.attempts < kMostAttempts) {
        silent_until_ms_ = steady_ms() + kPause * o.attempts;
    } else {
        say(a);
        dropped_++;
        pop(c);
    }
    pump();
}

void Outbox::say(const Answer& a) {
    const std::string why = a.why();
    if (why == said_) return;
    said_ = why;
    mh::log::warn("slack: a message could not be posted; is the bot in that channel?",
                  {{"reason", why}});
}

}  // namespace microhost::bot::slack
