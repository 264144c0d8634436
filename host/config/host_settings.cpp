// SPDX-License-Identifier: Apache-2.0
// The host's part of the result: each key from its strongest source, then the typed struct.
#include <cassert>

#include "config/assembly.hpp"

namespace microhost::config {
namespace {

using Settings = std::map<std::string, Setting, std::less<>>;

struct Found {
    std::string text;   // of a flag or variable
    json::Value value;  // of the file
    Origin origin;
};

std::vector<std::string_view> paths_of(const Key& key) {
    if (key.alias.empty()) return {key.path};
    return {key.path, key.alias};
}

const Flag* last_flag(const Assembly& a, const Key& key) {
    const Flag* found = nullptr;
    for (const Flag& flag : a.flags)
        if (find_flag(flag.name) == &key) found = &flag;
    return found;
}

std::optional<Found> find(Assembly& a, const Key& key) {
    if (const Flag* flag = last_flag(a, key))
        return Found{flag->value.value_or("true"), {}, {Source::flag, flag->spelled, 0}};
    for (std::string_view path : paths_of(key)) {
        const std::string name = variable_name(path);
        const auto text = a.in.surroundings.variable(name);
        if (!text.empty()) return Found{std::string(text), {}, {Source::environment, name, 0}};
    }
    if (const auto text = a.in.surroundings.variable(key.variable); !text.empty())
        return Found{std::string(text), {}, {Source::environment, std::string(key.variable), 0}};
    std::optional<Found> out;
    for (std::string_view path : paths_of(key)) {
        const std::string pointer = fmt::format("/host/{}", path);
        const json::Value value = a.file(pointer);
        if (!value) continue;
        if (out)
            a.wrong(a.in_file(pointer),
                    fmt::format("{} and /host/{} are one setting; keep one", pointer, key.path));
        out = Found{{}, value, a.in_file(pointer)};
    }
    return out;
}

bool is_folder(const Key& key) {
    return key.path == "runtime_dir" || key.path == "state_dir" || key.path == "module_path" ||
           key.path == "plugin_dir";
}

void take(Assembly& a, const Key& key) {
    auto& slot = a.settings[std::string(key.path)];
    auto& origin = a.out.origins[fmt::format("/host/{}", key.path)];
    if (is_folder(key)) {
        const Folder folder = default_folder(key.path, a.in.surroundings);
        slot = parse_setting(key, folder.path).value();
        origin = folder.origin;
    } else {
        slot = parse_setting(key, key.fallback).value();  // a test parses all of the table
    }
    const auto found = find(a, key);
    if (!found) return;
    auto setting =
        found->value ? parse_setting(key, found->value) : parse_setting(key, found->text);
    if (!setting) {
        const std::string where = found->value ? fmt::format("/host/{} ", key.path) : "";
        a.wrong(found->origin, where + setting.error().what);
        return;
    }
    slot = std::move(*setting);
    origin = found->origin;
}

std::string host_text(const Settings& settings) {
    std::string out, group;
    json::Writer w{out};
    w.object();
    for (const Key& key : keys()) {
        const auto slash = key.path.find('/');
        const std::string now(slash == key.path.npos ? "" : key.path.substr(0, slash));
        if (now != group && !group.empty()) w.end();
        if (now != group && !now.empty()) w.key(now).object();
        group = now;
        w.key(now.empty() ? key.path : key.path.substr(slash + 1));
        write_setting(w, key, settings.find(key.path)->second);
    }
    if (!group.empty()) w.end();
    w.end();
    return out;
}

template <class T>
const T& get(const Settings& settings, std::string_view path) {
    const auto found = settings.find(path);
    assert(found != settings.end() && "a path that is not in the key table");
    return std::get<T>(found->second);
}

template <class E>
E chosen(const Settings& settings, std::string_view path,
         std::initializer_list<std::pair<std::string_view, E>> of) {
    const auto& word = get<std::string>(settings, path);
    for (const auto& [name, value] : of)
        if (name == word) return value;
    assert(false && "a choice of the key table without a value");
    return of.begin()->second;
}

Log log_settings(const Settings& s) {
    Log out;
    out.level = get<std::string>(s, "log/level");
    out.format = chosen<LogFormat>(
        s, "log/format",
        {{"auto", LogFormat::automatic}, {"text", LogFormat::text}, {"json", LogFormat::json}});
    out.file = get<std::string>(s, "log/file");
    out.access_log = chosen<AccessLog>(
        s, "log/access_log",
        {{"off", AccessLog::off}, {"combined", AccessLog::combined}, {"json", AccessLog::json}});
    return out;
}

Tls tls_settings(const Settings& s) {
    Tls out;
    const auto& cert = get<std::string>(s, "tls/cert");
    if (!cert.empty()) out.certificates.push_back({cert, get<std::string>(s, "tls/key")});
    out.client_ca = get<std::string>(s, "tls/client_ca");
    out.min_version = get<std::string>(s, "tls/min_version");
    out.handshake_timeout = get<std::chrono::milliseconds>(s, "tls/handshake_timeout");
    out.acme_webroot = get<std::string>(s, "tls/acme_webroot");
    return out;
}

using Size = std::int64_t Limits::*;
using Time = std::chrono::milliseconds Limits::*;
struct LimitField {
    std::string_view path;
    std::variant<Size, Time> field;
};

const LimitField kLimits[] = {
    {"limits/request_line", &Limits::request_line},
    {"limits/header_bytes", &Limits::header_bytes},
    {"limits/max_headers", &Limits::max_headers},
    {"limits/body_bytes", &Limits::body_bytes},
    {"limits/stream_body_bytes", &Limits::stream_body_bytes},
    {"limits/header_timeout", &Limits::header_timeout},
    {"limits/body_timeout", &Limits::body_timeout},
    {"limits/body_min_rate", &Limits::body_min_rate},
    {"limits/idle_timeout", &Limits::idle_timeout},
    {"limits/write_timeout", &Limits::write_timeout},
    {"limits/max_connections", &Limits::max_connections},
    {"limits/max_connections_per_peer", &Limits::max_connections_per_peer},
    {"limits/max_pipeline_bytes", &Limits::max_pipeline_bytes},
    {"limits/websocket_message", &Limits::websocket_message},
    {"limits/upstream_connect_timeout", &Limits::upstream_connect_timeout},
    {"limits/upstream_response_timeout", &Limits::upstream_response_timeout},
    {"limits/upstream_idle_timeout", &Limits::upstream_idle_timeout},
    {"limits/upstream_max_idle", &Limits::upstream_max_idle},
};

}  // namespace

void set_limit(Limits& limits, std::string_view path, const Setting& value) {
    for (const LimitField& f : kLimits) {
        if (f.path != path) continue;
        if (const auto* size = std::get_if<Size>(&f.field)) {
            limits.** size = std::get<std::int64_t>(value);
        } else {
            limits.*std::get<Time>(f.field) = std::get<std::chrono::milliseconds>(value);
        }
        return;
    }
    assert(false && "a limit of the key table without a field");
}

HostSettings host_settings(const Settings& s) {
    HostSettings out;
    out.name = get<std::string>(s, "name");
    out.loops = static_cast<unsigned>(get<std::int64_t>(s, "loops"));
    out.workers = static_cast<unsigned>(get<std::int64_t>(s, "workers"));
    out.runtime_dir = get<std::string>(s, "runtime_dir");
    out.state_dir = get<std::string>(s, "state_dir");
    out.plugin_dir = get<std::string>(s, "plugin_dir");
    out.module_path = get<std::vector<std::string>>(s, "module_path");
    out.registry = get<std::vector<std::string>>(s, "registry");
    out.registry_wait = get<std::chrono::milliseconds>(s, "registry_wait");
    out.control_address = get<std::string>(s, "control_address");
    out.rpc_address = get<std::vector<std::string>>(s, "rpc_address");
    out.rpc_advertise = get<std::string>(s, "rpc_advertise");
    out.card = get<std::string>(s, "card");
    out.card_try = get<std::vector<std::string>>(s, "card_try");
    out.drain_delay = get<std::chrono::milliseconds>(s, "drain_delay");
    out.drain_timeout = get<std::chrono::milliseconds>(s, "drain_timeout");
    out.supervise = get<bool>(s, "supervise");
    out.hang_timeout = get<std::chrono::milliseconds>(s, "hang_timeout");
    out.quarantine_crashes = static_cast<unsigned>(get<std::int64_t>(s, "quarantine_crashes"));
    out.quarantine_window = get<std::chrono::milliseconds>(s, "quarantine_window");
    out.trusted_proxies = get<std::vector<std::string>>(s, "trusted_proxies");
    out.log = log_settings(s);
    out.tls = tls_settings(s);
    for (const auto& [path, value] : s)
        if (path.starts_with("limits/")) set_limit(out.limits, path, value);
    return out;
}

void assemble_host(Assembly& a) {
    for (const Key& key : keys()) take(a, key);
    a.out.host = host_settings(a.settings);
    a.host = host_text(a.settings);
    const bool cert = !get<std::string>(a.settings, "tls/cert").empty();
    if (cert == get<std::string>(a.settings, "tls/key").empty())
        a.wrong(a.out.origins[cert ? "/host/tls/cert" : "/host/tls/key"],
                "tls/cert and tls/key are given together or not at all");
    constexpr std::int64_t kMostLoops = 256;
    if (get<std::int64_t>(a.settings, "loops") > kMostLoops)
        a.wrong(a.out.origins["/host/loops"], fmt::format("loops must be at most {}", kMostLoops));
}

}  // namespace microhost::config
