// SPDX-License-Identifier: Apache-2.0
/// A filter in C++: write the hooks that you need, the others cost nothing.
///
/// An object of the filter is made for each configured instance on each loop, with the instance's config: so members need no
/// lock. What all loops of an instance share goes into a nested `struct shared`, made on [main] with the config; then the
/// filter is constructed with (shared&).
///
/// Optional members: config, shared, name, phase, after, before, max_body, on_error, needs (mh::uses<...>).
/// Hooks: on_request(request&), on_request_body(request&, pieces), on_whole_request_body(request&, string_view), the same three
/// for the response, on_cancel(request&, token, mh_status), on_done(request&, mh_status). They answer a verdict or nothing.
#pragma once

#include <microhost/options.hpp>
#include <microhost/request.hpp>

#include <memory>

namespace mh {

/// Bytes of a body as they pass; `last` with the final ones.
struct pieces {
    std::span<const mh_seg> parts;
    bool last;
};

template <class D>
struct config_of {
    using type = no_config;
};
template <class D>
requires requires { typename D::config; }
struct config_of<D> {
    using type = typename D::config;
};

/// What the host calls for a filter D. Hooks are found by what they can be called with.
template <class D>
struct [[gnu::visibility("hidden")]] filter_part {
    using config = typename config_of<D>::type;
    static constexpr const char* what = "filter";
    static constexpr bool has_request = requires(D d, request r) { d.on_request(r); };
    static constexpr bool has_response = requires(D d, request r) { d.on_response(r); };
    static constexpr bool has_done = requires(D d, request r, mh_status s) { d.on_done(r, s); };
    static constexpr bool has_cancel = requires(D d, request r, token t, mh_status s) {
        d.on_cancel(r, t, s);
    };
    static constexpr bool has_request_body = requires(D d, request r, pieces p) {
        d.on_request_body(r, p);
    };
    static constexpr bool has_response_body = requires(D d, request r, pieces p) {
        d.on_response_body(r, p);
    };
    static constexpr bool has_whole_request = requires(D d, request r, string_view s) {
        d.on_whole_request_body(r, s);
    };
    static constexpr bool has_whole_response = requires(D d, request r, string_view s) {
        d.on_whole_response_body(r, s);
    };
    static constexpr uint32_t interests =
        (has_request ? MH_I_REQUEST : 0) | (has_response ? MH_I_RESPONSE : 0) |
        (has_done ? MH_I_DONE : 0) | (has_request_body ? MH_I_REQUEST_BODY : 0) |
        (has_response_body ? MH_I_RESPONSE_BODY : 0) |
        (has_whole_request ? MH_I_REQUEST_BODY_FULL : 0) |
        (has_whole_response ? MH_I_RESPONSE_BODY_FULL : 0);
    static_assert(interests != 0, "a filter needs a public hook such as on_request(mh::request&)");

    static constexpr uint32_t phase() {
        if constexpr (requires { D::phase; }) return D::phase;
        return MH_PHASE_TRANSFORM;
    }

    // ---- instances and shards

    struct plain {  // an instance whose loops share nothing but the config
        explicit plain(const config& c) : values(c) {}
        config values;
    };
    static auto instance_type() {
        if constexpr (requires { typename D::shared; }) {
            return std::type_identity<typename D::shared>{};
        } else {
            return std::type_identity<plain>{};
        }
    }
    using instance = typename decltype(instance_type())::type;

    static mh_status instance_create(void*, const mh_filter_instance* i, void** out) {
        return guarded("instance_create", [&] {
            *out = new instance(read_config<config>(i->config));
            return MH_OK;
        });
    }
    static void instance_destroy(void*, void* i) { delete static_cast<instance*>(i); }
    static void* shard_create(void* i, uint32_t) {
        void* shard = nullptr;
        guarded("shard_create", [&] {
            auto& of = *static_cast<instance*>(i);
            if constexpr (requires { typename D::shared; }) {
                shard = new D(of);
            } else if constexpr (requires { typename D::config; }) {
                shard = new D(of.values);
            } else {
                shard = new D();
            }
            return MH_OK;
        });
        return shard;
    }
    static void shard_destroy(void*, void* s) { delete static_cast<D*>(s); }

    // ---- hooks

    template <class F>
    static verdict hook(const char* name, void* shard, mh_req* raw, F&& f) noexcept {
        try {
            request r(raw);
            D& d = *static_cast<D*>(shard);
            if constexpr (std::is_void_v<decltype(f(d, r))>) {
                f(d, r);
                return go_on;
            } else {
                return f(d, r);
            }
        } catch (...) {
            caught(name);
            return undecided;
        }
    }
    static verdict on_request(void* s, mh_req* q, const mh_header*, uint32_t) {
        return hook("on_request", s, q, [](D& d, request& r) { return d.on_request(r); });
    }
    static verdict on_response(void* s, mh_req* q, uint32_t, const mh_header*, uint32_t) {
        return hook("on_response", s, q, [](D& d, request& r) { return d.on_response(r); });
    }
    static string_view whole(const mh_seg* v, uint32_t n) { return n ? view(v[0]) : string_view{}; }
    static verdict on_request_body(void* s, mh_req* q, const mh_seg* v, uint32_t n, uint32_t fin) {
        return hook("on_request_body", s, q, [&](D& d, request& r) {
            if constexpr (has_whole_request)
                return d.on_whole_request_body(r, whole(v, n));
            else
                return d.on_request_body(r, pieces{{v, n}, fin != 0});
        });
    }
    static verdict on_response_body(void* s, mh_req* q, const mh_seg* v, uint32_t n, uint32_t fin) {
        return hook("on_response_body", s, q, [&](D& d, request& r) {
            if constexpr (has_whole_response)
                return d.on_whole_response_body(r, whole(v, n));
            else
                return d.on_response_body(r, pieces{{v, n}, fin != 0});
        });
    }
    static void on_cancel(void* s, mh_req* q, mh_token t, mh_status why) {
        hook("on_cancel", s, q, [&](D& d, request& r) { d.on_cancel(r, t, why); });
    }
    static void on_done(void* s, mh_req* q, mh_status outcome) {
        hook("on_done", s, q, [&](D& d, request& r) { d.on_done(r, outcome); });
    }

    static constexpr mh_http_filter make() {
        mh_http_filter f{};
        f.size = sizeof f;
        f.interests = interests;
        f.phase = phase();
        if constexpr (requires { D::max_body; }) f.max_body = D::max_body;
        if constexpr (requires { D::name; }) f.name = D::name;
        if constexpr (requires { D::after; }) f.after = D::after;
        if constexpr (requires { D::before; }) f.before = D::before;
        f.instance_create = instance_create;
        f.instance_destroy = instance_destroy;
        f.shard_create = shard_create;
        f.shard_destroy = shard_destroy;
        if constexpr (has_request) f.on_request = on_request;
        if constexpr (has_response) f.on_response = on_response;
        if constexpr (has_request_body || has_whole_request) f.on_request_body = on_request_body;
        if constexpr (has_response_body || has_whole_response)
            f.on_response_body = on_response_body;
        if constexpr (has_cancel) f.on_cancel = on_cancel;
        if constexpr (has_done) f.on_done = on_done;
        return f;
    }
    static constexpr mh_http_filter table = make();

    static mh_status contribute(const no_config&) {
        return the_host->contribute(the_host, MH_HTTP_FILTER, &table);
    }
};

template <class D>
struct filter {
    using part = filter_part<D>;
};

}  // namespace mh
