// SPDX-License-Identifier: Apache-2.0
#include "http/h1/server_connection.hpp"

#include <algorithm>
#include <cstring>

#include "http/engine.hpp"
#include "http/exchange.hpp"
#include "http/h1/parse_request.hpp"
#include "http/peer_counts.hpp"
#include "net/proxy_protocol.hpp"

namespace microhost::http {
namespace {

constexpr uint32_t kLingerMs = 1'000;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

void ServerConnection::open(Engine& e, Site& site, net::Stream s, const net::Address& peer) {
    auto* c = new ServerConnection(e, site, std::move(s), peer);
    if (!e.loop.add(c->stream_.fd(), c) || (!c->expects_proxy_header_ && !c->count_peer())) {
        c->close();
        return;
    }
    c->arm_for_state();
}

ServerConnection::ServerConnection(Engine& e, Site& site, net::Stream s, const net::Address& peer)
    : engine_(e), site_(&site), stream_(std::move(s)), peer_(peer) {
    place_ = static_cast<uint32_t>(e.connections.size());
    e.connections.push_back(this);
    site.pins++;
    expects_proxy_header_ = site.proxy_protocol;
    shaking_hands_ = stream_.tls();
    timer_.owner = this;
    timer_.fire = [](Timer& t) { static_cast<Deadline&>(t).owner->on_timer(); };
}

void ServerConnection::on_events(uint32_t events) {
    if (state_ == State::closed) return;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) hung_up_ = true;
    if (events & EPOLLOUT) {
        if (!output_.empty()) flush_output();
        if (stream_.tls()) events |= EPOLLIN;
        if (state_ == State::closed) return;
    }
    // A tunnel whose other direction we ended before may still bring bytes with its end.
    const bool last_bytes = raw_ && !(events & EPOLLERR);
    if (events & (EPOLLHUP | EPOLLERR) && !last_bytes) {
        // Both directions are gone: nobody reads an answer. What was received before is of no use either.
        lost(MH_E_CANCELLED);
        return;
    }
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP) || read_ready_) {
        read_ready_ = true;
        read_some();
    }
    if (hung_up_) check_client();
}

// A client that closed looks like one that only ended its direction until something is written to it, which in a stream of
// events may be never.
void ServerConnection::check_client() {
    const bool answering = state_ == State::busy || (state_ == State::body && !raw_);
    if (hung_up_ && answering && x_ && x_->answered() && x_->ends_with_client())
        lost(MH_E_CANCELLED);
}

void ServerConnection::flush_output() {
    switch (output_.flush(stream_)) {
        case Output::Sent::broken: lost(MH_E_CANCELLED); return;
        case Output::Sent::some: break;
        case Output::Sent::all:
            if (shutdown_due_) {
                shutdown_due_ = false;
                stream_.shutdown_write();
            }
            if (close_when_sent_) {
                linger();
                return;
            }
            // What was watched until now was that the client reads.
            Wheel::disarm(timer_);
            arm_for_state();
    }
    if (x_ && output_.size() <= site_->limits.output_low) x_->on_client_drained();
    // The next request may have waited for room.
    if (state_ == State::head && !x_ && !held_.empty()) resume_later();
}

bool ServerConnection::may_read() const {
    switch (state_) {
        case State::head: return output_.size() < site_->limits.pipeline_bytes && !close_when_sent_;
        case State::body: return x_ && x_->takes_body();
        case State::lingering: return true;
        case State::busy:
        case State::closed: return false;
    }
    return false;
}

