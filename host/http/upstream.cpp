// SPDX-License-Identifier: Apache-2.0
#include "http/upstream.hpp"

#include <algorithm>

#include <cstring>

#include "http/engine.hpp"
#include "http/h1/parse_response.hpp"
#include "loop/prefetch.hpp"
#include "observe/names.hpp"

namespace microhost::http {
namespace {

constexpr size_t kTransactionBytes = 512;  // what an answer touches of one
constexpr const char* kConnectTooLate = "connecting took too long";

HeadScan fresh_scan() {
    HeadScan s;
    s.request = false;
    return s;
}

}  // namespace

// ---- Transaction

bool Transaction::send(const iovec* v, int n, bool fin) {
    return connection_ && connection_->send(v, n, fin);
}

size_t Transaction::unsent() const { return connection_ ? connection_->output_.size() : 0; }

void Transaction::pause_reading() {
    if (connection_) connection_->paused_ = true;
}

void Transaction::resume_reading() {
    if (!connection_ || !connection_->paused_) return;
    connection_->paused_ = false;
    // At the end of the turn, because the read buffer may be in use further up the stack.
    connection_->engine_.loop.defer(
        [](void* c) { static_cast<UpstreamConnection*>(c)->read_some(); }, connection_);
}

void Transaction::shutdown_write() {
    if (!connection_) return;
    connection_->request_done_ = true;
    if (connection_->output_.empty())
        connection_->stream_.shutdown_write();
    else
        connection_->shutdown_due_ = true;
}

void Transaction::abandon() {
    if (!connection_) return;
    UpstreamConnection* c = connection_;
    connection_ = nullptr;
    c->drop();
}

// ---- Upstream

Upstream::Upstream(Engine& e, const net::Address& address, const net::TlsClientContext* tls,
                   std::string name)
    : engine_(e), address_(address), tls_(tls), name_(std::move(name)) {
    if (!e.metrics) return;
    const auto id = e.metrics->histogram_id(observe::names::kUpstreamDuration);
    duration_ = e.metrics->histogram(e.loop.index(), id, {name_});
}

Upstream::~Upstream() { close_idle(); }

void Upstream::close_idle() {
    while (!idle_.empty()) idle_.back()->close();
}

UpstreamConnection* Upstream::connect(const char** error) {
    Result<net::Stream> s = net::connect(address_, tls_, name_);
    if (!s) {
        figures_.unconnected++;
        problem_ = std::move(s.error().what);
        *error = problem_.c_str();
        return nullptr;
    }
    auto* c = new UpstreamConnection(engine_, *this, std::move(*s));
    if (engine_.loop.add(c->stream_.fd(), c)) {
        open_++;
        return c;
    }
    delete c;
    figures_.unconnected++;
    *error = "too many open files";
    return nullptr;
}

// Bytes that nobody asked for must not become the answer to the next request: one that may hold some is not taken. Those
// that came before this turn were read already, because idle connections go first (Loop); what comes later than that
// cannot be told from an early answer.
UpstreamConnection* Upstream::take_idle() {
    for (size_t i = idle_.size(); i-- > 0;) {
        UpstreamConnection* c = idle_[i];
        // It is being read further down the stack, or in its next turn.
        if (c->read_ready_) continue;
        idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
        return c;
    }
    return nullptr;
}

bool Upstream::start(Transaction& t, const UpstreamRequest& r, const iovec* v, int n,
                     const char** error) {
    if (r.fresh) figures_.retries++;
    for (;;) {
        UpstreamConnection* c = r.fresh || r.raw ? nullptr : take_idle();
        const bool reused = c;
        if (!c && !(c = connect(error))) break;
        c->begin(t, r);
        c->reused_ = reused;
        if (c->send(v, n, r.fin)) return true;
        // It broke before one byte was sent, so another connection may carry the request.
        *error = std::strerror(ECONNREFUSED);
        if (!reused) break;
    }
    figures_.failed++;
    return false;
}

Upstream& Upstreams::get(const net::Address& address, const net::TlsClientContext* tls,
                         std::string_view name) {
    char key[sizeof(sockaddr_storage) + 300];
    size_t n = address.len;
    std::memcpy(key, address.get(), n);
    if (tls) {
        std::memcpy(key + n, &tls, sizeof tls);
        n += sizeof tls;
        n += name.substr(0, 256).copy(key + n, 256);
    }
    std::string_view k(key, n);
    auto it = by_key_.find(k);
    if (it == by_key_.end()) {
        std::string label = name.empty() ? address.text() : std::string(name);
        it = by_key_
                 .emplace(std::string(k), std::make_unique<Upstream>(engine_, address, tls, label))
                 .first;
    }
    return *it->second;
}

void Upstreams::close_idle() {
    for (auto& [key, u] : by_key_) u->close_idle();
}

// ---- UpstreamConnection

UpstreamConnection::UpstreamConnection(Engine& e, Upstream& u, net::Stream s)
    : engine_(e), upstream_(&u), stream_(std::move(s)) {
    timer_.owner = this;
    timer_.fire = [](Timer& t) { static_cast<Deadline&>(t).owner->on_timer(); };
}

void UpstreamConnection::arm(uint32_t ms) {
    if (ms)
        engine_.loop.arm(timer_, ms);
    else
        Wheel::disarm(timer_);
}

void UpstreamConnection::connected() {
    connected_ = true;
    upstream_->figures_.connected++;
    arm(response_timeout_ms_);
}

void UpstreamConnection::begin(Transaction& t, const UpstreamRequest& r) {
    t_ = &t;
    t.connection_ = this;
    state_ = State::head;
    goes_first_ = false;
    method_ = r.method;
    upgrade_ = r.upgrade;
    t.trailers_ = {};
    wrote_ = request_done_ = head_seen_ = paused_ = tunnel_ = shutdown_due_ = end_told_ = false;
    write_window_ = false;
    flushed_at_timer_ = output_.flushed();
    keep_ = true;
    scan_ = fresh_scan();
    begun_ns_ = engine_.loop.now_ns();
    response_timeout_ms_ = r.response_timeout_ms;
    if (r.raw) {
        tunnel_ = true;
        state_ = State::body;
        body_.start(Framing::until_close, 0);
    }
    stream_timeout_ms_ = r.stream_timeout_ms == UINT32_MAX ? 0
                         : r.stream_timeout_ms             ? r.stream_timeout_ms
                                                           : engine_.limits.stream_timeout_ms;
    arm(connected_ ? response_timeout_ms_ : r.connect_timeout_ms);
}

// False: the connection broke and is closed. The transaction is told by on_failure, unless nothing was sent at all.
bool UpstreamConnection::send(const iovec* v, int n, bool fin) {
    size_t before = output_.size(), want = 0;
    for (int i = 0; i < n; i++) want += v[i].iov_len;
    Output::Sent sent = output_.write(stream_, v, n);
    if (sent == Output::Sent::broken) {
        // The peer may have answered before it stopped reading; its answer counts, our bytes do not. And a handshake of TLS that
        // failed as quickly as that has a reason to tell.
        if (wrote_ || (stream_.tls() && !reused_)) {
            keep_ = false;
            request_done_ = true;
            output_.clear();
            read_ready_ = true;
            engine_.loop.defer([](void* c) { static_cast<UpstreamConnection*>(c)->read_some(); },
                               this);
            return true;
        }
        t_->connection_ = nullptr;
        t_ = nullptr;
        close();
        return false;
    }
    if (want && output_.size() < before + want) {
        wrote_ = true;
        if (!connected_) {
            connected();
        }
    }
    if (fin && !request_done_) {
        request_done_ = true;
        if (connected_) arm(response_timeout_ms_);
    }
    return true;
}

void UpstreamConnection::on_events(uint32_t events) {
    if (state_ == State::closed) return;
    if (events & (EPOLLERR | EPOLLHUP) && !connected_) {
        const int why = net::socket_error(stream_.fd());
        fail(MH_E_UNAVAILABLE, why ? std::strerror(why) : "cannot connect");
        return;
    }
    if (events & EPOLLOUT) {
        if (!connected_ && state_ != State::idle) {
            connected();
        }
        if (!output_.empty()) {
            size_t before = output_.size();
            Output::Sent sent = output_.flush(stream_);
            if (output_.size() < before) wrote_ = true;
            if (sent == Output::Sent::broken) {
                keep_ = false;
                output_.clear();
                events |= EPOLLIN;
            } else if (sent == Output::Sent::all && shutdown_due_) {
                shutdown_due_ = false;
                stream_.shutdown_write();
            }
            if (sent != Output::Sent::broken && t_ && output_.size() <= engine_.limits.output_low) {
                t_->on_drained();
                if (state_ == State::closed) return;
            }
        } else if (stream_.tls()) {
            events |= EPOLLIN;  // a handshake may have waited for room
        }
    }
    if (read_ready_)
        events |= EPOLLIN;  // TLS may hold bytes that the socket does not show any more
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        read_ready_ = true;
        if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) hung_up_ = true;
        read_some();
    }
}

