// SPDX-License-Identifier: Apache-2.0
#include "http/abi_server.hpp"

#include <utility>

#include "http/head.hpp"

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

}  // namespace

const mh_http_server kServerTable = {sizeof(mh_http_server), 0, each};

void set_listeners(std::vector<OpenListener> all) { listeners() = std::move(all); }

}  // namespace microhost::http
