// SPDX-License-Identifier: Apache-2.0
/// Byte streams over TCP, TLS, Unix sockets and standard input, out and in. The module needs mh::uses<mh_net>.
#pragma once

#include <microhost/host.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace mh {

/// One byte stream. Destroying it aborts it without a callback, which may happen in any of its own callbacks.
/// [loop] [main], all of it on one thread
class connection {
  public:
    struct options {
        std::string address;   ///< "host:port", "[::1]:5222", "unix:/path", "stdio:"
        std::string tls_name;  ///< whom the certificate must be for; the address's host when empty
        std::string alpn, ca_file, cert_file, key_file;  ///< see mh_net_options
        bool tls = false;                                ///< from the first byte
        bool verify = true;
        std::chrono::milliseconds connect_timeout{10'000};  ///< name, connection and TLS together
        std::chrono::milliseconds idle_timeout{0};          ///< 0: none
    };
    /// Each may be empty. None is called from within a call of this class.
    struct handler {
        std::function<void()> on_open;  ///< also after start_tls()
        /// Answers how many were used; the rest is shown again, at once or, if none were, when more comes or after resume().
        std::function<std::size_t(string_view)> on_bytes;
        /// The other end will send no more. Without it the connection is closed then, with MH_E_GONE.
        std::function<void()> on_finish;
        std::function<void()> on_writable;  ///< write() can go on after MH_E_BUSY
        /// The last call, and what happened as a line for the log; see mh_net_events. The connection may be destroyed or
        /// opened again in it.
        std::function<void(mh_status, string_view)> on_close;
    };

    connection() = default;
    connection(connection&&) = default;
    connection& operator=(connection&& o) noexcept {
        abort();
        state_ = std::move(o.state_);
        return *this;
    }
    ~connection() { abort(); }

    /// Whether it is there: from open() to on_close.
    explicit operator bool() const { return state_ && state_->stream; }

    /// Begins to connect; on_open or on_close follows. A negative status: nothing was opened, nothing follows, the log says why.
    mh_status open(const options& o, handler h) {
        return begin(std::move(h), [&](const mh_net& net, state* s) {
            const mh_net_options raw = lend_options(o);
            return net.open(the_host, &raw, events_of(*s), s, &s->stream);
        });
    }
    /// MH_E_BUSY: nothing was taken, on_writable follows. MH_E_GONE: it is closing, or there is none.
    mh_status write(string_view text) {
        const mh_seg piece = bytes(text);
        return on_stream([&](const mh_net& n, mh_net_stream* s) { return n.write(s, &piece, 1); });
    }
    /// No more will be written; reading goes on.
    mh_status finish() {
        return on_stream([](const mh_net& n, mh_net_stream* s) { return n.finish(s); });
    }
    /// Sends what waits, then on_close.
    void close() {
        on_stream([](const mh_net& n, mh_net_stream* s) { return n.close(s), MH_OK; });
    }
    /// At once and without a callback.
    void abort() {
        on_stream([](const mh_net& n, mh_net_stream* s) { return n.abort(s), MH_OK; });
        if (state_) state_->stream = nullptr;
        state_.reset();
    }
    /// Goes over to TLS; of the options, those of TLS and connect_timeout count. Who calls this in on_bytes must have used all
    /// that came: what an attacker added closes the connection with MH_E_INVALID.
    mh_status start_tls(const options& o) {
        const mh_net_options raw = lend_options(o);
        return on_stream([&](const mh_net& n, mh_net_stream* s) { return n.start_tls(s, &raw); });
    }
    /// Stops and continues on_bytes.
    mh_status pause() {
        return on_stream([](const mh_net& n, mh_net_stream* s) { return n.pause(s); });
    }
    mh_status resume() {
        return on_stream([](const mh_net& n, mh_net_stream* s) { return n.resume(s); });
    }
    /// "ip:port" of the other end; empty before on_open.
    std::string peer() const { return address(true); }
    std::string local() const { return address(false); }

    /// Leaves it with the host for the module's next generation; what adopt() wants. Nothing: it is not open.
    std::optional<std::uint64_t> park() {
        std::uint64_t key = 0;
        const mh_status s =
            on_stream([&](const mh_net& n, mh_net_stream* raw) { return n.park(raw, &key); });
        if (s != MH_OK) return {};
        state_->stream = nullptr;
        state_.reset();
        return key;
    }
    /// MH_E_GONE: it is not there any more.
    mh_status adopt(std::uint64_t key, handler h) {
        return begin(std::move(h), [&](const mh_net& net, state* s) {
            return net.adopt(the_host, key, events_of(*s), s, &s->stream);
        });
    }