void UpstreamConnection::fetch(unsigned step) const {
    if (!t_) return;
    if (step == Loop::kFetchSteps)
        prefetch(t_, kTransactionBytes);
    else
        t_->fetch(step);
}

void UpstreamConnection::read_some() {
    if (reading_) return;
    reading_ = true;
    for (int reads = 0; read_ready_ && !paused_ && state_ != State::closed; reads++) {
        if (reads == kReadsPerTurn) {
            yield();
            break;
        }
        char* buffer = engine_.upstream_buffer.get();
        ssize_t n = stream_.read(buffer, Engine::kUpstreamBuffer);
        if (n == -EAGAIN) {
            read_ready_ = false;
            // A TLS handshake that finished while reading lets the waiting request out.
            if (stream_.tls() && !output_.empty()) output_.flush(stream_);
            break;
        }
        if (n <= 0) {
            read_ready_ = false;
            if (n == 0)
                end_of_stream();
            else
                fail(wrote_ || head_seen_ ? MH_E_IO : MH_E_UNAVAILABLE, "connection reset");
            break;
        }
        if (stream_.short_read_drains() && !hung_up_ &&
            static_cast<size_t>(n) < Engine::kUpstreamBuffer)
            read_ready_ = false;
        if (state_ == State::idle) {
            close();  // nobody asked for these bytes, so nobody may get them
            break;
        }
        consume(buffer, static_cast<size_t>(n));
    }
    reading_ = false;
}

