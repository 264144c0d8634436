// SPDX-License-Identifier: Apache-2.0
#include "net/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <set>

#include "loop/scratch.hpp"
#include "net/listener.hpp"
#include "net/no_connections.hpp"

namespace microhost::net {
namespace {

constexpr size_t kDiscarded = 64 * 1024;
constexpr uint64_t kCloseMs = 5'000;  // for what waits, once close() was called
constexpr uint64_t kLingerMs =
    1'000;  // for the other end's last bytes, which would make the system throw ours away

/// Those that nobody has any more. The process may end before they do: they go with it.
class Lingering {
  public:
    static Lingering& all() {
        static auto& l = *new Lingering;
        return l;
    }
    void add(const Connection* c) {
        const std::scoped_lock lock(mutex_);
        set_.insert(c);
    }
    void remove(const Connection* c) {
        const std::scoped_lock lock(mutex_);
        set_.erase(c);
    }

  private:
    std::mutex mutex_;
    std::set<const Connection*> set_;
};

}  // namespace

Connection::Connection(Loop& loop, Sink& sink, ConnectionParts parts)
    : loop_(loop), sink_(&sink), parts_(std::move(parts)) {
    timer_.owner = this;
    timer_.fire = [](Timer& t) { static_cast<Deadline&>(t).owner->on_time(); };
}

// ---- how it comes to be

Result<Connection*> Connection::dial(Loop& loop, Sink& sink, ConnectionSettings settings) {
    ConnectionParts parts;
    parts.peer = settings.address;
    parts.settings = std::move(settings);
    auto* c = new Connection(loop, sink, std::move(parts));
    c->phase_ = Phase::dialing;
    c->dial_ = std::make_unique<Dial>(loop, *c, [c](Dial::State s) { c->dialed(s); });
    if (auto r = c->dial_->aim(c->parts_.settings.address); !r) {
        delete c;
        return r.error();
    }
    c->parts_.host = c->dial_->host();
    if (connections_forbidden()) return c;  // it stays as if nobody answered yet
    const uint32_t ms = c->parts_.settings.connect_timeout_ms;
    c->deadline_ms_ = Loop::clock_ns() / 1'000'000 + ms;
    c->arm(ms);
    if (c->dial_->start(ms) == Dial::State::failed) {
        c->why_ = c->dial_->status();
        c->text_ = fmt::format("{} {}", c->who(), c->dial_->text());
        c->schedule();
    }
    return c;
}

Connection* Connection::accepted(Loop& loop, Sink& sink, ConnectionSettings settings, int fd,
                                 const Address& peer) {
    ConnectionParts parts;
    parts.stream = Stream(fd);
    parts.accepted = true;
    parts.settings = std::move(settings);
    auto* c = new Connection(loop, sink, std::move(parts));
    c->take_addresses(peer);
    c->parts_.settings.address = c->parts_.peer;
    c->watch_or_end();
    c->deadline_ms_ = Loop::clock_ns() / 1'000'000 + c->parts_.settings.connect_timeout_ms;
    c->schedule();
    return c;
}

Connection* Connection::standard(Loop& loop, Sink& sink, ConnectionSettings settings) {
    ConnectionParts parts;
    parts.peer = parts.local = settings.address;
    parts.settings = std::move(settings);
    if (connections_forbidden()) {
        auto* c = new Connection(loop, sink, std::move(parts));
        c->phase_ = Phase::dialing;
        return c;
    }
    parts.stdio = Stdio::open();
    if (!parts.stdio) return nullptr;
    auto* c = new Connection(loop, sink, std::move(parts));
    c->watch_or_end();
    c->schedule();
    return c;
}

Connection* Connection::adopted(Loop& loop, Sink& sink, ConnectionParts parts) {
    auto* c = new Connection(loop, sink, std::move(parts));
    c->phase_ = Phase::open;
    c->show_again_ = true;
    c->parts_.peer_finish_told = false;
    c->watch_or_end();
    c->touched();
    c->schedule();
    return c;
}

bool Connection::watch() {
    if (!parts_.stdio) return loop_.add(parts_.stream.fd(), this);
    const Stdio& s = *parts_.stdio;
    if (s.in() >= 0 && !loop_.add(s.in(), this, EPOLLIN | EPOLLRDHUP | EPOLLET)) return false;
    return s.out() < 0 || loop_.add(s.out(), this, EPOLLOUT | EPOLLET);
}

void Connection::watch_or_end() {
    if (watch()) return;
    why_ = MH_E_IO;
    text_ = fmt::format("{}: {}", who(), std::strerror(errno));
}

void Connection::dialed(Dial::State s) {
    if (s == Dial::State::waiting || phase_ != Phase::dialing) return;
    if (s == Dial::State::failed)
        return end(dial_->status(), fmt::format("{} {}", who(), dial_->text()));
    parts_.stream = dial_->take();
    take_addresses(dial_->peer());
    dial_.reset();
    phase_ = Phase::connected;
    step();
}

void Connection::take_addresses(const Address& peer) {
    const Address here = local_address(parts_.stream.fd());
    parts_.local = here.text();
    parts_.peer = peer.text();
    if (!here.is_unix()) return;
    // The end that connected has no name.
    const bool nameless = parts_.peer == "unix:";
    if (nameless) parts_.peer = parts_.local;
    if (parts_.local == "unix:") parts_.local = parts_.peer;
}

/// For lines of the log.
std::string Connection::who() const {
    return (phase_ == Phase::dialing ? "connect " : "") + parts_.settings.address;
}

// ---- calls of its owner; nothing of the sink is called within them

void Connection::schedule() {
    if (phase_ == Phase::gone || std::exchange(scheduled_, true)) return;
    loop_.defer(
        [](void* p) {
            auto* c = static_cast<Connection*>(p);
            c->scheduled_ = false;
            c->step();
        },
        this);
}

mh_status Connection::write(const mh_seg* v, uint32_t n) {
    if (phase_ >= Phase::closing || parts_.finish_wanted) return MH_E_GONE;
    size_t bytes = 0;
    for (uint32_t i = 0; i < n; i++) {
        bytes += v[i].len;
        if (v[i].len > kMostAtOnce || bytes > kMostAtOnce) return MH_E_LIMIT;
    }
    if (parts_.out.size() > kWindow) {
        busy_told_ = true;
        return MH_E_BUSY;
    }
    parts_.out.reserve(parts_.out.size() + bytes);
    for (uint32_t i = 0; i < n; i++)
        parts_.out.append(reinterpret_cast<const char*>(v[i].ptr), v[i].len);
    schedule();
    return MH_OK;
}

mh_status Connection::finish() {
    if (phase_ >= Phase::closing || parts_.finish_wanted) return MH_E_GONE;
    parts_.finish_wanted = true;
    schedule();
    return MH_OK;
}

void Connection::end_softly(mh_status why, std::string text) {
    if (phase_ >= Phase::closing) return;
    if (!why_) {
        why_ = why;
        text_ = std::move(text);
    }
    if (phase_ != Phase::open) parts_.out.clear();  // there is nobody to send it to
    if (next_tls_.wanted()) parts_.out.resize(plain_left_);
    next_tls_ = {};
    dial_.reset();
    phase_ = Phase::closing;
    arm(kCloseMs);
    schedule();
}

void Connection::abort() {
    if (phase_ == Phase::gone) return;
    sink_ = nullptr;
    parts_.stream.close(true);
    shut();
}

mh_status Connection::start_tls(ConnectionTls tls, uint32_t timeout_ms) {
    if (phase_ != Phase::open || next_tls_.wanted() || parts_.stdio || parts_.stream.tls() ||
        parts_.finish_wanted || parts_.peer_finished)
        return MH_E_INVALID;
    if (!showing_ && !parts_.in.empty()) return MH_E_INVALID;
    next_tls_ = std::move(tls);
    plain_left_ = parts_.out.size();
    tls_ms_ = timeout_ms;
    deadline_ms_ = Loop::clock_ns() / 1'000'000 + timeout_ms;
    arm(timeout_ms);
    schedule();
    return MH_OK;
}

mh_status Connection::pause() {
    if (phase_ >= Phase::closing) return MH_E_GONE;
    paused_ = true;
    return MH_OK;
}

mh_status Connection::resume() {
    if (phase_ >= Phase::closing) return MH_E_GONE;
    if (!std::exchange(paused_, false)) return MH_OK;
    show_again_ = true;
    touched();
    schedule();
    return MH_OK;
}

bool Connection::park(ConnectionParts& out) {
    if (phase_ != Phase::open || showing_ || next_tls_.wanted() || why_) return false;
    unwatch();
    out = std::move(parts_);
    sink_ = nullptr;
    shut();
    return true;
}

// ---- what happens

void Connection::on_events(uint32_t) {
    if (phase_ != Phase::dialing) return step();
    if (dial_) dialed(dial_->on_events());
}

void Connection::step() {
    if (why_ && phase_ < Phase::closing) return end(why_, std::exchange(text_, {}));
    if (phase_ == Phase::connected) {
        if (!parts_.settings.tls.wanted()) {
            opened();
        } else {
            next_tls_ = std::exchange(parts_.settings.tls, {});
            tls_ms_ = parts_.settings.connect_timeout_ms;
            begin_tls();
        }
    }
    if (phase_ == Phase::shaking) shake();
    if (phase_ == Phase::open) take_in();
    if (phase_ == Phase::open || phase_ == Phase::closing) put_out();
    if (phase_ == Phase::lingering) linger();
}

void Connection::begin_tls() {
    ConnectionTls tls = std::exchange(next_tls_, {});
    const int fd = parts_.stream.fd();
    std::unique_ptr<TlsSession> session;
    if (tls.server) {
        session = tls.server->accept(fd);
    } else {
        auto opened = tls.client->open(fd, tls.name.empty() ? parts_.host : tls.name, tls.alpn);
        if (!opened) return end(MH_E_INVALID, fmt::format("{}: {}", who(), opened.error().what));
        session = std::move(*opened);
    }
    parts_.stream = Stream(parts_.stream.release(), std::move(session));
    phase_ = Phase::shaking;
    const uint64_t now = Loop::clock_ns() / 1'000'000;
    arm(std::max(deadline_ms_, now) - now);
}

void Connection::shake() {
    const ssize_t r = parts_.stream.read(nullptr, 0);
    if (r == -EAGAIN) return;
    if (r < 0) return broke(r);
    opened();
}

void Connection::opened() {
    phase_ = Phase::open;
    Wheel::disarm(timer_);
    touched();
    sink_->on_open();
}

// ---- the end

void Connection::broke(ssize_t error) {
    if (phase_ == Phase::closing && why_) return end(why_, std::exchange(text_, {}));
    const std::string_view distrust =
        phase_ == Phase::shaking ? parts_.stream.tls_distrust() : std::string_view();
    if (!distrust.empty())
        return end(MH_E_DENIED, fmt::format("{}: the certificate {}", who(), distrust));
    const std::string_view tls = parts_.stream.tls_failure();
    const std::string why =
        tls.empty() ? std::strerror(static_cast<int>(-error)) : std::string(tls);
    end(MH_E_IO, fmt::format("{}: {}{}", who(), phase_ == Phase::shaking ? "TLS: " : "", why));
}

void Connection::touched() {
    if (phase_ == Phase::open && parts_.settings.idle_timeout_ms && !next_tls_.wanted())
        arm(parts_.settings.idle_timeout_ms);
}

void Connection::on_time() {
    const auto seconds = [](uint64_t ms) { return fmt::format("{:g} s", double(ms) / 1000); };
    const uint64_t whole = parts_.settings.connect_timeout_ms;
    switch (phase_) {
        case Phase::dialing:
            return end(MH_E_TIMEOUT, fmt::format("{}: no answer within {} ({})", who(),
                                                 seconds(whole), dial_->doing()));
        case Phase::connected:
        case Phase::shaking:
            return end(MH_E_TIMEOUT, fmt::format("{}: no TLS within {}", who(), seconds(tls_ms_)));
        case Phase::open:
            if (next_tls_.wanted())
                return end(MH_E_TIMEOUT,
                           fmt::format("{}: no TLS within {}", who(), seconds(tls_ms_)));
            if (parts_.stdio && parts_.stdio->in() < 0 && !parts_.peer_finished) return step();
            if (paused_ && parts_.out.empty()) return touched();  // it is us who do not move
            return end(MH_E_TIMEOUT, fmt::format("{}: no byte in either direction for {}", who(),
                                                 seconds(parts_.settings.idle_timeout_ms)));
        case Phase::closing:
            return end(why_ ? why_ : mh_status{MH_E_TIMEOUT},
                       text_.empty() ? fmt::format("{}: the other end does not take what it was "
                                                   "sent",
                                                   who())
                                     : std::exchange(text_, {}));
        default: return shut();
    }
}

void Connection::end(mh_status why, std::string text) {
    if (phase_ == Phase::gone || phase_ == Phase::lingering) return;
    Sink* sink = std::exchange(sink_, nullptr);
    const bool clean = phase_ == Phase::closing && parts_.out.empty() && !parts_.stdio &&
                       parts_.stream.open() && !parts_.peer_finished;
    if (clean) {
        parts_.stream.shutdown_write();
        phase_ = Phase::lingering;
        arm(kLingerMs);
        Lingering::all().add(this);
        schedule();
    } else {
        shut();
    }
    sink->on_end(why, text);
}

void Connection::linger() {
    struct Discarded;
    char* const piece = scratch<Discarded, kDiscarded>();
    for (int i = 0; i < 16; i++) {
        const ssize_t n = parts_.stream.read(piece, kDiscarded);
        if (n == -EAGAIN) return;
        if (n <= 0) return shut();
    }
    again();
}

void Connection::unwatch() {
    if (parts_.stdio) {
        for (const int fd : {parts_.stdio->in(), parts_.stdio->out()})
            if (fd >= 0) loop_.remove(fd);
    } else if (parts_.stream.open()) {
        loop_.remove(parts_.stream.fd());
    }
}

void Connection::shut() {
    if (phase_ == Phase::lingering) Lingering::all().remove(this);
    phase_ = Phase::gone;
    Wheel::disarm(timer_);
    dial_.reset();
    unwatch();
    parts_.stdio.reset();
    parts_.stream.close();
    loop_.defer([](void* p) { delete static_cast<Connection*>(p); }, this);
}

}  // namespace microhost::net
