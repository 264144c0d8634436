// SPDX-License-Identifier: Apache-2.0
/// The whole glue, and the entry of a C++ module. Once per shared object, at file scope:
///
///     MH_PLUGIN("com.acme.stamp", "1.0.0", "Adds a response field", stamp)
///
/// The parts are classes that derive from mh::filter, mh::handler, mh::service, mh::command_set or mh::app. One filter may have a config, and one of the
/// others (then that is the module's own, and the filter's is its filter_schema).
#pragma once

#include <microhost/entry.h>
#include <microhost/app.hpp>
#include <microhost/call.hpp>
#include <microhost/command.hpp>
#include <microhost/connection.hpp>
#include <microhost/fetch.hpp>
#include <microhost/forward.hpp>
#include <microhost/json.hpp>
#include <microhost/manifest.hpp>
#include <microhost/published.hpp>
#include <microhost/watch.hpp>
#include <microhost/work.hpp>

namespace mh {

template <class... Parts>
struct [[gnu::visibility("hidden")]] module_of {
    static constexpr bool has_shards = (false || ... || !is_filter<Parts>);
    static_assert((0 + ... + (has_config<Parts> && !is_filter<Parts>)) <= 1,
                  "one part may have the module's config");
    static_assert((0 + ... + (has_config<Parts> && is_filter<Parts>)) <= 1,
                  "one filter may have a config: filter_schema describes it");

    template <class Table>
    static mh_status resolve(Table*) {
        const char* id = interface_id<Table>;
        the_table<Table> = static_cast<const Table*>(the_host->get(the_host, id));
        if (the_table<Table>) return MH_OK;
        const std::string text = std::string("this host does not have the interface ") + id;
        the_host->error(the_host, MH_E_UNSUPPORTED, {}, lend(text));
        return MH_E_UNSUPPORTED;
    }

    static mh_status create(const mh_host* host, const mh_module** out) {
        the_host = host;
        the_table<mh_log> = static_cast<const mh_log*>(host->get(host, MH_LOG));
        mh_status s = MH_OK;
        const auto need = [&](auto* table) { s = s == MH_OK ? resolve(table) : s; };
        (each_need<Parts>(need), ...);
        *out = &table;
        return s;
    }

    template <class D>
    static mh_status start_part(std::size_t & slot) {
        using part = typename D::part;
        if constexpr (is_filter<D>) {
            return part::contribute({});
        } else {
            if constexpr (has_config<D>) {
                const auto& api = use<mh_config_api>();
                part::values = read_config<typename D::config>(api.module(the_host));
            }
            part::slot = slot++;
            part::home = part::make(part::values);
            return part::contribute(part::values);
        }
    }
    static mh_status start(const mh_module*) {
        return guarded("start", [] {
            std::size_t slot = 0;
            mh_status s = MH_OK;
            ((s = s == MH_OK ? start_part<Parts>(slot) : s), ...);
            return s;
        });
    }

    template <class D>
    static void make_object(void** shard) {
        if constexpr (!is_filter<D>) shard[D::part::slot] = D::part::make(D::part::values);
    }
    template <class D>
    static void drop_object(void** shard) {
        if constexpr (!is_filter<D>) delete static_cast<D*>(shard[D::part::slot]);
    }
    static void* shard_create(const mh_module*, uint32_t) {
        void** shard = new (std::nothrow) void*[sizeof...(Parts)]();
        if (!shard) return nullptr;
        const mh_status s = guarded("shard_create", [&] {
            (make_object<Parts>(shard), ...);
            return MH_OK;
        });
        if (s == MH_OK) return shard;
        shard_destroy(nullptr, shard);
        return nullptr;
    }
    static void shard_destroy(const mh_module*, void* opaque) {
        auto** shard = static_cast<void**>(opaque);
        (drop_object<Parts>(shard), ...);
        delete[] shard;
    }

    template <class D>
    static void drop_home() {
        if constexpr (!is_filter<D>) delete std::exchange(D::part::home, nullptr);
    }
    static void destroy(const mh_module*) { (drop_home<Parts>(), ...); }

    static constexpr mh_module table{sizeof(mh_module),
                                     0,
                                     nullptr,
                                     start,
                                     has_shards ? shard_create : nullptr,
                                     has_shards ? shard_destroy : nullptr,
                                     nullptr,
                                     destroy,
                                     nullptr};
};

}  // namespace mh

#define MH_PLUGIN(id, version, summary, ...)                                                    \
    __attribute__((section(".mh_manifest"), used)) static constexpr auto mh_manifest_text =     \
        mh::manifest_text<mh::manifest_size<__VA_ARGS__>({id, version, summary}), __VA_ARGS__>( \
            {id, version, summary});                                                            \
    extern "C" MH_EXPORT const mh_module_entry_t mh_module_entry = {                            \
        MH_MAGIC,                                                                               \
        MH_ABI_EPOCH,                                                                           \
        sizeof(mh_module_entry_t),                                                              \
        MH_HEADER_VERSION,                                                                      \
        mh_manifest_text.data(),                                                                \
        mh::module_of<__VA_ARGS__>::create};