// One that sends as fast as we read must not keep the others of this loop waiting: the events come again next turn.
void UpstreamConnection::yield() {
    engine_.loop.modify(stream_.fd(), this, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

void UpstreamConnection::consume(char* data, size_t n) {
    std::string whole;  // keeps the head's bytes alive when it came in pieces
    if (!held_.empty()) {
        whole.swap(held_);
        whole.append(data, n);
        data = whole.data();
        n = whole.size();
    }
    if (state_ == State::head)
        consume_head(data, n);
    else
        deliver(nullptr, data, n);
}

void UpstreamConnection::consume_head(char* data, size_t n) {
    for (;;) {
        HeadScan::Outcome found = scan_.feed(data, n);
        if (found == HeadScan::bad) return fail(MH_E_IO, "malformed response head");
        if (found == HeadScan::need_more) {
            if (n > 2 * engine_.limits.header_bytes)
                return fail(MH_E_LIMIT, "response head too long");
            held_.assign(data, n);
            return;
        }
        ResponseHead head;
        size_t size = scan_.pos;
        if (Refusal no = h1::parse_response(data, size, engine_.parser, head, method_))
            return fail(MH_E_IO, no.why);
        data += size;
        n -= size;
        scan_ = fresh_scan();
        if (head.status >= 200 || head.status == 101) return accept_head(head, data, n);
        t_->on_informational(head);
        if (!t_) return;
        if (!n) return;
    }
}

void UpstreamConnection::accept_head(ResponseHead& head, char* data, size_t n) {
    if (head.status == 101) {
        if (!upgrade_) return fail(MH_E_IO, "switched protocols without being asked");
        head.framing = Framing::until_close;
        tunnel_ = true;
    }
    head_seen_ = true;
    keep_ = keep_ && head.keep_alive && head.framing != Framing::until_close;
    state_ = State::body;
    body_.start(head.framing, head.content_length);
    deliver(&head, data, n);
}

// Hands over what is here of the body: one callback for each read, with the head if it is new.
void UpstreamConnection::deliver(ResponseHead* head, char* data, size_t n) {
    Fed fed = body_.feed(data, n);
    if (fed.error) return fail(MH_E_IO, "malformed chunked body");
    std::string_view piece(data, fed.produced);
    if (!fed.done) {
        // A body of known length is there to be sent; others may be streams of events with long pauses.
        const bool known = body_.framing() == Framing::length && response_timeout_ms_;
        arm(tunnel_ ? 0 : known ? response_timeout_ms_ : stream_timeout_ms_);
        if (head || !piece.empty()) t_->on_response(head, piece, false);
        return;
    }
    finish(head, piece, fed.consumed == n);
}

void UpstreamConnection::finish(ResponseHead* head, std::string_view piece, bool clean) {
    upstream_->figures_.answered++;
    if (engine_.metrics) upstream_->duration_.observe((engine_.loop.now_ns() - begun_ns_) / 1000);
    Transaction* t = t_;
    t->connection_ = nullptr;
    t->trailers_ = body_.trailers();
    t_ = nullptr;
    // Bytes behind the message, or a request that was answered before it was sent whole: not to be used again.
    if (clean && keep_ && request_done_ && output_.empty() && !hung_up_)
        release();
    else
        close();
    t->on_response(head, piece, true);
}

void UpstreamConnection::release() {
    state_ = State::idle;
    if (engine_.draining || upstream_->idle_.size() >= engine_.limits.upstream_max_idle) {
        close();
        return;
    }
    upstream_->idle_.push_back(this);
    goes_first_ = true;
    arm(engine_.limits.upstream_idle_timeout_ms);
}

void UpstreamConnection::end_of_stream() {
    if (state_ == State::idle) return close();
    if (tunnel_) {
        if (end_told_) return;
        end_told_ = true;
        return t_->on_response(nullptr, {}, true);
    }
    if (state_ == State::body && body_.eof()) return finish(nullptr, {}, false);
    fail(MH_E_IO, head_seen_ ? "response cut short" : "closed without an answer");
}

void UpstreamConnection::fail(mh_status why, const char* detail) {
    if (t_) upstream_->figures_.failed++;
    Transaction* t = t_;
    t_ = nullptr;
    UpstreamFailure f{why, head_seen_, !wrote_, reused_ && !head_seen_ && why != MH_E_TIMEOUT,
                      detail};
    f.late = !connected_ && why == MH_E_UNAVAILABLE && detail == kConnectTooLate;
    if (t) f.tls = stream_.tls_failure();
    close();
    if (!t) return;
    t->connection_ = nullptr;
    t->on_failure(f);
}

void UpstreamConnection::close() {
    if (state_ == State::closed) return;
    if (state_ == State::idle) std::erase(upstream_->idle_, this);
    if (!connected_) upstream_->figures_.unconnected++;
    state_ = State::closed;
    upstream_->open_--;
    stream_.close();
    Wheel::disarm(timer_);
    engine_.loop.free_later(this);
}

void UpstreamConnection::drop() {
    // A tunnel has no other end.
    ++(tunnel_ ? upstream_->figures_.answered : upstream_->figures_.cancelled);
    t_ = nullptr;
    close();
}

void UpstreamConnection::on_timer() {
    if (state_ == State::idle) return close();
    if (!connected_) return fail(MH_E_UNAVAILABLE, kConnectTooLate);
    if (!output_.empty()) {
        // It may take its time to read a long request, but it must go on reading.
        const bool progress = output_.flushed() != flushed_at_timer_;
        flushed_at_timer_ = output_.flushed();
        if (progress || !write_window_) {
            write_window_ = true;
            return arm(engine_.limits.write_timeout_ms);
        }
        return fail(MH_E_TIMEOUT, "the upstream took no more of the request");
    }
    write_window_ = false;
    if (paused_ || (state_ == State::head && !request_done_)) {
        arm(engine_.limits
                .stream_timeout_ms);  // it waits for the client, whose own deadlines guard that
        return;
    }
    fail(MH_E_TIMEOUT, state_ == State::head ? "no response in time" : "the response stalled");
}

}  // namespace microhost::http
