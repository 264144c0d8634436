// SPDX-License-Identifier: Apache-2.0
#include "config/keys.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace microhost::config {
namespace {

using enum Type;

constexpr std::array kKeys{
    Key{"name", string, "", false, "name of this instance (default: its process id)"},
    Key{"loops", integer, "auto", false, "request loops; auto is one for each core", "auto"},
    Key{"workers", integer, "4", false, "threads for work that blocks"},
    Key{"runtime_dir", string, "", false, "registry, control sockets"},
    Key{"state_dir", string, "", false, "what outlives the process: quarantine and the like"},
    Key{"module_path", paths, "", false, "directories where modules are found by name"},
    Key{"plugin_dir", string, "", false,
        "modules in this directory come, change and go with their files; empty is none"},
    Key{"registry",
        list,
        "",
        true,
        "where services are found besides the directory: NAME loads registry-NAME.so",
        {},
        {},
        "MICRO_REGISTRY"},
    Key{"registry_wait", duration, "5s", false,
        "at the start, wait this long for each of them to tell what it knows"},
    Key{"control_address", string, "", false,
        "also serve the control interface on this TCP address"},
    Key{"rpc_address", list, "", true,
        "offer the services of this process to others on these addresses (mucp)"},
    Key{"rpc_advertise", string, "", true,
        "host, or host:port, to announce instead of the address that is listened on"},
    Key{"card", choice, "auto", false, "print the start-up card: auto is on a terminal",
        "auto on off"},
    Key{"card_try", list, "", false, "lines that the card offers to paste"},
    Key{"drain_delay", duration, "0s", true,
        "after SIGTERM, fail readiness this long before closing"},
    Key{"drain_timeout", duration, "30s", true, "then wait this long for requests in flight"},
    Key{"supervise", boolean, "false", false,
        "a parent process keeps the sockets and replaces a worker that crashes or hangs"},
    Key{"hang_timeout", duration, "10s", false,
        "the supervisor replaces a worker whose loop does not turn for this long; 0 is never"},
    Key{"quarantine_crashes", integer, "3", false,
        "the supervisor loads a module no more that crashed the worker this often; 0 is off"},
    Key{"quarantine_window", duration, "10m", false, "... within this time"},
    Key{"trusted_proxies", list, "", true,
        "addresses whose X-Forwarded-* and X-Request-Id are believed"},

    Key{"log/level", choice, "info", true, "least severe line that is written",
        "trace debug info warn error"},
    Key{"log/format", choice, "auto", false, "auto is text on a terminal, json else",
        "auto text json"},
    Key{"log/file", string, "", false,
        "append to this file instead of stderr; opened again on SIGHUP"},
    Key{"log/access_log", choice, "off", false, "a line for each request", "off combined json",
        "access_log"},

    Key{"tls/cert", string, "", false,
        "certificate chain (PEM) of TLS listeners that name none; read again on SIGHUP"},
    Key{"tls/key", string, "", false, "its private key (PEM)"},
    Key{"tls/client_ca", string, "", false, "demand client certificates signed by these (PEM)"},
    Key{"tls/min_version", choice, "1.2", false, "oldest TLS version accepted", "1.2 1.3"},
    Key{"tls/handshake_timeout", duration, "10s", false, "time for a TLS handshake"},
    Key{"tls/acme_webroot",
        string,
        "",
        false,
        "serve /.well-known/acme-challenge/ from here",
        {},
        "acme_webroot"},

    Key{"limits/request_line", size, "16KiB", true, "longest request line"},
    Key{"limits/header_bytes", size, "32KiB", true, "all header fields of a request"},
    Key{"limits/max_headers", integer, "64", true, "number of header fields"},
    Key{"limits/body_bytes", size, "4MiB", true, "body of a request that is held whole (rpc)"},
    Key{"limits/stream_body_bytes", size, "0", true,
        "body of a request that is streamed; 0 is unlimited"},
    Key{"limits/header_timeout", duration, "10s", true,
        "from the first byte to the end of the head"},
    Key{"limits/body_timeout", duration, "10s", true, "between two pieces of a body"},
    Key{"limits/body_min_rate", size, "240", true, "slowest body, bytes a second; 0 is off"},
    Key{"limits/idle_timeout", duration, "60s", true, "between two requests of a connection"},
    Key{"limits/write_timeout", duration, "30s", true,
        "a client that reads nothing is closed after this"},
    Key{"limits/max_connections", integer, "auto", true,
        "of each listener, over all loops; auto: as many as there are descriptors", "auto"},
    Key{"limits/max_connections_per_peer", integer, "0", true,
        "of one address to a listener; 0 is off"},
    Key{"limits/max_pipeline_bytes", size, "64KiB", true, "answers waiting before reading stops"},
    Key{"limits/websocket_message", size, "1MiB", true, "largest websocket message"},
    Key{"limits/upstream_connect_timeout", duration, "1s", true, "to connect to an upstream"},
    Key{"limits/upstream_response_timeout", duration, "5s", true,
        "for an upstream's response head"},
    Key{"limits/upstream_idle_timeout", duration, "55s", true,
        "a pooled connection is closed after this"},
    Key{"limits/upstream_max_idle", integer, "1024", true, "pooled connections of a node and loop"},
};

bool is_flag_of(std::string_view path, std::string_view flag) {
    return std::equal(path.begin(), path.end(), flag.begin(), flag.end(),
                      [](char p, char f) { return f == (p == '/' ? '_' : p); });
}

}  // namespace

std::span<const Key> keys() { return kKeys; }

const Key* find_key(std::string_view path) {
    for (const Key& key : kKeys)
        if (key.path == path) return &key;
    return nullptr;
}

const Key* find_flag(std::string_view flag) {
    for (const Key& key : kKeys)
        if (is_flag_of(key.path, flag) || (!key.alias.empty() && is_flag_of(key.alias, flag)))
            return &key;
    return nullptr;
}

std::string flag_name(std::string_view path) {
    std::string out(path);
    std::replace(out.begin(), out.end(), '/', '_');
    return out;
}

std::string variable_name(std::string_view path) {
    std::string out = "MICROHOST_" + flag_name(path);
    for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out;
}

}  // namespace microhost::config
