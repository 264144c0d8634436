// SPDX-License-Identifier: Apache-2.0
/// Every metric that the host itself exposes: name, help and labels, in one table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace microhost::observe {

enum class Kind : std::uint8_t { counter, gauge, histogram };
/// What a cell counts in. Times are exposed in seconds; a histogram always observes microseconds.
enum class Unit : std::uint8_t { one, nanoseconds, microseconds };

inline constexpr std::size_t kMaxLabels = 6;

struct Definition {
    std::string_view name;
    std::string_view help;
    Kind kind = Kind::counter;
    Unit unit = Unit::one;
    std::array<std::string_view, kMaxLabels> labels{};  // the first empty one ends the list

    constexpr std::size_t label_count() const {
        std::size_t n = 0;
        while (n < kMaxLabels && !labels[n].empty()) ++n;
        return n;
    }
};

namespace names {

// Requests that came in, by listener and by the module that answered. `route` is the route's
// pattern, never a path.
inline constexpr Definition kRequests{"microhost_requests_total",
                                      "Requests answered.",
                                      Kind::counter,
                                      Unit::one,
                                      {"module", "route", "code_class", "method"}};
inline constexpr Definition kRequestDuration{
    "microhost_request_duration_seconds",
    "Time from the complete request head to the last byte of the response, which may still wait "
    "for a slow client.",
    Kind::histogram,
    Unit::microseconds,
    {"module", "route"}};
inline constexpr Definition kRequestsInFlight{"microhost_requests_in_flight",
                                              "Requests being worked on.",
                                              Kind::gauge,
                                              Unit::one,
                                              {"listener"}};
inline constexpr Definition kRequestsRejected{
    "microhost_requests_rejected_total",
    "Requests that the host refused before any module saw them.",
    Kind::counter,
    Unit::one,
    {"listener", "reason"}};
inline constexpr Definition kReceivedBytes{"microhost_received_bytes_total",
                                           "Bytes read from clients, inside TLS.",
                                           Kind::counter,
                                           Unit::one,
                                           {"listener"}};
inline constexpr Definition kSentBytes{"microhost_sent_bytes_total",
                                       "Bytes of responses for clients, inside TLS.",
                                       Kind::counter,
                                       Unit::one,
                                       {"listener"}};
inline constexpr Definition kConnections{"microhost_connections",
                                         "Client connections that are open.",
                                         Kind::gauge,
                                         Unit::one,
                                         {"listener"}};
inline constexpr Definition kConnectionsAccepted{"microhost_connections_accepted_total",
                                                 "Client connections accepted.",
                                                 Kind::counter,
                                                 Unit::one,
                                                 {"listener"}};
inline constexpr Definition kConnectionsRefused{
    "microhost_connections_refused_total",
    "Client connections closed at once because of a limit.",
    Kind::counter,
    Unit::one,
    {"listener", "reason"}};
inline constexpr Definition kTlsHandshakes{"microhost_tls_handshakes_total",
                                           "TLS handshakes with clients.",
                                           Kind::counter,
                                           Unit::one,
                                           {"listener", "outcome"}};

// RPC and upstreams.
inline constexpr Definition kRpcCalls{"microhost_rpc_calls_total",
                                      "RPC calls made.",
                                      Kind::counter,
                                      Unit::one,
                                      {"service", "outcome"}};
inline constexpr Definition kRpcDuration{"microhost_rpc_duration_seconds",
                                         "Time of an RPC call, retries included.",
                                         Kind::histogram,
                                         Unit::microseconds,
                                         {"service"}};
inline constexpr Definition kRpcStreams{
    "microhost_rpc_streams", "Streams that are open.", Kind::gauge, Unit::one, {"service"}};
inline constexpr Definition kUpstreamRequests{"microhost_upstream_requests_total",
                                              "Requests sent to upstreams, by what became of them.",
                                              Kind::counter,
                                              Unit::one,
                                              {"upstream", "outcome"}};
inline constexpr Definition kUpstreamDuration{
    "microhost_upstream_duration_seconds",
    "Time from the first byte sent to an upstream to the last byte of its response.",
    Kind::histogram,
    Unit::microseconds,
    {"upstream"}};
inline constexpr Definition kUpstreamConnections{
    "microhost_upstream_connections",
    "Connections to upstreams that are open, idle or busy.",
    Kind::gauge,
    Unit::one,
    {"upstream", "state"}};
inline constexpr Definition kUpstreamConnects{"microhost_upstream_connects_total",
                                              "Connections to upstreams attempted.",
                                              Kind::counter,
                                              Unit::one,
                                              {"upstream", "outcome"}};
inline constexpr Definition kUpstreamRetries{"microhost_upstream_retries_total",
                                             "Requests sent a second time.",
                                             Kind::counter,
                                             Unit::one,
                                             {"upstream", "reason"}};
inline constexpr Definition kRegistryNodes{
    "microhost_registry_nodes", "Live nodes in the registry.", Kind::gauge, Unit::one, {"service"}};
inline constexpr Definition kRegistryProviderServices{
    "microhost_registry_provider_services",
    "Versions of services that a provider of the registry knows.",
    Kind::gauge,
    Unit::one,
    {"provider"}};
inline constexpr Definition kRegistryProviderNodes{"microhost_registry_provider_nodes",
                                                   "Nodes that a provider of the registry knows.",
                                                   Kind::gauge,
                                                   Unit::one,
                                                   {"provider"}};
inline constexpr Definition kRegistryProviderState{
    "microhost_registry_provider_state",
    "1 for the state that a provider of the registry is in, 0 for the others.",
    Kind::gauge,
    Unit::one,
    {"provider", "state"}};

// Filters and modules.
inline constexpr Definition kFilterVerdicts{"microhost_filter_verdicts_total",
                                            "What filters decided.",
                                            Kind::counter,
                                            Unit::one,
                                            {"filter", "verdict"}};
inline constexpr Definition kFilterFailures{
    "microhost_filter_failures_total",
    "Filters that failed or timed out, by what was done then (closed, open, skip).",
    Kind::counter,
    Unit::one,
    {"filter", "on_error"}};
inline constexpr Definition kModuleCalls{"microhost_module_calls_total",
                                         "Calls into a module, by hook.",
                                         Kind::counter,
                                         Unit::one,
                                         {"module", "hook"}};
inline constexpr Definition kModuleSeconds{
    "microhost_module_seconds_total",
    "Time spent in a module, by hook. Estimated from one call in 64.",
    Kind::counter,
    Unit::nanoseconds,
    {"module", "hook"}};
inline constexpr Definition kModuleGenerations{
    "microhost_module_generations",
    "Generations of a module in memory (active, draining, parked).",
    Kind::gauge,
    Unit::one,
    {"module", "state"}};

// The host itself.
inline constexpr Definition kLoopStalls{
    "microhost_loop_stalls_total",
    "Times that a loop did not turn for longer than the watchdog allows, by the module it "
    "was in.",
    Kind::counter,
    Unit::one,
    {"module"}};
inline constexpr Definition kSlowHooks{
    "microhost_slow_hooks_total",
    "Calls into a module that kept a loop for longer than 10 ms.",
    Kind::counter,
    Unit::one,
    {"module", "hook"}};
inline constexpr Definition kLoopTurns{
    "microhost_loop_turns_total", "Turns of a loop.", Kind::counter, Unit::one, {"loop"}};
inline constexpr Definition kLogDropped{"microhost_log_dropped_total",
                                        "Log lines dropped because the writer was behind.",
                                        Kind::counter,
                                        Unit::one,
                                        {}};
inline constexpr Definition kLogFailures{"microhost_log_write_failures_total",
                                         "Writes of log lines that failed.",
                                         Kind::counter,
                                         Unit::one,
                                         {}};
inline constexpr Definition kAccessLogDropped{
    "microhost_access_log_dropped_total",
    "Access log lines dropped because the writer was behind.",
    Kind::counter,
    Unit::one,
    {}};
inline constexpr Definition kMetricsOverflow{
    "microhost_metrics_overflow_total",
    "Series asked for after a metric had as many as it may; they are counted under the "
    "label value \"other\".",
    Kind::counter,
    Unit::one,
    {"metric"}};
inline constexpr Definition kBuild{"microhost_build_info",
                                   "1, labelled with the version of the host.",
                                   Kind::gauge,
                                   Unit::one,
                                   {"version"}};

// As the Prometheus client libraries name them.
inline constexpr Definition kProcessResident{
    "process_resident_memory_bytes", "Resident memory size in bytes.", Kind::gauge, Unit::one, {}};
inline constexpr Definition kProcessOpenFds{
    "process_open_fds", "Number of open file descriptors.", Kind::gauge, Unit::one, {}};
inline constexpr Definition kProcessMaxFds{
    "process_max_fds", "Maximum number of open file descriptors.", Kind::gauge, Unit::one, {}};
inline constexpr Definition kProcessCpu{"process_cpu_seconds_total",
                                        "Total user and system CPU time spent in seconds.",
                                        Kind::counter,
                                        Unit::one,
                                        {}};
inline constexpr Definition kProcessStart{
    "process_start_time_seconds",
    "Start time of the process since the Unix epoch in seconds.",
    Kind::gauge,
    Unit::one,
    {}};

/// All of the above: what the documentation lists and Metrics knows from the start.
inline constexpr std::array kAll{
    &kRequests,
    &kRequestDuration,
    &kRequestsInFlight,
    &kRequestsRejected,
    &kReceivedBytes,
    &kSentBytes,
    &kConnections,
    &kConnectionsAccepted,
    &kConnectionsRefused,
    &kTlsHandshakes,
    &kRpcCalls,
    &kRpcDuration,
    &kRpcStreams,
    &kUpstreamRequests,
    &kUpstreamDuration,
    &kUpstreamConnections,
    &kUpstreamConnects,
    &kUpstreamRetries,
    &kRegistryNodes,
    &kRegistryProviderServices,
    &kRegistryProviderNodes,
    &kRegistryProviderState,
    &kFilterVerdicts,
    &kFilterFailures,
    &kModuleCalls,
    &kModuleSeconds,
    &kModuleGenerations,
    &kLoopStalls,
    &kSlowHooks,
    &kLoopTurns,
    &kLogDropped,
    &kLogFailures,
    &kAccessLogDropped,
    &kMetricsOverflow,
    &kBuild,
    &kProcessResident,
    &kProcessOpenFds,
    &kProcessMaxFds,
    &kProcessCpu,
    &kProcessStart,
};

}  // namespace names
}  // namespace microhost::observe
