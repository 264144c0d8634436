// SPDX-License-Identifier: Apache-2.0
/// Small things that are remembered over a reload, and over a restart where the store is durable.
#pragma once

#include <microhost/draft/kv.h>
#include <microhost/host.hpp>

#include <string>
#include <string_view>

namespace microhost::bot {

/// Empty when there is nothing.
inline std::string kept(std::string_view key) {
    std::string out(64 * 1024, '\0');
    size_t n = 0;
    const mh_status s = mh::use<mh_kv_store>().get(mh::the_host, mh::lend(key), out.data(),
                                                   out.size(), &n, nullptr);
    out.resize(s == MH_OK ? std::min(n, out.size()) : 0);
    return out;
}

inline void keep(std::string_view key, std::string_view value) {
    const mh_status s =
        mh::use<mh_kv_store>().set(mh::the_host, mh::lend(key), mh::bytes(value), 0);
    if (s != MH_OK)
        mh::log::warn("the host does not remember it: a reload will forget it", {{"key", key}});
}

}  // namespace microhost::bot
