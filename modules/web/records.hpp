// SPDX-License-Identifier: Apache-2.0
/// What the pages show, as JSON: one shape for the API and for the stream of events.
#pragma once

#include <microhost/draft/config_read.h>
#include <microhost/draft/log_read.h>
#include <microhost/draft/metrics_read.h>
#include <microhost/draft/modules.h>
#include <microhost/draft/registry.h>

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace microhost::web {

/// What a list says of all versions of one name.
struct ServiceSummary {
    std::set<std::string, std::less<>> versions;
    uint32_t nodes = 0, endpoints = 0;
    bool alive = false;   ///< services of this process are without having nodes
    uint64_t digest = 0;  ///< of all that is known: another one when anything of it changes
};
using ServiceSummaries = std::map<std::string, ServiceSummary, std::less<>>;
ServiceSummaries service_summaries(const mh_registry_view* view);

/// The rows of the list of services by their names: {"name","versions","nodes","endpoints","state","digest"}.
using ServiceRows = std::map<std::string, std::string, std::less<>>;
ServiceRows service_rows(const mh_registry_view* view);
std::string joined(const ServiceRows& rows);

/// One of Micro's service objects for each version, as an array, and the service's state around it. Empty: there is none.
std::string service_json(const mh_registry_view* view, std::string_view name);
std::string sources_json();  ///< [main]

/// {"modules":[...]}. With `manifests` each has what it says of itself. [main]
std::string modules_json(bool manifests);
/// What a person would call a change: who is there, in which generation and state. [main]
std::string modules_signature();
std::string_view state_name(int32_t state);

std::string log_json(const mh_log_record& r);
std::string_view level_name(int32_t level);

/// ["kind","name","detail",...] with the columns of the newest point.
std::string traffic_row_json(const mh_traffic& t);
/// {"end_ms","step_ms","columns","rows"}. [main]
std::string traffic_json(int32_t ring, uint32_t most);

std::string_view origin_name(int32_t origin);  ///< of a value of the configuration
/// {"values":[...]}. [main]
std::string config_json(std::string_view prefix);
/// The name of this instance as a JSON string; "" where there is no configuration to be read, as in a trial. [main]
std::string instance_json();

}  // namespace microhost::web
