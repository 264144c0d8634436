// SPDX-License-Identifier: Apache-2.0
#include "telegram.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "../../../shared/json_writer.hpp"
#include "../../../shared/text.hpp"

namespace microhost::bot {
namespace {

using ms = Telegram::ms;
using telegram::Answer;

constexpr int64_t kPoll_s = 50;
constexpr ms kPollTimeout{(kPoll_s + 15) * 1000}, kTimeout{20'000};
constexpr ms kBetween{1'000};  ///< messages to one chat
constexpr ms kStart{100}, kConflict{10'000}, kHealthy{60'000};
constexpr int64_t kPast_s = 5 * 60;
constexpr unsigned kMostFailures = 3;

ms steady() {
    return std::chrono::duration_cast<ms>(std::chrono::steady_clock::now().time_since_epoch());
}

uint64_t wall_clock() {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<ms>(std::chrono::system_clock::now().time_since_epoch())
            .count());
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else
            out += c;
    }
    return out;
}

bool is_number(std::string_view s) {
    if (s.starts_with('-')) s.remove_prefix(1);
    return !s.empty() && s.size() < 20 && std::all_of(s.begin(), s.end(), shared::is_digit);
}

/// The number in front of a token is the bot's.
std::string bot_of(const std::string& token) { return token.substr(0, token.find(':')); }

}  // namespace

Telegram::Telegram(const mh_config* config, Ears& ears)
    : Telegram(telegram::Settings::read(config), ears, steady) {}

Telegram::Telegram(telegram::Settings settings, Ears& ears, std::function<ms()> clock)
    : settings_(std::move(settings)),
      ears_(ears),
      clock_(std::move(clock)),
      poll_(settings_),
      send_(settings_) {
    watch_token();
}

void Telegram::watch_token() {
    if (settings_.token_file.empty()) return;
    std::string why;
    token_.emplace(settings_.token_file,
                   [this, &why, first = true](mh_status s, std::string_view content) mutable {
                       const std::string_view word = shared::trim(content);
                       const bool good = s == MH_OK && telegram::is_token(word);
                       if (good) settings_.token = word;
                       if (std::exchange(first, false)) {
                           if (!good)
                               why = s == MH_OK ? "there is no token in it" : mh::file_problem(s);
                       } else if (good && status_.link == Link::refused && !stopped_) {
                           me_ = {};
                           connect();
                       }
                   });
    if (!why.empty())
        throw mh::failure(settings_.token_file + ": " + why, "/telegram_token_file", MH_E_IO);
}

// 4096 characters of what is left when the tags are read.
Format Telegram::format() const {
    Format f;
    f.message_bytes = 4000;
    f.code_begin = "<pre>", f.code_end = "</pre>";
    f.escape = escaped;
    return f;
}

Status Telegram::status() const {
    Status s = status_;
    s.queued = waiting_.size();
    return s;
}

// Not at once: a module that is only tried before a reload (microhost check --trial) is at its end by then, and must not take the
// updates away from the one that serves.
void Telegram::start() {
    stopped_ = false;
    retry_.start(kStart, [this] { connect(); });
}

void Telegram::stop() {
    stopped_ = true;
    retry_.cancel(), send_timer_.cancel();
    poll_.stop(), send_.stop();
    status_.link = Link::off;
}

// ---- what comes

void Telegram::connect() {
    if (me_.id) return poll();
    set(Link::connecting, settings_.where.authority);
    if (!poll_.call("getMe", "{}", kTimeout, [this](const Answer& a) { on_me(a); }))
        wait("no request can be made: check telegram_api and telegram_ca_file", ms(60'000));
}

void Telegram::on_me(const Answer& a) {
    say("getMe", a);
    const auto id = a.result()["id"].integer();
    if (!a.good() || !id) return failed(a);
    me_.id = *id;
    me_.user_name = a.result()["username"].string().value_or("");
    poll();
}

// With the next question the answer to the one before is confirmed, so nothing is heard twice.
void Telegram::poll() {
    if (stopped_) return;
    retry_.cancel();
    const std::string json = R"({"offset":)" + std::to_string(offset_) +
                             R"(,"limit":100,"timeout":)" + std::to_string(kPoll_s) +
                             R"(,"allowed_updates":["message"]})";
    const ms at = clock_();
    if (!poll_.call("getUpdates", json, kPollTimeout,
                    [this, at](const Answer& a) { on_updates(a, at); }))
        return wait("no request can be made: check telegram_api and telegram_ca_file", ms(60'000));
    if (status_.link != Link::online) {
        online_since_ = at;
        status_.reconnects += std::exchange(was_online_, true);
    }
    set(Link::online, settings_.where.authority + " as @" + me_.user_name);
    flush();
}

void Telegram::on_updates(const Answer& a, ms asked_at) {
    say("getUpdates", a);
    if (!a.good()) return failed(a);
    if (clock_() - online_since_ >= kHealthy) backoff_.reset();
    const int64_t server_now = a.date_s ? a.date_s : static_cast<int64_t>(wall_clock() / 1000);
    const auto got = telegram::read_updates(a.result(), me_, settings_, server_now - kPast_s);
    offset_ = std::max(offset_, got.next);
    status_.received += got.messages.size();
    // A server that does not wait as it was asked to is not asked at once.
    if (got.next == 0 && clock_() - asked_at < kBetween)
        retry_.start(kBetween, [this] { poll(); });
    else
        poll();
    for (const Message& m : got.messages) ears_.on_message(*this, m);
}

void Telegram::failed(const Answer& a) {
    if (a.unknown_token())
        return refuse("Telegram does not know the token: check telegram_token (" + a.why() + ")");
    if (a.code == 409)
        return wait(
            "somebody else asks with the same token, or a webhook is set: there can be only one (" +
                a.why() + ")",
            kConflict);
    wait(a.why(), a.retry_after());
}

void Telegram::wait(std::string why, ms floor) {
    if (stopped_) return;
    set(Link::waiting, settings_.where.authority + ": " + std::move(why));
    retry_.start(backoff_.next(floor), [this] { connect(); });
}

void Telegram::refuse(const std::string& why) {
    retry_.cancel(), send_timer_.cancel();
    poll_.stop();
    set(Link::refused, settings_.where.authority + ": " + why);
}

// ---- what goes

bool Telegram::push(Outgoing o) {
    const bool full = waiting_.size() >= kMostWaiting;
    if (full) {
        waiting_.pop_front();
        ++status_.dropped;
    }
    waiting_.push_back(std::move(o));
    return !full;
}

bool Telegram::send(const Place& to, std::string_view text) {
    Outgoing o{to.direct() ? to.peer : to.room, to.thread, std::string(text)};
    if (!is_number(o.chat) || !(o.thread.empty() || is_number(o.thread)) ||
        shared::trim(text).empty())
        return false;
    const bool all = push(std::move(o));
    flush();
    return all;
}

void Telegram::flush() {
    if (stopped_ || !me_.id || status_.link == Link::refused || send_.busy()) return;
    const ms now = clock_();
    std::erase_if(next_, [now](const auto& entry) { return entry.second <= now; });
    if (waiting_.empty()) return;
    const auto it = std::find_if(waiting_.begin(), waiting_.end(),
                                 [this](const Outgoing& o) { return !next_.contains(o.chat); });
    if (now < hold_until_ || it == waiting_.end()) {
        ms soonest = hold_until_;
        if (now >= hold_until_) {
            soonest = ms::max();
            for (const auto& [chat, at] : next_) soonest = std::min(soonest, at);
        }
        return send_timer_.start(soonest - now, [this] { flush(); });
    }
    Outgoing o = std::move(*it);
    waiting_.erase(it);
    next_[o.chat] = now + kBetween;
    std::string json;
    shared::JsonWriter w(json);
    w.begin_object().key("chat_id").raw(o.chat).key("text").string(o.text);
    if (!o.thread.empty()) w.key("message_thread_id").raw(o.thread);
    w.key("parse_mode").string("HTML");
    w.key("link_preview_options").begin_object().key("is_disabled").boolean(true).end_object();
    w.end_object();
    if (!send_.call("sendMessage", json, kTimeout, [this, o](const Answer& a) { on_sent(a, o); }))
        drop("no request can be made");
}

void Telegram::on_sent(const Answer& a, Outgoing o) {
    say("sendMessage", a);
    const bool busy = a.status == MH_OK && a.code == 429;
    // What broke on the way may have been said already, and is not said again.
    const bool unsaid = a.status == MH_E_UNAVAILABLE || (a.status == MH_OK && a.code >= 500);
    if (a.good()) {
        ++status_.sent;
    } else if (a.status == MH_OK && a.code == 401) {
        refuse("Telegram does not know the token: check telegram_token (" + a.why() + ")");
    } else if (busy || (unsaid && ++o.failures < kMostFailures)) {
        hold_until_ = clock_() + std::max(a.retry_after(), kBetween);
        waiting_.push_front(std::move(o));
    } else {
        drop(a.why());
    }
    flush();
}

void Telegram::drop(const std::string& why) {
    ++status_.dropped;
    if (told_ == why) return;
    told_ = why;
    mh::log::warn("telegram: an answer was not sent: " + why);
}

// ---- the rest

void Telegram::set(Link link, std::string detail) {
    if (stopped_ || (status_.link == link && status_.detail == detail)) return;
    if (status_.link != link) status_.since_ms = wall_clock();
    status_.link = link;
    status_.detail = std::move(detail);
    ears_.on_status(*this);
}

// Neither what was said nor the token.
void Telegram::say(std::string_view what, const Answer& a) {
    if (!settings_.debug) return;
    mh::log::info("telegram: " + std::string(what) + ": " +
                  (a.good() ? std::to_string(a.result().count()) + " results" : a.why()));
}

std::string Telegram::hand_over() {
    if (!me_.id || stopped_) return {};
    stop();
    std::string out;
    shared::JsonWriter w(out);
    w.begin_object().key("bot").string(bot_of(settings_.token)).key("id").integer(me_.id);
    w.key("user_name").string(me_.user_name).key("offset").integer(offset_);
    w.key("sent").integer(static_cast<int64_t>(status_.sent));
    w.key("received").integer(static_cast<int64_t>(status_.received));
    w.key("waiting").begin_array();
    for (const Outgoing& o : waiting_)
        w.begin_object()
            .key("chat")
            .string(o.chat)
            .key("thread")
            .string(o.thread)
            .key("text")
            .string(o.text)
            .end_object();
    w.end_array().end_object();
    return out;
}

bool Telegram::take_over(std::string_view state) {
    const mh::json_document document(state);
    const mh::json_value root = document.root();
    if (root["bot"].string() != bot_of(settings_.token)) return false;
    me_.id = root["id"].integer().value_or(0);
    me_.user_name = root["user_name"].string().value_or("");
    offset_ = root["offset"].integer().value_or(0);
    status_.sent = static_cast<uint64_t>(root["sent"].integer().value_or(0));
    status_.received = static_cast<uint64_t>(root["received"].integer().value_or(0));
    if (me_.id == 0) return false;
    waiting_.clear();
    const mh::json_value list = root["waiting"];
    for (uint32_t i = 0; i < list.count(); ++i) {
        const auto text = [&](const char* key) {
            return std::string(list.at(i)[key].string().value_or(""));
        };
        push({text("chat"), text("thread"), text("text")});
    }
    stopped_ = false;
    was_online_ = false;
    poll();
    return true;
}

}  // namespace microhost::bot
