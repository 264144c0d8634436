// SPDX-License-Identifier: Apache-2.0
/// An HTTP handler in C++: `struct page : mh::handler<page> { mh_status on_request(mh::request&); };`
///
/// An object is made for each loop, and one for the control thread, with the module's config when there is a nested `config`.
/// Optional members: config, name, needs, listeners(const config&) (a std::vector<mh::listener>, contributed at start),
/// on_cancel(request&, token, mh_status), on_done(request&, mh_status). on_request may answer nothing: then it is MH_OK.
#pragma once

#include <microhost/filter.hpp>

#include <deque>
#include <vector>

namespace mh {

/// A listener that the module opens unless the operator configured one for it.
struct listener {
    std::string name;
    std::string address;
};

/// What handlers and services have in common: one object a loop, one for [main] and workers, one config of the module.
template <class D>
struct [[gnu::visibility("hidden")]] per_loop_part {
    using config = typename config_of<D>::type;

    static D* make(const config& c) {
        if constexpr (requires { typename D::config; }) {
            return new D(c);
        } else {
            return new D();
        }
    }
    /// The object to call: `shard` is the module's shard (an array of such objects, see module.hpp), or null off the loops.
    static D& of(void* shard) {
        return shard ? *static_cast<D*>(static_cast<void**>(shard)[slot]) : *home;
    }
    inline static D* home = nullptr;
    inline static std::size_t slot = 0;
    inline static config values{};
};

template <class D>
struct [[gnu::visibility("hidden")]] handler_part : per_loop_part<D> {
    using typename per_loop_part<D>::config;

    static mh_status on_request(void* shard, void*, mh_req* q, const mh_header*, uint32_t) {
        return guarded("on_request", [&]() -> mh_status {
            request r(q);
            D& d = per_loop_part<D>::of(shard);
            if constexpr (std::is_void_v<decltype(d.on_request(r))>) {
                d.on_request(r);
                return MH_OK;
            } else {
                return d.on_request(r);
            }
        });
    }
    static void on_cancel(void* shard, void*, mh_req* q, mh_token t, mh_status why) {
        guarded("on_cancel", [&] {
            request r(q);
            per_loop_part<D>::of(shard).on_cancel(r, t, why);
            return MH_OK;
        });
    }
    static void on_done(void* shard, void*, mh_req* q, mh_status outcome) {
        guarded("on_done", [&] {
            request r(q);
            per_loop_part<D>::of(shard).on_done(r, outcome);
            return MH_OK;
        });
    }

    static constexpr mh_http_handler make_table() {
        mh_http_handler h{};
        h.size = sizeof h;
        if constexpr (requires { D::name; }) h.name = D::name;
        h.on_request = on_request;
        if constexpr (requires(D d, request r, token t, mh_status s) { d.on_cancel(r, t, s); }) {
            h.on_cancel = on_cancel;
        }
        if constexpr (requires(D d, request r, mh_status s) { d.on_done(r, s); }) {
            h.on_done = on_done;
        }
        return h;
    }
    static constexpr mh_http_handler table = make_table();

    static mh_status contribute(const config& c) {
        mh_status s = the_host->contribute(the_host, MH_HTTP_HANDLER, &table);
        if constexpr (requires { D::listeners(c); }) {
            for (listener& l : D::listeners(c)) {
                auto& kept = listeners.emplace_back(std::move(l), mh_http_listener{});
                kept.second.size = sizeof kept.second;
                kept.second.name = kept.first.name.c_str();
                kept.second.handler = table.name;
                kept.second.address = lend(kept.first.address);
                if (s == MH_OK) {
                    s = the_host->contribute(the_host, MH_HTTP_LISTENER, &kept.second);
                }
            }
        }
        return s;
    }
    inline static std::deque<std::pair<listener, mh_http_listener>> listeners;
};

template <class D>
struct handler {
    using part = handler_part<D>;
};

}  // namespace mh
