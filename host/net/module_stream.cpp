// SPDX-License-Identifier: Apache-2.0
#include "net/module_stream.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unordered_set>
#include <vector>

#include "module/generation.hpp"

namespace microhost::net {
namespace {

using module::HostSide;
using module::lend;

thread_local std::unordered_set<const mh_net_stream*> streams_here;

mh_seg seg_of(std::string_view s) { return {reinterpret_cast<const uint8_t*>(s.data()), s.size()}; }

bool complete(const mh_net_events* e) {
    return MH_FIELD_OK(e, on_bytes) && MH_FIELD_OK(e, on_close);
}

}  // namespace

mh_status refuse(HostSide& side, mh_status s, const std::string& why) {
    module::report(side, s, {}, why);
    static thread_local std::string said;
    if (std::exchange(said, side.id + why) != side.id + why) side.log.warn(why);
    return s;
}

ModuleStream::ModuleStream(Loop& loop, HostSide& side, const mh_net_events* events, void* user)
    : loop_(loop), side_(side), user_(user) {
    if (events) std::memcpy(&events_, events, std::min<size_t>(events->size, sizeof events_));
}

ModuleStream* ModuleStream::find(const mh_net_stream* s) {
    if (!streams_here.contains(s)) return nullptr;
    return static_cast<ModuleStream*>(const_cast<mh_net_stream*>(s));
}

bool ModuleStream::too_many() { return streams_here.size() >= kMostPerLoop; }

void ModuleStream::begin() {
    streams_here.insert(this);
    side_.generation.at_end(loop_.index(), end_all);
}

mh_status ModuleStream::open(Loop& loop, HostSide& side, ConnectionSettings settings,
                             const mh_net_events& events, void* user, mh_net_stream** out) {
    if (!complete(&events)) return MH_E_INVALID;
    auto* m = new ModuleStream(loop, side, &events, user);
    const auto fail = [&](mh_status s, const std::string& why) {
        delete m;
        return refuse(side, s, why);
    };
    if (settings.address == "stdio:") {
        m->connection_ = Connection::standard(loop, *m, std::move(settings));
        if (!m->connection_)
            return errno == EEXIST
                       ? fail(MH_E_EXISTS, "stdio: is used already, and there is one of it")
                       : fail(MH_E_IO,
                              fmt::format("stdio: cannot be used: {}", std::strerror(errno)));
    } else {
        auto c = Connection::dial(loop, *m, std::move(settings));
        if (!c) return fail(MH_E_INVALID, c.error().what);
        m->connection_ = *c;
    }
    m->begin();
    *out = m;
    return MH_OK;
}

void ModuleStream::accept(Loop& loop, HostSide& side, ConnectionSettings settings, int fd,
                          const Address& peer, OnAccept on_accept, void* user) {
    auto* m = new ModuleStream(loop, side, nullptr, nullptr);
    m->connection_ = Connection::accepted(loop, *m, std::move(settings), fd, peer);
    m->begin();
    const mh_net_events* events = nullptr;
    const mh_status s = module::guarded(side, "stream.on_accept", mh_status{MH_E_PANIC},
                                        [&] { return on_accept(user, m, &events, &m->user_); });
    if (!streams_here.contains(m)) return;  // it was aborted, or the listener's module has gone
    if (s < 0 || !complete(events)) return m->abort();
    std::memcpy(&m->events_, events, std::min<size_t>(events->size, sizeof m->events_));
}

mh_status ModuleStream::adopt(Loop& loop, HostSide& side, ConnectionParts parts,
                              const mh_net_events& events, void* user, mh_net_stream** out) {
    auto* m = new ModuleStream(loop, side, &events, user);
    m->connection_ = Connection::adopted(loop, *m, std::move(parts));
    m->begin();
    *out = m;
    return MH_OK;
}

void ModuleStream::end_all(HostSide& side) {
    std::vector<ModuleStream*> its;
    for (const mh_net_stream* s : streams_here)
        if (ModuleStream* m = find(s); &m->side_ == &side) its.push_back(m);
    for (ModuleStream* m : its) m->abort();
}

void ModuleStream::abort() {
    if (Connection* c = std::exchange(connection_, nullptr)) c->abort();
    forget();
}

bool ModuleStream::park(ConnectionParts& out) {
    if (!connection_->park(out)) return false;
    connection_ = nullptr;
    forget();
    return true;
}

/// The connection may be in the middle of a call to us: both stay until the end of the turn.
void ModuleStream::forget() {
    if (streams_here.erase(this))
        loop_.defer([](void* p) { delete static_cast<ModuleStream*>(p); }, this);
}

template <class F>
void ModuleStream::tell(const char* hook, F&& call) {
    const bool good = module::guarded(side_, hook, false, [&] {
        call();
        return true;
    });
    if (!good) panicked();
}

void ModuleStream::panicked() {
    if (!connection_) return;
    connection_->abort();
    on_end(MH_E_PANIC, "an exception came out of a callback");
}

void ModuleStream::on_open() {
    if (events_.on_open) tell("stream.on_open", [&] { events_.on_open(user_, this); });
}

size_t ModuleStream::on_bytes(std::string_view bytes) {
    size_t used = 0;
    tell("stream.on_bytes", [&] { used = events_.on_bytes(user_, this, seg_of(bytes)); });
    return used;
}

bool ModuleStream::on_finish() {
    if (!events_.on_finish) return false;
    tell("stream.on_finish", [&] { events_.on_finish(user_, this); });
    return true;
}

void ModuleStream::on_writable() {
    if (events_.on_writable) tell("stream.on_writable", [&] { events_.on_writable(user_, this); });
}

void ModuleStream::on_end(mh_status why, std::string_view text) {
    connection_ = nullptr;
    forget();
    if (!events_.on_close) return;
    module::guarded(side_, "stream.on_close",
                    [&] { events_.on_close(user_, this, why, lend(text)); });
}

}  // namespace microhost::net
