// SPDX-License-Identifier: Apache-2.0
/// Config: the one validated result of flags, environment, file and defaults.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/limits.hpp"
#include "config/origin.hpp"
#include "json/document.hpp"

namespace microhost::config {

enum class LogFormat : std::uint8_t { automatic, text, json };
enum class AccessLog : std::uint8_t { off, combined, json };

struct Log {
    std::string level = "info";  ///< trace, debug, info, warn, error
    LogFormat format = LogFormat::automatic;
    std::string file;  ///< empty: stderr
    AccessLog access_log = AccessLog::off;
};

struct Certificate {
    std::string cert, key;  ///< PEM files
    bool operator==(const Certificate&) const = default;
};

/// Of the host: the defaults. Of a listener: what it has, the defaults filled in.
struct Tls {
    std::vector<Certificate> certificates;  ///< the first answers clients without SNI
    std::string client_ca;                  ///< empty: no client certificates
    std::string min_version = "1.2";
    std::string redirect_from;  ///< a listener only: plain-text address that redirects here
    std::string acme_webroot;
    std::chrono::milliseconds handshake_timeout{10'000};
    bool operator==(const Tls&) const = default;
};

/// See keys.cpp for what each means.
struct HostSettings {
    std::string name;
    unsigned loops = 0;  ///< 0: one for each core
    unsigned workers = 4;
    std::string runtime_dir;
    std::string state_dir;
    std::vector<std::string> module_path;
    std::string plugin_dir;             ///< may be absent; empty: none
    std::vector<std::string> registry;  ///< modules registry-NAME that are loaded besides
    std::chrono::milliseconds registry_wait{5000};
    std::string control_address;
    std::vector<std::string> rpc_address;  ///< one listener each; empty: none
    std::string rpc_advertise;
    std::string card = "auto";  ///< auto, on, off
    std::vector<std::string> card_try;
    std::chrono::milliseconds drain_delay{0};
    std::chrono::milliseconds drain_timeout{30'000};
    bool supervise = false;
    std::chrono::milliseconds hang_timeout{10'000};
    unsigned quarantine_crashes = 3;
    std::chrono::milliseconds quarantine_window{600'000};
    std::vector<std::string> trusted_proxies;
    Log log;
    Tls tls;
    Limits limits;
};

/// The "module" of listeners that offer the services of this process; there is none of that id.
inline constexpr std::string_view kRpcListener = "rpc";
/// What a process opens for the tools of its user where its services have no other listener; no name that can be configured.
inline constexpr std::string_view kToolsListener = "(tools)";

struct Listener {
    std::string name;
    std::string module;   ///< or kRpcListener
    std::string address;  ///< empty: the module's own default
    std::optional<Tls> tls;
    std::optional<std::vector<std::string>> filters;  ///< absent: every filter instance
    bool proxy_protocol = false;
    bool rfc7239 = false;  ///< forwarded_headers
    Limits limits;
};

struct ModuleConfig {
    std::string id;
    json::Document config;  ///< an object with defaults filled in
    std::string
        problem;  ///< of a dropped module (ModuleSchema::dropped): why it must not run; else empty
};

/// Empty lists match everything. Several values of one list: any of them.
struct Match {
    std::vector<std::string> path, path_prefix, host, method;
    std::vector<std::string> header;  ///< "Name" or "Name: value"
};

enum class OnError : std::uint8_t { closed, open, skip };

struct FilterInstance {
    std::string name;
    std::string use;  ///< module id
    Match match;
    std::optional<OnError> on_error;  ///< absent: what the filter's phase asks for
    bool shadow = false;              ///< evaluate and log, never enforce
    json::Document config;
};

struct Config {
    HostSettings host;
    std::vector<std::string> load;
    std::vector<Listener> listeners;
    std::vector<ModuleConfig>
        modules;  ///< one for each module schema that was given, in that order
    std::vector<FilterInstance> filters;
    std::string file;  ///< the file that was read, or empty

    json::Document document;        ///< the effective document
    Origins origins;                ///< of its values
    std::set<std::string> secrets;  ///< pointers of values that must not be shown
    std::vector<std::string>
        warnings;  ///< for the log, e.g. a variable that looks like a flag of ours

    const ModuleConfig* module(std::string_view id) const {
        for (const ModuleConfig& m : modules)
            if (m.id == id) return &m;
        return nullptr;
    }
};

}  // namespace microhost::config
