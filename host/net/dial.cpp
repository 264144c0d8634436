// SPDX-License-Identifier: Apache-2.0
#include "net/dial.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace microhost::net {
namespace {

constexpr uint64_t kLeastMs = 500;  // for one of several addresses

// Letters, digits and what names of services in practice have; not what could end a line of the log.
bool in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

}  // namespace

Dial::Dial(Loop& loop, Pollable& poll, std::function<void(State)> moved)
    : loop_(loop), poll_(poll), moved_(std::move(moved)) {
    patience_.owner = this;
    patience_.fire = [](Timer& t) {
        Dial& d = *static_cast<Patience&>(t).owner;
        const auto tell = d.moved_;  // which may destroy us
        if (const State s = d.next("no answer"); s != State::waiting) tell(s);
    };
}

Dial::~Dial() {
    if (lookup_) lookup_->cancel();
    drop();
}

void Dial::drop() {
    if (stream_.open()) loop_.remove(stream_.fd());
    stream_.close();
}

Result<> Dial::aim(std::string_view text) {
    if (auto a = Address::parse(text); a && !text.starts_with("localhost:")) {
        if (a->is_unix()) return addresses_ = {*a}, Result<>{};
        if (text.starts_with(':') || !a->port())
            return error("\"{}\" cannot be connected to: write HOST:PORT", text.substr(0, 300));
        host_ = text.substr(0, text.rfind(':'));
        if (host_.starts_with('[')) host_ = host_.substr(1, host_.size() - 2);
        addresses_ = {*a};
        return {};
    }
    const size_t colon = text.rfind(':');
    host_ = text.substr(0, std::min(colon, text.size()));
    const std::string_view port = colon == text.npos ? "" : text.substr(colon + 1);
    const auto r = std::from_chars(port.data(), port.data() + port.size(), port_);
    const bool number = r.ec == std::errc{} && r.ptr == port.data() + port.size() && port_;
    if (!number || host_.empty() || host_.size() > 253 ||
        !std::all_of(host_.begin(), host_.end(), in_name))
        return error("\"{}\" is not an address: write HOST:PORT, [IPV6]:PORT or unix:/PATH",
                     text.substr(0, 300));
    return {};
}

Dial::State Dial::start(uint64_t within_ms) {
    end_ms_ = Loop::clock_ns() / 1'000'000 + within_ms;
    if (!addresses_.empty()) return try_from(0);
    Resolver* resolver = Resolver::of_process();
    if (!resolver) return fail(MH_E_UNAVAILABLE, "names cannot be looked up here");
    lookup_ = resolver->resolve(host_, port_, [this](const Resolved& r) {
        lookup_ = nullptr;
        const auto tell = moved_;  // which may destroy us
        if (!r) return tell(fail(MH_E_NOT_FOUND, r.error().what));
        addresses_ = *r;
        if (const State s = try_from(0); s != State::waiting) tell(s);
    });
    return State::waiting;
}

Dial::State Dial::try_from(size_t first) {
    std::string why;
    for (at_ = first; at_ < addresses_.size(); at_++) {
        auto s = connect(addresses_[at_], nullptr, {});
        if (s && loop_.add(s->fd(), &poll_)) {
            stream_ = std::move(*s);
            const size_t left = addresses_.size() - at_;
            const uint64_t now = Loop::clock_ns() / 1'000'000;
            const uint64_t share = (std::max(end_ms_, now) - now) / left;
            // The last one has whatever time is left; the owner watches that.
            if (left > 1) loop_.wheel().arm(patience_, now, std::max(share, kLeastMs));
            return State::waiting;
        }
        why = s ? std::strerror(errno) : s.error().what.substr(s.error().what.rfind(": ") + 2);
    }
    at_ = addresses_.size() - 1;
    return fail(MH_E_UNAVAILABLE, fmt::format("({}): {}", peer().text(), why));
}

// To the next address, because of `why`.
Dial::State Dial::next(std::string why) {
    const std::string failed = fmt::format("({}): {}", peer().text(), why);
    drop();
    Wheel::disarm(patience_);
    if (at_ + 1 < addresses_.size()) return try_from(at_ + 1);
    return fail(MH_E_UNAVAILABLE, failed);
}

Dial::State Dial::on_events() {
    if (!stream_.open()) return State::waiting;
    if (const int e = socket_error(stream_.fd())) return next(std::strerror(e));
    sockaddr_storage peer;
    socklen_t n = sizeof peer;
    if (::getpeername(stream_.fd(), reinterpret_cast<sockaddr*>(&peer), &n) != 0)
        return State::waiting;
    Wheel::disarm(patience_);
    return State::connected;
}

Dial::State Dial::fail(mh_status s, std::string text) {
    status_ = s;
    text_ = std::move(text);
    return State::failed;
}

}  // namespace microhost::net
