// SPDX-License-Identifier: Apache-2.0
#include "net/abi_stream.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "module/host_side.hpp"
#include "net/client_tls.hpp"
#include "net/module_listener.hpp"
#include "net/module_stream.hpp"
#include "net/parking.hpp"

namespace microhost::net {
namespace {

using module::broken;
using module::HostSide;
using module::lend;
using module::view;

constexpr size_t kLeastOptions = offsetof(mh_net_options, cert_file);
constexpr uint32_t kConnectMs = 10'000;

/// False when it cannot be one.
bool whole(const mh_net_options* o, mh_net_options& out) {
    if (!o || o->size < kLeastOptions) return false;
    out = {};
    std::memcpy(&out, o, std::min<size_t>(o->size, sizeof out));
    for (const mh_str& s :
         {out.address, out.tls_name, out.alpn, out.ca_file, out.cert_file, out.key_file})
        if (broken(s)) return false;
    if (!out.connect_timeout_ms) out.connect_timeout_ms = kConnectMs;
    return true;
}

ConnectionSettings settings_of(const mh_net_options& o) {
    ConnectionSettings s;
    s.address = view(o.address);
    s.connect_timeout_ms = o.connect_timeout_ms;
    s.idle_timeout_ms = o.idle_timeout_ms;
    return s;
}

mh_status client_side(HostSide& side, const mh_net_options& o, ConnectionTls& out) {
    ClientTls wanted{std::string(view(o.ca_file)), std::string(view(o.cert_file)),
                     std::string(view(o.key_file)), !(o.flags & MH_NET_NO_VERIFY)};
    auto context = client_tls(wanted);
    if (!context) return refuse(side, MH_E_INVALID, context.error().what);
    out.client = *context;
    out.name = view(o.tls_name);
    out.alpn = view(o.alpn);
    return MH_OK;
}

ServerTls server_wish(const mh_net_options& o) {
    return {std::string(view(o.cert_file)), std::string(view(o.key_file)),
            std::string(view(o.ca_file)), std::string(view(o.alpn))};
}

mh_status server_side(HostSide& side, const mh_net_options& o, ConnectionTls& out) {
    auto context = server_tls(server_wish(o));
    if (!context) return refuse(side, MH_E_INVALID, context.error().what);
    out.server = *context;
    return MH_OK;
}

mh_status open(const mh_host* h, const mh_net_options* given, const mh_net_events* e, void* user,
               mh_net_stream** out) {
    HostSide* side = HostSide::find(h);
    mh_net_options o;
    if (!side || !out || !e || !whole(given, o)) return MH_E_INVALID;
    Loop* loop = Loop::current();
    if (!loop) return MH_E_WRONG_THREAD;
    if (ModuleStream::too_many()) return MH_E_LIMIT;
    return module::guard_status([&]() -> mh_status {
        ConnectionSettings settings = settings_of(o);
        if (o.flags & MH_NET_TLS) {
            if (settings.address == "stdio:")
                return refuse(*side, MH_E_INVALID, "stdio: is never TLS");
            if (const mh_status s = client_side(*side, o, settings.tls)) return s;
        }
        return ModuleStream::open(*loop, *side, std::move(settings), *e, user, out);
    });
}

/// Runs `use` with the stream.
template <class Use>
mh_status with(mh_net_stream* s, Use&& use) {
    if (!s) return MH_E_INVALID;
    if (!Loop::current()) return MH_E_WRONG_THREAD;
    ModuleStream* m = ModuleStream::find(s);
    if (!m) return MH_E_GONE;
    return module::guard_status([&] { return use(*m); });
}

mh_status write(mh_net_stream* s, const mh_seg* v, uint32_t n) {
    if (n && !v) return MH_E_INVALID;
    for (uint32_t i = 0; i < n; i++)
        if (broken(v[i])) return MH_E_INVALID;
    return with(s, [&](ModuleStream& m) { return m.connection().write(v, n); });
}

mh_status finish(mh_net_stream* s) {
    return with(s, [](ModuleStream& m) { return m.connection().finish(); });
}

void close(mh_net_stream* s) {
    with(s, [](ModuleStream& m) {
        m.connection().close();
        return MH_OK;
    });
}

void abort(mh_net_stream* s) {
    with(s, [](ModuleStream& m) {
        m.abort();
        return MH_OK;
    });
}

mh_status start_tls(mh_net_stream* s, const mh_net_options* given) {
    mh_net_options o;
    if (!whole(given, o)) return MH_E_INVALID;
    return with(s, [&](ModuleStream& m) -> mh_status {
        ConnectionTls tls;
        const mh_status made = m.connection().accepted() ? server_side(m.side(), o, tls)
                                                         : client_side(m.side(), o, tls);
        return made ? made : m.connection().start_tls(std::move(tls), o.connect_timeout_ms);
    });
}

mh_status pause(mh_net_stream* s) {
    return with(s, [](ModuleStream& m) { return m.connection().pause(); });
}

mh_status resume(mh_net_stream* s) {
    return with(s, [](ModuleStream& m) { return m.connection().resume(); });
}

mh_status addresses(mh_net_stream* s, mh_str* peer, mh_str* local) {
    return with(s, [&](ModuleStream& m) -> mh_status {
        if (peer) *peer = lend(m.connection().peer());
        if (local) *local = lend(m.connection().local());
        return MH_OK;
    });
}

mh_status listen(const mh_host* h, const mh_net_options* given, ModuleStream::OnAccept on_accept,
                 void* user, mh_token* out) {
    HostSide* side = HostSide::find(h);
    mh_net_options o;
    if (!side || !on_accept || !out || !whole(given, o)) return MH_E_INVALID;
    Loop* loop = Loop::current();
    if (!loop) return MH_E_WRONG_THREAD;
    return module::guard_status([&]() -> mh_status {
        ListenWish wish{std::string(view(o.address)), settings_of(o), {}};
        if (o.flags & MH_NET_TLS) wish.tls = server_wish(o);
        return ModuleListener::open(*loop, *side, std::move(wish), on_accept, user, out);
    });
}

template <class Use>
mh_status with_listener(mh_token t, Use&& use) {
    if (!Loop::current()) return MH_E_WRONG_THREAD;
    ModuleListener* l = ModuleListener::find(t);
    if (!l) return MH_E_GONE;
    return module::guard_status([&] { return use(*l); });
}

mh_status unlisten(mh_token t) {
    return with_listener(t, [](ModuleListener& l) {
        l.close();
        return MH_OK;
    });
}

mh_status listening(mh_token t, mh_str* local) {
    if (!local) return MH_E_INVALID;
    return with_listener(t, [&](ModuleListener& l) {
        *local = lend(l.local());
        return MH_OK;
    });
}

mh_status park_stream(mh_net_stream* s, uint64_t* key) {
    if (!key) return MH_E_INVALID;
    return with(s, [&](ModuleStream& m) -> mh_status {
        ConnectionParts parts;
        if (!m.park(parts)) return MH_E_INVALID;
        *key = park(*Loop::current(), m.side().id, std::move(parts));
        return *key ? MH_OK : MH_E_LIMIT;
    });
}

mh_status adopt(const mh_host* h, uint64_t key, const mh_net_events* e, void* user,
                mh_net_stream** out) {
    HostSide* side = HostSide::find(h);
    if (!side || !out || !MH_FIELD_OK(e, on_bytes) || !MH_FIELD_OK(e, on_close))
        return MH_E_INVALID;
    Loop* loop = Loop::current();
    if (!loop) return MH_E_WRONG_THREAD;
    if (ModuleStream::too_many()) return MH_E_LIMIT;
    return module::guard_status([&]() -> mh_status {
        ConnectionParts parts;
        if (!unpark(key, side->id, parts)) return MH_E_GONE;
        return ModuleStream::adopt(*loop, *side, std::move(parts), *e, user, out);
    });
}

}  // namespace

const mh_net kStreamTable = {
    sizeof(mh_net), 0,      open,      write,  finish,   close,       abort, start_tls,
    pause,          resume, addresses, listen, unlisten, park_stream, adopt, listening,
};

}  // namespace microhost::net
