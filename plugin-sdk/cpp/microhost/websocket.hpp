// SPDX-License-Identifier: Apache-2.0
/// Websockets to servers, heard by lambdas. The module needs mh::uses<mh_http_websocket>.
#pragma once

#include <microhost/fetch.hpp>
#include <microhost/host.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace mh {

/// The parts of "ws://HOST[:PORT][/PATH][?QUERY]" or "wss://...". Nothing for anything else.
inline std::optional<url> websocket_url(string_view text) {
    const bool tls = text.starts_with("wss://");
    if (!tls && !text.starts_with("ws://")) return {};
    return url::parse((tls ? "https" : "http") + std::string(text.substr(tls ? 3 : 2)));
}

/// Why a websocket has ended; see mh_ws_events.on_close.
struct ws_closed {
    unsigned code = 0;
    string_view reason;
    bool opened = false;  ///< on_open had come

    /// MH_E_DENIED: the server does not let us in (401, 403), or its certificate is not believed. MH_E_LIMIT: too often (429).
    /// MH_E_NOT_FOUND: 404, 410. MH_E_UNAVAILABLE: nobody there, or not now. MH_E_IO: it broke, or is no websocket. MH_OK: an
    /// orderly end.
    mh_status status() const {
        switch (code) {
            case 1000:
            case 1001:
            case 1005: return MH_OK;
            case 401:
            case 403:
            case 1015: return MH_E_DENIED;
            case 404:
            case 410: return MH_E_NOT_FOUND;
            case 429: return MH_E_LIMIT;
            case 1006: return opened ? MH_E_IO : MH_E_UNAVAILABLE;
            default: return code >= 500 && code < 600 ? MH_E_UNAVAILABLE : MH_E_IO;
        }
    }
    /// How long the server asks to stay away; 0: it does not say.
    std::chrono::seconds retry_after() const {
        constexpr string_view mark = "; Retry-After: ";
        const auto at = code < 1000 ? reason.rfind(mark) : string_view::npos;
        if (at == string_view::npos) return {};
        std::uint32_t seconds = 0;
        std::from_chars(reason.data() + at + mark.size(), reason.data() + reason.size(), seconds);
        return std::chrono::seconds(seconds);
    }
};

struct ws_target {
    url where;                  ///< of websocket_url()
    string_view protocol = {};  ///< subprotocols that are offered, with commas between them
    std::span<const mh_kv> headers = {};
    std::chrono::milliseconds open_timeout{0}, ping_interval{0};  ///< 0: 10 s and 30 s
    std::uint64_t max_message = 0;                                ///< 0: 1 MiB
    bool verify = true;
    /// See mh_http_out; for wss:// only.
    string_view tls_ca_file = {}, tls_cert_file = {}, tls_key_file = {}, tls_server_name = {};
};

/// One connection; destroying it breaks it off without callbacks, within one of them too.
/// [loop] [main], all of it on one thread
class websocket {
  public:
    struct handler {  ///< each may be empty
        std::function<void(string_view protocol)> on_open;
        std::function<void(string_view message, bool text)> on_message;
        std::function<void()> on_writable;
        /// The last call; the websocket may be opened again in it.
        std::function<void(const ws_closed&)> on_close;
    };

    websocket() = default;
    websocket(websocket&&) = default;
    websocket& operator=(websocket&& o) {
        abort();
        state_ = std::move(o.state_);
        return *this;
    }
    ~websocket() { abort(); }

    /// It is open, or about to be.
    explicit operator bool() const { return state_ && state_->ws; }

    /// Ends what was there, and begins. No callback comes before this returns; a negative status: nothing was opened, nothing
    /// follows.
    mh_status open(const ws_target& t, handler h) {
        abort();
        mh_ws_connect o{};
        o.size = sizeof o;
        o.flags = (t.where.tls ? uint32_t{MH_CLIENT_TLS} : 0) |
                  (t.verify ? 0 : uint32_t{MH_CLIENT_NO_VERIFY});
        o.address = lend(t.where.address);
        o.authority = lend(t.where.authority);
        o.target = lend(t.where.target);
        o.protocol = lend(t.protocol);
        o.headers = t.headers.data();
        o.n_headers = static_cast<uint32_t>(t.headers.size());
        o.open_timeout_ms = static_cast<uint32_t>(t.open_timeout.count());
        o.ping_interval_ms = static_cast<uint32_t>(t.ping_interval.count());
        o.max_message = t.max_message;
        o.tls_ca_file = lend(t.tls_ca_file);
        o.tls_cert_file = lend(t.tls_cert_file);
        o.tls_key_file = lend(t.tls_key_file);
        o.tls_server_name = lend(t.tls_server_name);
        const auto& table = use<mh_http_websocket>();
        if (!MH_FIELD_OK(&table, abort)) return MH_E_UNSUPPORTED;
        auto next = std::make_shared<state>();
        next->calls = std::move(h);
        const mh_status s = table.connect(the_host, &o, &events, next.get(), &next->ws);
        if (s == MH_OK) state_ = std::move(next);
        return s;
    }
    /// MH_E_BUSY: not taken, over 256 KiB wait, on_writable follows. MH_E_GONE: it is not open.
    mh_status send(string_view message, bool text = true) {
        if (!*this) return MH_E_GONE;
        return use<mh_http_websocket>().send(state_->ws, text ? MH_WS_TEXT : MH_WS_BINARY,
                                             bytes(message));
    }
    /// Says goodbye; on_close follows within 5 s.
    mh_status close(unsigned code = 1000, string_view reason = {}) {
        if (!*this) return MH_E_GONE;
        return use<mh_http_websocket>().close(state_->ws, code, lend(reason));
    }
    void abort() {
        const auto old = std::move(state_);
        if (old && old->ws) use<mh_http_websocket>().abort(std::exchange(old->ws, nullptr));
    }

  private:
    struct state : std::enable_shared_from_this<state> {
        mh_ws* ws = nullptr;
        handler calls;
        bool opened = false;
    };
    // A callback may destroy the websocket: what is called stays until it has returned.
    template <class F>
    static void call(void* user, const char* hook, F&& f) {
        const auto self = static_cast<state*>(user)->shared_from_this();
        guarded(hook, [&] { return f(*self), MH_OK; });
    }
    static void on_open(void* user, mh_ws*, mh_str protocol) {
        call(user, "on_open", [&](state& s) {
            s.opened = true;
            if (s.calls.on_open) s.calls.on_open(view(protocol));
        });
    }
    static void on_message(void* user, mh_ws*, int32_t opcode, mh_seg message) {
        call(user, "on_message", [&](state& s) {
            if (s.calls.on_message) s.calls.on_message(view(message), opcode == MH_WS_TEXT);
        });
    }
    static void on_writable(void* user, mh_ws*) {
        call(user, "on_writable", [&](state& s) {
            if (s.calls.on_writable) s.calls.on_writable();
        });
    }
    static void on_close(void* user, mh_ws*, uint32_t code, mh_str reason) {
        call(user, "on_close", [&](state& s) {
            s.ws = nullptr;
            if (s.calls.on_close) s.calls.on_close({code, view(reason), s.opened});
        });
    }
    static constexpr mh_ws_events events{sizeof(mh_ws_events), 0,        on_message,
                                         on_writable,          on_close, on_open};
    std::shared_ptr<state> state_;
};

}  // namespace mh
