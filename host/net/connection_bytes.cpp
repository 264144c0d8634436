// SPDX-License-Identifier: Apache-2.0
// What comes and goes on an open connection.
#include <algorithm>
#include <cerrno>

#include "loop/scratch.hpp"
#include "net/connection.hpp"

namespace microhost::net {
namespace {

constexpr size_t kPiece = 64 * 1024;
constexpr size_t kMostInTurn = 256 * 1024;
constexpr uint32_t kAllEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

}  // namespace

// ---- bytes that come

bool Connection::readable() const {
    return phase_ == Phase::open && !paused_ && !next_tls_.wanted() && !parts_.peer_finished;
}

ssize_t Connection::read(char* p, size_t n) {
    return parts_.stdio ? parts_.stdio->read(p, n) : parts_.stream.read(p, n);
}

void Connection::take_in() {
    struct Taken;
    char* const piece = scratch<Taken, kPiece>();
    if (!paused_ && !next_tls_.wanted() && std::exchange(show_again_, false) &&
        !parts_.in.empty() && !show({}))
        return;
    for (size_t taken = 0; readable();) {
        if (taken >= kMostInTurn) return again();
        const ssize_t n = read(piece, std::min(kPiece, kMostUnused - parts_.in.size()));
        if (n == -EAGAIN || n == -EINTR) return;
        if (n < 0) return broke(n);
        if (n == 0) {
            parts_.peer_finished = true;
            break;
        }
        taken += static_cast<size_t>(n);
        touched();
        if (!show({piece, static_cast<size_t>(n)})) return;
    }
    if (parts_.peer_finished) peer_end();
}

/// There is more, but it is the turn of others.
void Connection::again() {
    if (!parts_.stdio) return loop_.modify(parts_.stream.fd(), this, kAllEvents);
    const int fd = parts_.stdio->in();
    if (fd >= 0) return loop_.modify(fd, this, EPOLLIN | EPOLLRDHUP | EPOLLET);
    arm(0);
}

/// False when there is nothing more to do for now.
bool Connection::show(std::string_view bytes) {
    std::string& in = parts_.in;
    const bool kept = !in.empty();
    if (kept) in.append(bytes);
    std::string_view rest = kept ? std::string_view(in) : bytes;
    for (bool used_some = true; used_some && !rest.empty() && phase_ == Phase::open && !paused_;) {
        showing_ = true;
        const size_t used = std::min(sink_->on_bytes(rest), rest.size());
        showing_ = false;
        if (phase_ == Phase::gone) return false;
        rest.remove_prefix(used);
        used_some = used > 0;
        if (next_tls_.wanted() && !rest.empty()) {
            end(MH_E_INVALID,
                fmt::format("{}: bytes came in the clear behind the change to TLS; somebody on the "
                            "way may have put them there",
                            who()));
            return false;
        }
    }
    if (kept)
        in.erase(0, in.size() - rest.size());
    else
        in.assign(rest);
    if (in.empty() && in.capacity() > kPiece) in = {};
    if (in.size() >= kMostUnused && phase_ == Phase::open) {
        end(MH_E_LIMIT, fmt::format("{}: 1 MiB of what came was not used", who()));
        return false;
    }
    return phase_ == Phase::open;
}

void Connection::peer_end() {
    if (paused_ || std::exchange(parts_.peer_finish_told, true)) return;
    if (!sink_->on_finish() && phase_ == Phase::open)
        end_softly(MH_E_GONE, fmt::format("{}: the other end closed the connection", who()));
    else if (phase_ == Phase::open)
        schedule();  // perhaps both have finished
}

// ---- bytes that go

ssize_t Connection::put_some() {
    std::string_view bytes = parts_.out;
    if (next_tls_.wanted()) bytes = bytes.substr(0, plain_left_);
    if (parts_.stdio) return parts_.stdio->write(bytes);
    const iovec v{const_cast<char*>(bytes.data()), bytes.size()};
    return parts_.stream.write(&v, 1);
}

void Connection::put_out() {
    while (next_tls_.wanted() ? plain_left_ > 0 : !parts_.out.empty()) {
        const ssize_t n = put_some();
        if (n == -EAGAIN || n == -EINTR) return;
        if (n < 0) {
            // What the other end said before it went away comes first.
            parts_.out.clear();
            if (phase_ == Phase::open && !next_tls_.wanted()) take_in();
            if (phase_ != Phase::gone && phase_ != Phase::lingering) broke(n);
            return;
        }
        parts_.out.erase(0, static_cast<size_t>(n));
        plain_left_ -= std::min(plain_left_, static_cast<size_t>(n));
        touched();
    }
    all_out();
}

void Connection::all_out() {
    if (next_tls_.wanted() && phase_ == Phase::open) {
        begin_tls();
        return schedule();
    }
    if (parts_.finish_wanted && !std::exchange(parts_.finished, true)) shutdown_write();
    if (parts_.out.capacity() > kWindow) parts_.out = {};
    if (phase_ == Phase::closing) return end(why_, std::exchange(text_, {}));
    if (parts_.finished && parts_.peer_finished && !paused_) return end(MH_OK, {});
    if (std::exchange(busy_told_, false)) sink_->on_writable();
}

void Connection::shutdown_write() {
    if (!parts_.stdio) return parts_.stream.shutdown_write();
    if (const int fd = parts_.stdio->out(); fd >= 0) loop_.remove(fd);
    parts_.stdio->shutdown_write();
}

}  // namespace microhost::net
