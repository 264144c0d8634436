// SPDX-License-Identifier: Apache-2.0
#include "irc.hpp"

#include <microhost/json.hpp>

#include <chrono>

#include "../../../shared/json_span.hpp"
#include "../../../shared/json_writer.hpp"
#include "../../../shared/text.hpp"

namespace microhost::bot {
namespace {

using irc::ms;

constexpr ms kStart{100}, kHealthy{60'000};
/// A wrong certificate does not become right within a second.
constexpr ms kDistrust{60'000};

ms now() {
    return std::chrono::duration_cast<ms>(std::chrono::steady_clock::now().time_since_epoch());
}

uint64_t wall_clock() {
    using namespace std::chrono;
    return static_cast<uint64_t>(duration_cast<ms>(system_clock::now().time_since_epoch()).count());
}

}  // namespace

Irc::Irc(const mh_config* config, Ears& ears)
    : settings_(irc::Settings::read(config)), ears_(ears), session_(settings_, hooks()) {
    watch_password(password_, settings_.password_file, settings_.password);
    watch_password(account_password_, settings_.account_password_file, settings_.account_password);
}

void Irc::watch_password(std::optional<mh::watched_file>& watch, const std::string& path,
                         std::string& password) {
    if (path.empty()) return;
    std::string why;
    watch.emplace(
        path, [this, &password, &why, first = true](mh_status s, std::string_view content) mutable {
            const std::string_view word = shared::trim(content.substr(0, content.find('\n')));
            const bool good = s == MH_OK && !word.empty();
            if (good) password = word;
            if (std::exchange(first, false)) {
                if (!good) why = s == MH_OK ? "it is empty" : mh::file_problem(s);
            } else if (good && status_.link == Link::refused && !stopped_) {
                connect();
            }
        });
    if (!why.empty()) throw mh::failure(path + ": " + why, "/irc_password_file", MH_E_IO);
}

Format Irc::format() const {
    Format f;
    f.message_bytes = 400;
    f.messages = 20;
    f.lines = false;
    return f;
}

Status Irc::status() const {
    Status s = status_;
    s.queued = session_.outbox().size();
    s.dropped = session_.outbox().dropped();
    s.sent = session_.sent(), s.received = session_.received();
    return s;
}

// Not at once: a module that is only tried before a reload (microhost check --trial) is at its end by then, and nobody shall see it.
void Irc::start() {
    stopped_ = false;
    timer_.start(kStart, [this] { connect(); });
}

void Irc::stop() {
    stopped_ = true;
    timer_.cancel();
    session_.quit("the bot stops", now());
    if (connection_) connection_.close();
    status_.link = Link::off;
}

bool Irc::send(const Place& to, std::string_view text) {
    const bool queued = session_.say(to, text, now());
    if (!stopped_) tick();
    return queued;
}

// ---- the connection

void Irc::connect() {
    timer_.cancel();
    stuck_ = false;
    set(Link::connecting, settings_.server);
    mh::connection::options o;
    o.address = settings_.server, o.tls = settings_.tls;
    o.ca_file = settings_.ca_file;
    o.cert_file = settings_.cert_file, o.key_file = settings_.key_file;
    if (connection_.open(o, handler()) != MH_OK)
        wait("the connection cannot be opened: check irc_server and the files of irc_tls",
             kDistrust);
}

mh::connection::handler Irc::handler() {
    mh::connection::handler h;
    h.on_open = [this] {
        session_.open(now());
        tick();
    };
    h.on_bytes = [this](std::string_view bytes) {
        session_.take(bytes, now());
        if (!stopped_ && connection_) tick();
        return bytes.size();
    };
    h.on_close = [this](mh_status s, std::string_view text) { on_close(s, text); };
    return h;
}

irc::Session::Hooks Irc::hooks() {
    irc::Session::Hooks h;
    h.write = [this](std::string_view line) {
        stuck_ = connection_.write(line) == MH_E_BUSY || stuck_;
    };
    h.heard = [this](Message m) { ears_.on_message(*this, std::move(m)); };
    h.changed = [this] {
        if (!session_.online()) return;
        if (status_.link != Link::online) {
            online_since_ = now();
            status_.reconnects += std::exchange(was_online_, true);
        }
        set(Link::online, settings_.server + " " + session_.detail());
    };
    h.end = [this](const irc::End& why) { on_end(why); };
    return h;
}

// The last words that were written, such as an answer to what was wrong, may still go.
void Irc::on_end(const irc::End& why) {
    connection_.close();
    if (!why.refused) return wait(why.why, why.stay_away);
    timer_.cancel();
    set(Link::refused, settings_.server + ": " + why.why);
}

void Irc::on_close(mh_status status, std::string_view text) {
    session_.close();
    if (stopped_ || status_.link == Link::refused || status_.link == Link::waiting) return;
    const std::string why = text.empty() ? "the server closed the connection" : std::string(text);
    wait(why, status == MH_E_DENIED ? kDistrust : ms(0));
}

void Irc::wait(std::string why, ms floor) {
    if (stopped_) return;
    // The connection's own words begin with the address.
    set(Link::waiting, why.starts_with(settings_.server) ? why : settings_.server + ": " + why);
    timer_.start(backoff_.next(floor), [this] { connect(); });
}

// All that has a time, by one timer.
void Irc::tick() {
    if (status_.link != Link::connecting && status_.link != Link::online) return;
    if (session_.online() && now() - online_since_ >= kHealthy) backoff_.reset();
    const ms next = session_.tick(now());
    if (stuck_) {
        session_.close();
        connection_.abort();
        return wait("the server does not read what the bot says", ms(0));
    }
    if (status_.link != Link::connecting && status_.link != Link::online) return;
    timer_.start(next, [this] { tick(); });
}

void Irc::set(Link link, std::string detail) {
    if (stopped_ || (status_.link == link && status_.detail == detail)) return;
    if (status_.link != link) status_.since_ms = wall_clock();
    status_.link = link;
    status_.detail = std::move(detail);
    ears_.on_status(*this);
}

// ---- the next generation of the module

std::string Irc::hand_over() {
    if (!session_.online() || !connection_) return {};
    timer_.cancel();
    const std::string session = session_.save();
    const auto key = connection_.park();
    if (!key) return {};
    stopped_ = true;
    std::string out;
    shared::JsonWriter w(out);
    w.begin_object().key("server").string(settings_.server).key("tls").boolean(settings_.tls);
    w.key("account").string(settings_.account).key("key").string(std::to_string(*key));
    w.key("reconnects").integer(static_cast<int64_t>(status_.reconnects));
    w.key("session").raw(session).end_object();
    return out;
}

bool Irc::take_over(std::string_view state) {
    const mh::json_document document(state);
    const mh::json_value root = document.root();
    const auto text = [&](const char* key) { return root[key].string().value_or(""); };
    const bool same = text("server") == settings_.server && text("account") == settings_.account &&
                      root["tls"].boolean() == settings_.tls;
    if (!same) return false;
    const std::string key(text("key"));
    if (connection_.adopt(std::strtoull(key.c_str(), nullptr, 10), handler()) != MH_OK)
        return false;
    if (!session_.load(shared::member_text(state, "session"), now())) {
        connection_.abort();
        return false;
    }
    stopped_ = false;
    status_.reconnects = static_cast<uint64_t>(root["reconnects"].integer().value_or(0));
    online_since_ = now();
    was_online_ = true;
    set(Link::online, settings_.server + " " + session_.detail());
    tick();
    return true;
}

}  // namespace microhost::bot