void ServerConnection::read_some() {
    // What is held comes before what is still to be read, and before the end that may be among it.
    if (reading_ || consuming_ || resume_due_) return;
    reading_ = true;
    for (int reads = 0; read_ready_ && may_read(); reads++) {
        if (reads == kReadsPerTurn) {
            yield();
            break;
        }
        char* buffer = engine_.read_buffer.get();
        ssize_t n = stream_.read(buffer, Engine::kReadBuffer);
        if (n == -EAGAIN) {
            read_ready_ = false;
            if (stream_.tls() && !output_.empty()) flush_output();
            break;
        }
        if (n <= 0) {
            read_ready_ = false;
            if (n == 0)
                end_of_stream();
            else
                lost(MH_E_CANCELLED);
            break;
        }
        if (stream_.short_read_drains() && !hung_up_ &&
            static_cast<size_t>(n) < Engine::kReadBuffer)
            read_ready_ = false;
        site_->figures.received += static_cast<size_t>(n);
        if (state_ != State::lingering) consume(buffer, static_cast<size_t>(n));
    }
    reading_ = false;
}

// One that sends as fast as we read must not keep the others of this loop waiting: the events come again next turn.
void ServerConnection::yield() {
    engine_.loop.modify(stream_.fd(), this, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

// Works through the bytes: heads, bodies, the next head. What nobody takes now is held.
void ServerConnection::consume(char* data, size_t n) {
    std::string whole;
    if (!held_.empty()) {
        whole.swap(held_);
        whole.append(data, n);
        data = whole.data();
        n = whole.size();
    }
    consuming_ = true;
    bool more = true;
    while (more) {
        switch (state_) {
            case State::head:
                more = n && output_.size() < site_->limits.pipeline_bytes && !close_when_sent_ &&
                       consume_head(data, n);
                break;
            case State::body: more = consume_body(data, n); break;
            default: more = false;
        }
    }
    consuming_ = false;
    if (n && state_ != State::closed && state_ != State::lingering) hold(data, n);
}

void ServerConnection::hold(const char* data, size_t n) {
    if (held_.empty()) held_.assign(data, n);
}

// True when a request began and its body, if any, can go on.
bool ServerConnection::consume_head(char*& data, size_t& n) {
    if (expects_proxy_header_ && !skip_proxy_header(data, n)) return false;
    const Limits& limits = site_->limits;
    HeadScan::Outcome found = scan_.feed(data, n);
    if (found == HeadScan::bad) {
        refuse_head(400, "malformed request head");
        return false;
    }
    if (found == HeadScan::need_more) {
        if (n > limits.header_bytes)
            refuse_head(431, "request head too long");
        else if (n && !head_begun_) {
            head_begun_ = true;  // once: a byte now and then does not move the deadline
            shaken();
            arm_for_state();
        }
        return false;
    }
    size_t skip = scan_.skip, size = scan_.pos;
    scan_ = {};
    head_begun_ = false;
    if (size > limits.header_bytes) {
        refuse_head(431, "request head too long");
        return false;
    }
    // Only a head that is longer than the line may be can have one that is too long.
    if (size - skip > limits.request_line &&
        !std::memchr(data + skip, '\r', size_t{limits.request_line} + 1)) {
        refuse_head(414, "request line too long");
        return false;
    }
    Exchange* x = engine_.take();
    x_ = x;
    x->head_bytes = {data + skip, size - skip};
    if (Refusal no = h1::parse_request(data + skip, size - skip, engine_.parser, x->head)) {
        refuse_head(no.status, no.why);
        return false;
    }
    if (x->head.headers.count > limits.max_headers) {
        refuse_head(431, "too many header fields");
        return false;
    }
    data += size;
    n -= size;
    served_ = true;
    shaken();
    const RequestHead& head = x->head;
    body_.start(head.framing, head.content_length);
    body_bytes_ = 0;
    continue_due_ = head.expect_continue;
    last_request_ = !head.keep_alive;
    const bool has_body = x->has_body();
    state_ = has_body ? State::body : State::busy;
    bool here = !has_body || (head.framing == Framing::length && n >= head.content_length);
    Wheel::disarm(timer_);
    x->begin(*this, *site_, here);
    if (state_ == State::body && x_ == x) arm_for_state();
    return state_ == State::body || state_ == State::head;
}

bool ServerConnection::consume_body(char*& data, size_t& n) {
    if (x_ ? !x_->takes_body() : !skip_body_) return false;
    if (!n) return false;
    Fed fed = body_.feed(data, n);
    if (!x_) {  // answered already: the rest of its body is passed over
        data += fed.consumed;
        n -= fed.consumed;
        if (!fed.done) return false;
        skip_body_ = false;
        next_request();
        return true;
    }
    if (fed.error) {
        x_->fail_request(400, "malformed chunked body");
        n = 0;
        return false;
    }
    std::string_view piece(data, fed.produced);
    data += fed.consumed;
    n -= fed.consumed;
    body_bytes_ += piece.size();
    if (piece.size()) continue_due_ = false;
    if (fed.done && !raw_) {
        state_ = State::busy;
        Wheel::disarm(timer_);
    }
    if (fed.done || !piece.empty()) x_->on_body(piece, fed.done);
    return n && (state_ == State::body || state_ == State::head);
}

bool ServerConnection::skip_proxy_header(char*& data, size_t& n) {
    net::ProxyHeader proxy;
    switch (net::parse_proxy_header(data, n, proxy)) {
        case net::ProxyParse::need_more: return false;
        case net::ProxyParse::bad:
            engine_.log.warn("closed: the PROXY header is missing or malformed",
                             {{"listener", site_->listener}, {"peer", peer_.text()}});
            close();
            return false;
        case net::ProxyParse::done: break;
    }
    if (proxy.source.len) peer_ = proxy.source;
    expects_proxy_header_ = false;
    if (!count_peer()) {
        close();
        return false;
    }
    data += proxy.size;
    n -= proxy.size;
    return n != 0;
}

// A head that is not understood is answered once; what follows it cannot be understood either.
void ServerConnection::refuse_head(unsigned status, const char* why) {
    if (!x_) x_ = engine_.take();
    x_->head.headers.clear();
    x_->head.method_text = {};
    x_->head.target = "/";
    x_->head.keep_alive = false;
    x_->head.framing = Framing::none;
    x_->head.expect_continue = x_->head.upgrade_websocket = x_->head.underscores = false;
    x_->head.method = Method::other;
    state_ = State::busy;
    last_request_ = false;
    x_->begin_refused(*this, *site_, status, why);
}

bool ServerConnection::write(const iovec* v, int n) {
    if (state_ == State::closed || broken_) return false;
    for (int i = 0; i < n; i++) site_->figures.sent += v[i].iov_len;
    if (output_.write(stream_, v, n) != Output::Sent::broken) {
        if (!output_.empty() && !timer_.armed()) arm_for_state();
        return true;
    }
    broken_ = true;
    // Told at the end of the turn: the exchange that writes is on the stack.
    engine_.loop.defer(
        [](void* p) {
            auto* c = static_cast<ServerConnection*>(p);
            if (c->state_ != State::closed) c->lost(MH_E_CANCELLED);
        },
        this);
    return false;
}

void ServerConnection::resume_body() {
    if (state_ != State::body) return;
    if (continue_due_ && x_ && x_->takes_body() && !x_->answered()) {
        continue_due_ = false;
        iovec v{const_cast<char*>(kContinue.data()), kContinue.size()};
        write(&v, 1);
    }
    resume_later();
}

void ServerConnection::response_done(bool keep) {
    Exchange* x = x_;
    x_ = nullptr;
    engine_.recycle(x);
    if (state_ == State::closed) return;
    bool whole = state_ == State::busy;
    if (keep && !whole && !raw_ && state_ == State::body) {
        skip_body_ = whole = true;  // all of it is in the buffer
        if (!draining_ && !engine_.draining) {
            resume_later();
            return;
        }
    }
    if (!keep || !whole || raw_ || draining_ || engine_.draining) {
        last_request_ = last_request_ && whole && !raw_;
        close_when_sent_ = true;
        if (output_.empty()) linger();
        return;
    }
    next_request();
}

void ServerConnection::next_request() {
    state_ = State::head;
    scan_ = {};
    if (end_seen_) {
        close_when_sent_ = true;
        if (output_.empty()) linger();
        return;
    }
    arm_for_state();
    if (!held_.empty() || read_ready_) resume_later();
}

// At the end of the turn, for the caller may be deep in a callback and the read buffer in use.
void ServerConnection::resume_later() {
    if (consuming_ || reading_) return;  // the loop that is under way goes on by itself
    resume_due_ = true;
    engine_.loop.defer(
        [](void* p) {
            auto* c = static_cast<ServerConnection*>(p);
            c->resume_due_ = false;
            if (c->state_ == State::closed || c->reading_ || c->consuming_) return;
            if (!c->held_.empty()) c->consume(nullptr, 0);
            if (c->state_ != State::closed) c->read_some();
        },
        this);
}

void ServerConnection::switch_protocol() {
    raw_ = true;
    state_ = State::body;
    body_.start(Framing::until_close, 0);
    Wheel::disarm(timer_);
    resume_body();
}

void ServerConnection::shutdown_write() {
    if (state_ == State::closed) return;
    shutdown_due_ = !output_.empty();
    if (!shutdown_due_) stream_.shutdown_write();
}

// False: this peer has as many connections as it may. Proxies that we trust stand for many peers.
bool ServerConnection::count_peer() {
    const uint32_t most = site_->limits.max_connections_per_peer;
    if (!most || !site_->counts || peer_.is_unix() ||
        (site_->trusted && site_->trusted->contains(peer_)))
        return true;
    peer_counted_ = site_->counts->peers.enter(peer_, most);
    if (!peer_counted_) site_->figures.refused_peer++;
    return peer_counted_;
}

void ServerConnection::end_of_stream() {
    end_seen_ = true;
    if (state_ == State::lingering || (state_ == State::head && !x_)) {
        // Nothing is owed, unless a response still waits to be taken.
        if (state_ == State::head && !output_.empty()) {
            close_when_sent_ = true;
            return;
        }
        close();
        return;
    }
    if (raw_ && x_) {
        x_->on_body({}, true);
        return;
    }
    lost(MH_E_CANCELLED);  // in the middle of a body: it can never be complete
}

void ServerConnection::lost(mh_status why) {
    if (state_ == State::closed) return;
    Exchange* x = x_;
    x_ = nullptr;
    close();
    if (!x) return;
    x->on_client_lost(why);
    engine_.recycle(x);
}

void ServerConnection::abort() {
    if (state_ == State::closed) return;
    stream_.close(true);
    lost(MH_E_IO);
}

// The response is out. Closing while the client still sends would reset the connection and could take the response with it:
// say that we are done, and read on for a moment (RFC 9112 section 9.6).
void ServerConnection::linger() {
    if (state_ == State::closed || state_ == State::lingering) return;
    // Who said that this was the last request, all of which is here, sends nothing more (section 9.6 again).
    const bool silent = last_request_ && !read_ready_ && !stream_.tls();
    if (end_seen_ || silent) return close();
    stream_.shutdown_write();
    state_ = State::lingering;
    held_.clear();
    engine_.loop.arm(timer_, kLingerMs);
    if (read_ready_ && !reading_ && !consuming_)
        engine_.loop.defer(
            [](void* p) {
                auto* c = static_cast<ServerConnection*>(p);
                if (c->state_ == State::lingering) c->read_some();
            },
            this);
}

void ServerConnection::close(bool reset) {
    if (state_ == State::closed) return;
    state_ = State::closed;
    if (shaking_hands_)
        ++(stream_.tls_peer() ? site_->figures.handshakes : site_->figures.broken_handshakes);
    stream_.close(reset);
    Wheel::disarm(timer_);
    output_.clear();
    site_->pins--;
    if (site_->counts) {
        if (peer_counted_) site_->counts->peers.leave(peer_);
        site_->counts->leave();
    }
    auto& all = engine_.connections;
    all[place_] = all.back();
    all[place_]->place_ = place_;
    all.pop_back();
    engine_.loop.free_later(this);
}

void ServerConnection::drain() {
    draining_ = true;
    if (state_ == State::head && !x_ && held_.empty() && output_.empty()) close();
}

}  // namespace microhost::http