  private:
    friend class acceptor;
    struct state : std::enable_shared_from_this<state> {
        mh_net_stream* stream = nullptr;
        handler on;
    };
    /// The object and its functions live until they have returned, whatever they do to the connection.
    static std::shared_ptr<state> hold(void* user) {
        return static_cast<state*>(user)->shared_from_this();
    }
    /// An exception in a callback ends the connection.
    template <class F>
    static void call(void* user, const char* hook, F&& f) noexcept {
        const std::shared_ptr<state> self = hold(user);
        if (guarded(hook, [&] { return f(*self), MH_OK; }) == MH_OK || !self->stream) return;
        use<mh_net>().abort(std::exchange(self->stream, nullptr));
        on_close(user, nullptr, MH_E_PANIC, lend("an exception in a callback"));
    }
    static void on_open(void* user, mh_net_stream*) {
        call(user, "on_open", [](state& s) {
            if (s.on.on_open) s.on.on_open();
        });
    }
    static std::size_t on_bytes(void* user, mh_net_stream*, mh_seg b) {
        std::size_t used = b.len;
        call(user, "on_bytes", [&](state& s) {
            if (s.on.on_bytes) used = s.on.on_bytes(view(b));
        });
        return used;
    }
    static void on_finish(void* user, mh_net_stream*) {
        call(user, "on_finish", [](state& s) { s.on.on_finish(); });
    }
    static void on_writable(void* user, mh_net_stream*) {
        call(user, "on_writable", [](state& s) {
            if (s.on.on_writable) s.on.on_writable();
        });
    }
    static void on_close(void* user, mh_net_stream*, mh_status why, mh_str text) {
        const std::shared_ptr<state> self = hold(user);
        self->stream = nullptr;
        const handler last = std::move(self->on);
        guarded("on_close", [&] {
            if (last.on_close) last.on_close(why, view(text));
            return MH_OK;
        });
    }
    static const mh_net_events* events_of(const state& s) {
        static constexpr mh_net_events with_finish{
            sizeof(mh_net_events), 0, on_open, on_bytes, on_finish, on_writable, on_close};
        static constexpr mh_net_events without{
            sizeof(mh_net_events), 0, on_open, on_bytes, nullptr, on_writable, on_close};
        return s.on.on_finish ? &with_finish : &without;
    }
    static mh_net_options lend_options(const options& o) {
        const auto ms = [](std::chrono::milliseconds d) {
            return static_cast<uint32_t>(std::clamp<std::int64_t>(d.count(), 0, UINT32_MAX));
        };
        mh_net_options raw{};
        raw.size = sizeof raw;
        if (o.tls) raw.flags |= MH_NET_TLS;
        if (!o.verify) raw.flags |= MH_NET_NO_VERIFY;
        raw.address = lend(o.address);
        raw.tls_name = lend(o.tls_name);
        raw.alpn = lend(o.alpn);
        raw.ca_file = lend(o.ca_file);
        raw.connect_timeout_ms = ms(o.connect_timeout);
        raw.idle_timeout_ms = ms(o.idle_timeout);
        raw.cert_file = lend(o.cert_file);
        raw.key_file = lend(o.key_file);
        return raw;
    }
    template <class F>
    mh_status begin(handler h, F&& f) {
        abort();
        auto fresh = std::make_shared<state>();
        fresh->on = std::move(h);
        const mh_status s = f(use<mh_net>(), fresh.get());
        if (s == MH_OK) state_ = std::move(fresh);
        return s;
    }
    template <class F>
    mh_status on_stream(F&& f) const {
        return *this ? f(use<mh_net>(), state_->stream) : mh_status{MH_E_GONE};
    }
    std::string address(bool of_peer) const {
        mh_str peer{}, local{};
        on_stream([&](const mh_net& n, mh_net_stream* s) { return n.addresses(s, &peer, &local); });
        return std::string(view(of_peer ? peer : local));
    }

    std::shared_ptr<state> state_;
};

/// Accepts connections until it is destroyed; what it has accepted stays. It must not be moved.
///
///     acceptor_.listen(o, [this](mh::connection c) -> mh::connection::handler {
///         visitor& v = visitors_.emplace_back(std::move(c));
///         return {.on_bytes = [&v](auto bytes) { return v.take(bytes); }, ...};
///     });
///
/// [loop] [main], all of it on one thread
class acceptor {
  public:
    /// Keeps the connection, or drops it: then it is turned away. Answers what it shall call; on_open follows.
    using taker = std::function<connection::handler(connection)>;

    acceptor() = default;
    ~acceptor() { close(); }
    acceptor(const acceptor&) = delete;
    acceptor& operator=(const acceptor&) = delete;
    explicit operator bool() const { return token_ != 0; }

    /// With `tls` in the options the certificate is cert_file's. A negative status: the log says why.
    mh_status listen(const connection::options& o, taker f) {
        close();
        take_ = std::move(f);
        const mh_net_options raw = connection::lend_options(o);
        return use<mh_net>().listen(the_host, &raw, on_accept, this, &token_);
    }
    void close() {
        if (token_) use<mh_net>().unlisten(std::exchange(token_, 0));
    }
    /// The real port where 0 was asked for.
    std::string local() const {
        mh_str text{};
        if (token_) use<mh_net>().listening(token_, &text);
        return std::string(view(text));
    }

  private:
    static mh_status on_accept(void* user, mh_net_stream* s, const mh_net_events** events,
                               void** stream_user) {
        const auto state = std::make_shared<connection::state>();
        state->stream = s;
        const mh_status taken = guarded("on_accept", [&]() -> mh_status {
            const taker take = static_cast<acceptor*>(user)->take_;  // it may be replaced in there
            connection c;
            c.state_ = state;
            state->on = take(std::move(c));
            // Ours is the only reference: whoever was given the connection has dropped it.
            return state.use_count() > 1 && state->stream ? MH_OK : MH_E_CANCELLED;
        });
        if (taken != MH_OK) return state->stream = nullptr, taken;
        *events = connection::events_of(*state);
        *stream_user = state.get();
        return MH_OK;
    }
    taker take_;
    mh_token token_ = 0;
};

}  // namespace mh
