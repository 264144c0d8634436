// SPDX-License-Identifier: Apache-2.0
#include "xmpp.hpp"

#include <charconv>
#include <chrono>

#include "../../../shared/base64.hpp"
#include "../../../shared/text.hpp"

namespace microhost::bot {
namespace {

using std::chrono::milliseconds;
using xmpp::Element;
using xmpp::End;

constexpr milliseconds kTick{1'000}, kSoon{100}, kGoodbye{2'000};
constexpr size_t kMostUnsent = 1024 * 1024;
constexpr uint64_t kHealthy = 60'000;
constexpr unsigned kMostRedirects = 3;
constexpr char kVersion[] = "1";

uint64_t number(std::string_view text) {
    uint64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

uint64_t since_1970_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<milliseconds>(now).count());
}

}  // namespace

Xmpp::Xmpp(xmpp::Settings settings, Ears& ears) : settings_(std::move(settings)), ears_(ears) {
    client_ = std::unique_ptr<xmpp::Client>(new xmpp::Client(settings_, *this));
    if (!settings_.password_file.empty()) read_password();
}

Xmpp::~Xmpp() = default;

void Xmpp::read_password() {
    const std::string option = settings_.name + "_password_file";
    std::string problem = settings_.password_file + ": it is empty";
    password_file_.emplace(settings_.password_file, [this, &problem](mh_status s,
                                                                     std::string_view content) {
        const std::string_view word = shared::trim(content);
        const bool first = status_.link == Link::off;
        if (s != MH_OK || word.empty()) {
            const std::string why = s == MH_OK ? "it is empty" : std::string(mh::file_problem(s));
            if (first)
                problem = settings_.password_file + ": " + why;
            else
                mh::log::warn(settings_.password_file + ": " + why +
                              "; the password read last still counts");
            return;
        }
        if (first) problem.clear();
        client_->session().set_password(std::string(word));
        if (running_ && status_.link == Link::refused)
            connect();  // this may have been what was missing
    });
    if (!problem.empty()) throw mh::failure(option + ": " + problem, "/" + option, MH_E_IO);
}

Format Xmpp::format() const {
    Format f;
    f.message_bytes = 4000;
    f.code_begin = "```\n", f.code_end = "\n```";  // XEP-0393
    return f;
}

Status Xmpp::status() const {
    Status s = status_;
    const auto& counts = client_->counts();
    s.received = counts.received, s.sent = counts.sent, s.dropped = counts.dropped;
    s.queued = client_->waiting();
    return s;
}

void Xmpp::set(Link link, std::string detail) {
    if (link == status_.link && detail == status_.detail) return;
    if (link != status_.link) status_.since_ms = since_1970_ms();
    status_.link = link;
    status_.detail = std::move(detail);
    if (running_) ears_.on_status(*this);
}

// ---- life

void Xmpp::start() {
    running_ = true;
    // Not at once: before a reload a trial starts us elsewhere and stops us again, and the server must see none of it.
    set(Link::connecting, "about to connect");
    again_.start(kSoon, [this] { connect(); });
}

void Xmpp::stop() {
    running_ = false;
    lookup_.cancel();
    again_.cancel(), tick_.cancel(), soon_.cancel();
    const bool online = client_->session().online();
    client_->close();
    status_.link = Link::off;
    if (!online) connection_.abort();
    if (!connection_) return;
    connection_.close();  // after the goodbye
    again_.start(kGoodbye, [this] { connection_.abort(); });
}

bool Xmpp::send(const Place& to, std::string_view text) {
    const bool taken = client_->send(to, text);
    pump_soon();
    return taken;
}

void Xmpp::working(const Place& where, bool on) {
    if (on && where.direct()) client_->types(where);
}

void Xmpp::tick() {
    client_->tick();
    if (!running_) return;
    if (status_.link == Link::online && now_ms() - online_ms_ >= kHealthy)
        backoff_.reset(), redirects_ = 0;
    tick_.start(kTick, [this] { tick(); });
}

