// SPDX-License-Identifier: Apache-2.0
#include "http/abi_server.hpp"

#include <sys/socket.h>

#include <array>
#include <utility>

#include "http/exchange.hpp"
#include "http/h1/server_connection.hpp"
#include "net/address.hpp"

namespace microhost::http {
namespace {

std::vector<OpenListener>& listeners() {
    static std::vector<OpenListener> all;
    return all;
}

void each(const mh_host*, void (*fn)(void*, mh_str, mh_str, mh_str, uint32_t), void* user) {
    if (!fn) return;
    const std::vector<OpenListener> now = listeners();  // fn may bring about a change
    for (const OpenListener& l : now) fn(user, str(l.name), str(l.module), str(l.address), l.tls);
}

mh_status local_ip(mh_req* r, mh_str* out) {
    if (!r || !out) return MH_E_INVALID;
    Exchange& x = Exchange::of(r);
    net::Address a;
    a.len = sizeof a.storage;
    if (::getsockname(x.connection().stream().fd(), a.get(), &a.len) != 0) return MH_E_IO;
    std::array<char, 48> text;
    *out = str(x.arena().copy({text.data(), a.ip_text(text.data(), text.size())}));
    return out->ptr ? MH_OK : MH_E_NOMEM;
}

}  // namespace

const mh_http_server kServerTable = {sizeof(mh_http_server), 0, each, local_ip};

void set_listeners(std::vector<OpenListener> all) { listeners() = std::move(all); }

}  // namespace microhost::http
