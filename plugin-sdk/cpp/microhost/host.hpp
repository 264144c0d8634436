// SPDX-License-Identifier: Apache-2.0
/// The host as this module sees it: its tables, its log, and how failures get over the border.
#pragma once

#include <microhost/draft.h>
#include <microhost/text.hpp>

#include <cassert>
#include <exception>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>

namespace mh {

using verdict = mh_verdict;
using token = mh_token;

/// Set by the entry before any code of the module runs. Hidden, here and where else the glue has variables, whatever the
/// compiler was told: two modules, or two generations of one, must never share them.
[[gnu::visibility("hidden")]] inline const mh_host* the_host = nullptr;
template <class Table>
[[gnu::visibility("hidden")]] inline const Table* the_table = nullptr;

/// Which id a table has. A third party's interface gets its own specialisation.
template <class Table>
inline constexpr const char* interface_id = nullptr;
#define MH_GLUE_INTERFACE(table, id) \
    template <>                      \
    inline constexpr const char* interface_id<table> = id
MH_GLUE_INTERFACE(mh_log, MH_LOG);
MH_GLUE_INTERFACE(mh_config_api, MH_CONFIG);
MH_GLUE_INTERFACE(mh_config_read, MH_CONFIG_READ);
MH_GLUE_INTERFACE(mh_event_bus, MH_EVENT_BUS);
MH_GLUE_INTERFACE(mh_event_sink, MH_EVENT_SINK);
MH_GLUE_INTERFACE(mh_http_request, MH_HTTP_REQUEST);
MH_GLUE_INTERFACE(mh_command, MH_COMMAND);
MH_GLUE_INTERFACE(mh_http_client, MH_HTTP_CLIENT);
MH_GLUE_INTERFACE(mh_http_forward, MH_HTTP_FORWARD);
MH_GLUE_INTERFACE(mh_http_server, MH_HTTP_SERVER);
MH_GLUE_INTERFACE(mh_http_stream, MH_HTTP_STREAM);
MH_GLUE_INTERFACE(mh_http_websocket, MH_HTTP_WEBSOCKET);
MH_GLUE_INTERFACE(mh_json, MH_JSON);
MH_GLUE_INTERFACE(mh_file, MH_FILE);
MH_GLUE_INTERFACE(mh_command_output, MH_COMMAND_OUTPUT);
MH_GLUE_INTERFACE(mh_health, MH_HEALTH);
MH_GLUE_INTERFACE(mh_kv_store, MH_KV);
MH_GLUE_INTERFACE(mh_limit, MH_LIMIT);
MH_GLUE_INTERFACE(mh_log_read, MH_LOG_READ);
MH_GLUE_INTERFACE(mh_loop, MH_LOOP);
MH_GLUE_INTERFACE(mh_metrics, MH_METRICS);
MH_GLUE_INTERFACE(mh_metrics_read, MH_METRICS_READ);
MH_GLUE_INTERFACE(mh_modules, MH_MODULES);
MH_GLUE_INTERFACE(mh_net, MH_NET_STREAM);
MH_GLUE_INTERFACE(mh_net_resolve, MH_NET_RESOLVE);
MH_GLUE_INTERFACE(mh_registry, MH_REGISTRY);
MH_GLUE_INTERFACE(mh_registry_sink, MH_REGISTRY_SINK);
MH_GLUE_INTERFACE(mh_rpc, MH_RPC);
MH_GLUE_INTERFACE(mh_rpc_incoming, MH_RPC_INCOMING);
MH_GLUE_INTERFACE(mh_rpc_server, MH_RPC_SERVER);
MH_GLUE_INTERFACE(mh_timer, MH_TIMER);
MH_GLUE_INTERFACE(mh_work, MH_WORK);
#undef MH_GLUE_INTERFACE

/// What a part needs beyond what it is: `static constexpr mh::uses<mh_file, mh_health> needs{};`
/// It goes into the manifest's `requires`, and use<mh_file>() works from create() on.
template <class... Tables>
struct uses {};

/// The host's table; only those that the module declared.
template <class Table>
const Table& use() {
    assert(the_table<Table> && "add it to the part's mh::uses<...>");
    return *the_table<Table>;
}

/// Thrown by constructors: the operator reads the text as it is, so say what, where and what to do.
struct failure : std::runtime_error {
    explicit failure(const std::string& text, std::string json_pointer = {},
                     mh_status status = MH_E_INVALID)
        : std::runtime_error(text), where(std::move(json_pointer)), code(status) {}
    std::string where;  ///< into the config of the module or the filter instance
    mh_status code;
};

struct field {
    string_view key;
    string_view value;
};

namespace log {

inline void line(int32_t level, string_view text, std::initializer_list<field> fields = {}) {
    if (!the_table<mh_log>) return;
    mh_kv kv[16];
    uint32_t n = 0;
    for (const field& f : fields) {
        if (n < 16) kv[n++] = {lend(f.key), lend(f.value)};
    }
    the_table<mh_log>->write(the_host, level, lend(text), kv, n);
}
inline void debug(string_view t, std::initializer_list<field> f = {}) { line(MH_LOG_DEBUG, t, f); }
inline void info(string_view t, std::initializer_list<field> f = {}) { line(MH_LOG_INFO, t, f); }
inline void warn(string_view t, std::initializer_list<field> f = {}) { line(MH_LOG_WARN, t, f); }
inline void error(string_view t, std::initializer_list<field> f = {}) { line(MH_LOG_ERROR, t, f); }

}  // namespace log

/// Inside a catch block: tells the host and answers the status to return.
inline mh_status caught(const char* hook) noexcept {
    try {
        throw;
    } catch (const failure& f) {
        the_host->error(the_host, f.code, lend(f.where), lend(f.what()));
        return f.code;
    } catch (const std::exception& e) {
        the_host->error(the_host, MH_E_PANIC, {}, lend(e.what()));
        log::error("exception in the module", {{"hook", hook}, {"what", e.what()}});
    } catch (...) {
        the_host->error(the_host, MH_E_PANIC, {}, lend("unknown exception"));
        log::error("unknown exception in the module", {{"hook", hook}});
    }
    return MH_E_PANIC;
}

/// Runs f at the border: no exception passes.
template <class F>
mh_status guarded(const char* hook, F&& f) noexcept {
    try {
        return f();
    } catch (...) {
        return caught(hook);
    }
}

}  // namespace mh
