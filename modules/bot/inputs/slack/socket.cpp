// SPDX-License-Identifier: Apache-2.0
#include "socket.hpp"

#include <microhost/host.hpp>

#include <utility>

namespace microhost::bot::slack {
namespace {

constexpr std::chrono::milliseconds kHello{15'000}, kPing{30'000}, kOpen{10'000};
constexpr uint64_t kMostFrame = 1 << 20;

/// Why there is no websocket, or no more. Its address is a ticket, and is not in it.
std::string why(const mh::ws_closed& c) {
    if (c.reason.empty()) return "the socket was closed (" + std::to_string(c.code) + ")";
    std::string out = "the socket was closed: ";
    for (const char ch : c.reason.substr(0, 100))
        out += static_cast<unsigned char>(ch) < ' ' || ch == 0x7f ? '?' : ch;
    return out;
}

}  // namespace

void Socket::open(std::string_view app_token) {
    asking_ =
        api_.call("apps.connections.open", app_token, {}, [this](const Answer& a) { connect(a); });
}

void Socket::connect(const Answer& a) {
    if (over_) return;
    const auto url = mh::websocket_url(a.json.root()["url"].string().value_or(""));
    if (!a.good() || !url) return end({a.hopeless(), a.retry_after, a.why()});
    if (!api_.trusts(*url))
        return end({true, {}, "Slack gives a socket without TLS, which slack_api does not allow"});
    mh::ws_target t{.where = *url};
    t.open_timeout = kOpen, t.ping_interval = kPing;
    t.max_message = kMostFrame;
    if (url->tls) t.tls_ca_file = api_.ca_file();
    mh::websocket::handler h;
    h.on_message = [this](std::string_view text, bool) { on_frame(text); };
    h.on_close = [this](const mh::ws_closed& c) { end({false, c.retry_after(), why(c)}); };
    if (const mh_status s = ws_.open(t, std::move(h)); s != MH_OK)
        return end({false, {}, "the socket's address or slack_ca_file cannot be used"});
    patience_.start(kHello, [this] { end({false, {}, "the socket does not say hello"}); });
}

void Socket::on_frame(std::string_view text) {
    const Frame f = read_frame(text);
    // First of all: Slack waits three seconds for it, and would send the same once more.
    if (f.kind == Frame::Kind::envelope) ws_.send(acknowledgement(f.envelope));
    if (debug_) mh::log::info("slack: a frame", {{"type", f.type}, {"reason", f.reason}});
    switch (f.kind) {
        case Frame::Kind::hello:
            patience_.cancel();
            if (!std::exchange(ready_, true)) calls_.on_ready(*this);
            return;
        case Frame::Kind::disconnect: return on_disconnect(f.reason);
        case Frame::Kind::envelope:
            if (f.heard) calls_.on_heard(*f.heard);
            return;
        case Frame::Kind::malformed:
        case Frame::Kind::other: return;
    }
}

void Socket::on_disconnect(const std::string& reason) {
    if (reason == "link_disabled")
        return end(
            {true, {}, "Socket Mode is switched off for the app: switch it on in the app's page"});
    if (!std::exchange(leaving_, true)) calls_.on_leaving(*this);
}

void Socket::close() {
    over_ = true;
    patience_.cancel();
    ws_.close();
}

void Socket::end(SocketEnd e) {
    if (std::exchange(over_, true)) return;
    ready_ = false;
    patience_.cancel();
    ws_.abort();
    // What is called may destroy this.
    const auto call = calls_.on_end;
    call(*this, e);
}

}  // namespace microhost::bot::slack