/// The rest of the queue, at the pace that servers like.
void Xmpp::pump_soon() {
    if (pumping_ || !running_ || client_->waiting() == 0 || status_.link != Link::online) return;
    pumping_ = true;
    soon_.start(kSoon, [this] {
        pumping_ = false;
        client_->pump();
        pump_soon();
    });
}

// ---- connecting

void Xmpp::connect() {
    again_.cancel();
    client_->lost();
    tick_.start(kTick, [this] { tick(); });
    if (!redirect_.empty()) return dial(std::exchange(redirect_, {}));
    if (const std::string& best = client_->session().location();
        !best.empty() && !std::exchange(tried_location_, true))
        return dial(address_of(best));
    if (!targets_.empty()) {
        const std::string next = targets_.front();
        targets_.pop_front();
        return dial(next);
    }
    if (!settings_.server.empty()) return dial(settings_.fallback_address());
    ask_dns();
}

std::string Xmpp::address_of(const std::string& host) const {
    xmpp::Settings there = settings_;
    there.server = host;
    return there.fallback_address();
}

void Xmpp::ask_dns() {
    set(Link::connecting, "asking for the server of " + settings_.account.jid.domain);
    lookup_.ask(settings_.account.jid.domain, settings_.direct_tls,
                [this](std::deque<std::string> found, bool none) {
                    if (none)
                        return retry("the domain " + settings_.account.jid.domain +
                                     " says that it has no XMPP server");
                    if (found.empty()) found.push_back(settings_.fallback_address());
                    targets_ = std::move(found);
                    const std::string next = targets_.front();
                    targets_.pop_front();
                    dial(next);
                });
}

mh::connection::options Xmpp::options() const {
    mh::connection::options o;
    o.address = address_;
    o.tls = settings_.direct_tls;
    // Whatever host we were sent to: the certificate has to be the domain's.
    o.tls_name = settings_.account.jid.domain;
    if (settings_.direct_tls) o.alpn = "xmpp-client";
    o.ca_file = settings_.ca_file;
    return o;
}

void Xmpp::dial(std::string address) {
    address_ = std::move(address);
    opened_ = false;
    unsent_.clear();
    set(Link::connecting, "connecting to " + address_);
    if (connection_.open(options(), handler()) != MH_OK)
        retry(address_ + ": the connection cannot be opened; the log says why");
}

mh::connection::handler Xmpp::handler() {
    mh::connection::handler h;
    h.on_open = [this] { on_open(); };
    h.on_bytes = [this](std::string_view bytes) {
        client_->session().receive(bytes);
        pump_soon();
        return bytes.size();
    };
    h.on_writable = [this] { flush(); };
    h.on_close = [this](mh_status why, std::string_view text) { on_closed(why, text); };
    return h;
}

void Xmpp::on_open() {
    if (!std::exchange(opened_, true))
        client_->session().open(settings_.direct_tls);
    else
        client_->session().secured();
}

void Xmpp::on_closed(mh_status why, std::string_view text) {
    if (!running_) return;
    // The host's line names the address. Of another name: no waiting changes that. Anything else about a certificate may be
    // mended on the other side.
    if (why == MH_E_DENIED && text.find("another name") != text.npos)
        return refuse(std::string(text) + "; it has to be for " + settings_.account.jid.domain);
    retry(why == MH_OK ? address_ + ": the server closed the connection" : std::string(text));
}

void Xmpp::retry(std::string why) {
    client_->lost();
    connection_.abort();
    soon_.cancel();
    pumping_ = false;
    if (!running_) return;
    const milliseconds wait = targets_.empty() ? backoff_.next() : milliseconds(0);
    set(Link::waiting, std::move(why));
    again_.start(wait, [this] { connect(); });
}

void Xmpp::refuse(std::string why) {
    client_->lost();
    connection_.abort();
    tick_.cancel();
    targets_.clear();
    set(Link::refused, std::move(why));
}

