// SPDX-License-Identifier: Apache-2.0
/// A filter in C++: write the hooks that you need, the others cost nothing.
///
/// An object of the filter is made for each configured instance on each loop, with the instance's config: so members need no
/// lock. What all loops of an instance share goes into a nested `struct shared`, made on [main] with the config (and, when it
/// takes it, the mh_filter_instance, lent until then: it has the name); then the filter is constructed with (shared&).
///
/// Optional members: config, shared, name, phase, after, before, max_body, on_error, needs (mh::uses<...>).
/// Hooks: on_request(request&), on_request_body(request&, pieces), on_whole_request_body(request&, string_view), the same three
/// for the response, on_cancel(request&, token, mh_status), on_done(request&, mh_status). They answer a verdict or nothing.
#pragma once

#include <microhost/filter_hooks.hpp>
#include <microhost/options.hpp>

namespace mh {

template <class D>
struct config_of {
    using type = no_config;
};
template <class D>
requires requires { typename D::config; }
struct config_of<D> {
    using type = typename D::config;
};

template <class D>
struct [[gnu::visibility("hidden")]] filter_part {
    using config = typename config_of<D>::type;
    using hooks = filter_hooks<D>;

    static constexpr uint32_t phase() {
        if constexpr (requires { D::phase; }) return D::phase;
        return MH_PHASE_TRANSFORM;
    }

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
            if constexpr (std::is_constructible_v<instance, config, const mh_filter_instance&>) {
                *out = new instance(read_config<config>(i->config), *i);
            } else {
                *out = new instance(read_config<config>(i->config));
            }
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

    static constexpr mh_http_filter make() {
        mh_http_filter f{};
        f.size = sizeof f;
        f.interests = hooks::interests;
        f.phase = phase();
        if constexpr (requires { D::max_body; }) f.max_body = D::max_body;
        if constexpr (requires { D::name; }) f.name = D::name;
        if constexpr (requires { D::after; }) f.after = D::after;
        if constexpr (requires { D::before; }) f.before = D::before;
        f.instance_create = instance_create;
        f.instance_destroy = instance_destroy;
        f.shard_create = shard_create;
        f.shard_destroy = shard_destroy;
        if constexpr (hooks::has_request) f.on_request = hooks::on_request;
        if constexpr (hooks::has_response) f.on_response = hooks::on_response;
        if constexpr (hooks::has_request_body || hooks::has_whole_request)
            f.on_request_body = hooks::on_request_body;
        if constexpr (hooks::has_response_body || hooks::has_whole_response)
            f.on_response_body = hooks::on_response_body;
        if constexpr (hooks::has_cancel) f.on_cancel = hooks::on_cancel;
        if constexpr (hooks::has_done) f.on_done = hooks::on_done;
        return f;
    }
    static constexpr mh_http_filter table = make();

    static mh_status contribute(const no_config&) {
        return the_host->contribute(the_host, MH_HTTP_FILTER, &table);
    }
};

/// The base class: it only names the part, so that D is complete when its hooks are looked for.
template <class D>
struct filter {
    using part = filter_part<D>;
};

}  // namespace mh
