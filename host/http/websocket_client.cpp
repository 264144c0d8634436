// SPDX-License-Identifier: Apache-2.0
#include "http/websocket_client.hpp"

#include <algorithm>
#include <ctime>
#include <utility>
#include <vector>

#include "http/engine.hpp"
#include "http/names.hpp"
#include "http/reason.hpp"
#include "http/websocket_handshake.hpp"
#include "module/generation.hpp"
#include "module/host_side.hpp"

namespace microhost::http {
namespace {

constexpr uint16_t kTlsFailed = 1015;
constexpr uint32_t kClosingMs =
    2'000;  // until the server ends the connection that both have closed
constexpr size_t kMostReasonText = 200;

/// Those of this thread whose module has not heard of the end.
thread_local std::vector<ClientWebsocket*> sockets_here;

bool tokens(std::string_view list) {
    return for_each_token(list, [](std::string_view t) { return is_token(t); });
}

}  // namespace

ClientWebsocket::ClientWebsocket(Engine& e, module::HostSide* side, const mh_ws_connect& o,
                                 const mh_ws_events& events, void* user)
    : Websocket(e.loop, WsEnd::client,
                {events, user, o.max_message ? o.max_message : kMessage, o.ping_interval_ms}),
      engine_(e),
      side_(side) {}

mh_status ClientWebsocket::connect(Engine& e, module::HostSide* side, const mh_ws_connect& o,
                                   const mh_ws_events& events, void* user, Websocket** out) {
    if (sockets_here.size() >= kMostPerLoop) return MH_E_LIMIT;
    auto* w = new ClientWebsocket(e, side, o, events, user);
    mh_status s = w->take_options(o);
    // Not from within this call: a failure that comes at once is told like any other.
    if (s == MH_OK)
        s = w->target_.find([w](const Result<>& found) {
            if (!found) return w->fail(kWsBroken, found.error().what);
            w->loop_.defer([](void* p) { static_cast<ClientWebsocket*>(p)->begin(); }, w);
        });
    if (s != MH_OK) {
        w->state_ = State::closed;
        delete w;
        return s;
    }
    sockets_here.push_back(w);
    if (side) side->generation.at_end(e.loop.index(), end_of_module);
    e.loop.arm(w->timer_, o.open_timeout_ms ? o.open_timeout_ms : kOpenMs);
    *out = w;
    return MH_OK;
}

mh_status ClientWebsocket::take_options(const mh_ws_connect& o) {
    if (module::broken(o.protocol) || !tokens(view(o.protocol))) return MH_E_INVALID;
    mh_status s = target_.take({o.flags, o.address, o.authority, o.tls_ca_file, o.tls_cert_file,
                                o.tls_key_file, o.tls_server_name},
                               side_);
    if (s != MH_OK) return s;
    key_ = websocket_key();
    if (key_.empty()) return MH_E_UNAVAILABLE;
    offered_ = view(o.protocol);
    mh_http_out request{};
    request.method = str("GET");
    request.target = o.target;
    request.headers = o.headers;
    request.n_headers = o.n_headers;
    return write_upgrade(request, target_.authority(), key_, offered_, engine_, request_);
}

void ClientWebsocket::begin() {
    if (state_ == State::connecting) attempt();
}

void ClientWebsocket::attempt() {
    UpstreamRequest r;
    r.upgrade = r.fresh = true;
    const char* why = "";
    do {
        if (target_.start(engine_, *this, r, request_, &why)) return;
    } while (target_.next());
    // Of several addresses one may have answered, and not been believed: that says more.
    if (!tls_problem_.empty()) return fail(kTlsFailed, tls_problem_);
    fail(kWsBroken, why);
}

// ---- from the connection

void ClientWebsocket::on_response(ResponseHead* head, std::string_view body, bool end) {
    if (lingers_) {
        if (end) let_go(true);
        return;
    }
    ended_ = end;
    if (state_ == State::connecting && head) {
        if (head->status != 101) return refused(*head);
        switched(*head);
    }
    if (was_open()) take(body, end);
}

void ClientWebsocket::switched(const ResponseHead& head) {
    std::string_view protocol;
    if (const char* wrong = check_switch(head, key_, offered_, &protocol))
        return fail(kWsProtocolError, wrong);
    opened();
    if (events_.on_open) guarded(Call::open, [&] { events_.on_open(user_, this, str(protocol)); });
}

void ClientWebsocket::refused(const ResponseHead& head) {
    std::string why = fmt::format("HTTP {}", head.status);
    if (const std::string_view phrase = reason(head.status); !phrase.empty())
        why += fmt::format(" {}", phrase);
    const std::string_view later = trim(head.headers.value(MH_H_RETRY_AFTER));
    if (const uint32_t s = retry_after_s(later, std::time(nullptr)))
        why += fmt::format("; Retry-After: {}", s);
    fail(head.status, why);
}

void ClientWebsocket::on_failure(const UpstreamFailure& f) {
    if (lingers_) return let_go(true);
    if (state_ == State::closed) return;
    if (was_open()) return end(kWsBroken, f.tls.empty() ? f.detail : f.tls);
    if (tls_problem_.empty()) tls_problem_ = f.tls;
    if (state_ == State::connecting && f.nothing_sent && f.why == MH_E_UNAVAILABLE &&
        target_.next())
        return attempt();
    if (!tls_problem_.empty()) return fail(kTlsFailed, tls_problem_);
    fail(kWsBroken, f.detail);
}

void ClientWebsocket::on_late() {
    if (lingers_) return let_go(true);
    fail(kWsBroken, "no answer in time");
}

// ---- the end

/// Before it was open.
void ClientWebsocket::fail(uint16_t code, std::string_view why) {
    if (state_ == State::closed) return;
    leave(code, why.substr(0, kMostReasonText));
    let_go(true);
}

void ClientWebsocket::detach() {
    target_.forget();
    std::erase(sockets_here, this);
}

// A connection that both have closed is the server's to end (RFC 6455 section 7.1.1): ended here, it could take our close with it.
void ClientWebsocket::let_go(bool broken) {
    side_ = nullptr;
    if (!broken && !ended_ && !lingers_ && Transaction::active()) {
        lingers_ = true;
        shutdown_write();
        resume_reading();
        loop_.arm(timer_, kClosingMs);
        return;
    }
    lingers_ = false;
    Wheel::disarm(timer_);
    Transaction::abandon();
    loop_.free_later(this);
}

void ClientWebsocket::end_of_module(module::HostSide& side) {
    const auto all = sockets_here;
    for (ClientWebsocket* w : all)
        if (w->side_ == &side) w->abort();
}

bool ClientWebsocket::enter(Call which, void (*fn)(void*), void* arg) noexcept {
    static constexpr const char* kNames[] = {"ws.on_message", "ws.on_writable", "ws.on_close",
                                             "ws.on_open"};
    if (!side_) return fn(arg), true;
    return module::guarded(*side_, kNames[static_cast<size_t>(which)], false, [&] {
        fn(arg);
        return true;
    });
}

}  // namespace microhost::http