// ---- what the client says

uint64_t Xmpp::now_ms() const {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<milliseconds>(now).count());
}

int64_t Xmpp::wall_s() const { return static_cast<int64_t>(since_1970_ms() / 1000); }

void Xmpp::write(std::string_view bytes) {
    if (!connection_) return;
    if (unsent_.empty() && connection_.write(bytes) != MH_E_BUSY) return;
    const bool too_much = unsent_.size() + bytes.size() > kMostUnsent;
    if (too_much && unsent_.size() <= kMostUnsent)
        again_.start(milliseconds(0), [this] { retry(address_ + ": the server reads nothing"); });
    if (unsent_.size() <= kMostUnsent) unsent_ += bytes;
}

void Xmpp::flush() {
    if (!unsent_.empty() && connection_.write(unsent_) != MH_E_BUSY) unsent_.clear();
}

void Xmpp::start_tls() {
    if (connection_.start_tls(options()) != MH_OK)
        retry(address_ + ": TLS cannot begin; the log says why");
}

void Xmpp::on_message(Message m) {
    if (running_) ears_.on_message(*this, std::move(m));
}

void Xmpp::on_online() {
    if (status_.link != Link::online && online_ms_) ++status_.reconnects;
    online_ms_ = now_ms();
    targets_.clear();
    tried_location_ = false;
    set(Link::online, client_->summary());
    pump_soon();
}

void Xmpp::on_change() {
    if (client_->session().online()) set(Link::online, client_->summary());
}

void Xmpp::on_over(const End& end) {
    if (!running_) return;
    if (end.how == End::How::refused) return refuse(address_ + ": " + end.text);
    if (end.how == End::How::elsewhere && redirects_++ < kMostRedirects) {
        redirect_ = address_of(end.host);
    }
    retry(address_ + ": " + end.text);
}

// ---- the next generation

std::string Xmpp::hand_over() {
    const bool online = client_->session().online();
    if (!running_ || (!online && status_.link != Link::waiting && status_.link != Link::connecting))
        return {};
    running_ = false;
    lookup_.cancel();
    again_.cancel(), tick_.cancel(), soon_.cancel();
    pumping_ = false;
    const auto key = online ? connection_.park() : std::nullopt;
    Element out(settings_.name);
    out.with("version", kVersion)
        .with("address", address_)
        .with("reconnects", std::to_string(status_.reconnects));
    if (key) out.with("key", std::to_string(*key)).with("unsent", shared::base64_encode(unsent_));
    out.with(client_->state(key.has_value()));
    connection_.abort();  // without a goodbye: a session that is not parked can be resumed
    client_->lost();
    return out.xml();
}

bool Xmpp::take_over(std::string_view text) {
    Element state;
    if (!xmpp::read_element(text, state) || state.name != settings_.name ||
        state.attribute("version") != kVersion)
        return false;
    const Element* client = state.child("client", state.ns);
    if (!client) return false;
    status_.reconnects = number(state.attribute("reconnects"));
    running_ = true;
    begin_anew();  // we may be the generation that has handed over, and gets it back
    if (adopt(state, *client)) return true;
    connection_.abort();
    begin_anew();
    running_ = client_->restore(*client, false);
    if (running_) connect();
    return running_;
}

void Xmpp::begin_anew() {
    client_ = std::unique_ptr<xmpp::Client>(new xmpp::Client(settings_, *this));
    if (password_file_) read_password();
}

bool Xmpp::adopt(const Element& state, const Element& client) {
    const uint64_t key = number(state.attribute("key"));
    if (!key || connection_.adopt(key, handler()) != MH_OK) return false;
    address_ = state.attribute("address");
    opened_ = true;
    if (!shared::base64_decode(state.attribute("unsent"), unsent_)) return false;
    flush();
    if (!client_->restore(client, true)) return false;
    tick_.start(kTick, [this] { tick(); });
    on_online();
    return true;
}

}  // namespace microhost::bot
