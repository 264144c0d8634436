// SPDX-License-Identifier: Apache-2.0
#include "tool/diagnosis.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>
#include <algorithm>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "net/tls.hpp"
#include "registry/folder.hpp"
#include "tool/control_socket.hpp"
#include "tool/judged.hpp"
#include "tool/port_owner.hpp"

namespace microhost::tool {
namespace {

namespace fs = std::filesystem;

constexpr rlim_t kFewFiles = 4096;

struct Notes {
    Diagnosis& out;
    const char* about;

    void say(Health h, std::string text) { out.push_back({h, about, std::move(text)}); }
    void ok(std::string text) { say(Health::ok, std::move(text)); }
    void warn(std::string text) { say(Health::warning, std::move(text)); }
    void problem(std::string text) { say(Health::problem, std::move(text)); }
};

void look_at_port(Notes& notes, const std::string& name, const std::string& text) {
    auto address = net::Address::parse(text);
    if (!address) return notes.problem(fmt::format("{}: {}", name, address.error().what));
    if (address->is_unix() || address->port() == 0) return;
    const int failed = try_bind(*address);
    if (failed == 0) return notes.ok(fmt::format("{} ({}) is free", text, name));
    if (failed == EACCES)
        return notes.problem(fmt::format(
            "{} ({}): this user may not listen below port 1024; give it CAP_NET_BIND_SERVICE or "
            "another port",
            text, name));
    if (failed != EADDRINUSE)
        return notes.problem(fmt::format("{} ({}): {}", text, name, std::strerror(failed)));
    const PortOwner owner = owner_of(address->port());
    const std::string whose = owner.pid ? fmt::format("{} (process {})", owner.program, owner.pid)
                                        : "a process of another user";
    if (owner.program == "microhost")
        return notes.warn(
            fmt::format("{} ({}) is taken by {}, which runs already", text, name, whose));
    notes.problem(
        fmt::format("{} ({}) is taken by {}; end it or choose another address", text, name, whose));
}

/// The folder, or the nearest one above it that is there.
fs::path existing(fs::path folder) {
    std::error_code ec;
    while (!folder.empty() && !fs::exists(folder, ec) && folder.has_parent_path() &&
           folder.parent_path() != folder)
        folder = folder.parent_path();
    return folder.empty() ? fs::path(".") : folder;
}

void look_at_own_folder(Notes& notes, const std::string& folder, const char* key) {
    if (folder.empty()) return notes.warn(fmt::format("{} is not set, nothing is kept", key));
    const fs::path there = existing(folder);
    if (access(there.c_str(), W_OK | X_OK) != 0)
        return notes.problem(
            fmt::format("{} {}: {} may not be written by this user; chown it or "
                        "set --{} to another",
                        key, folder, there.string(), key));
    notes.ok(fmt::format("{} {} {}", key, folder,
                         there == folder ? "can be written" : "will be made at the start"));
}

}  // namespace

void look_at_ports(const config::Config& config, Diagnosis& out) {
    Notes notes{out, "port"};
    std::vector<std::string> configured;
    for (const config::Listener& l : config.listeners) {
        if (l.address.empty()) continue;
        look_at_port(notes, l.name, l.address);
        configured.push_back(l.module);
    }
    // A module without a listener in the configuration says itself where it listens.
    for (const config::ModuleConfig& m : config.modules) {
        const auto own = m.config.root().find("address").as_string();
        if (own && !own->empty() && std::ranges::find(configured, m.id) == configured.end())
            look_at_port(notes, m.id, std::string(*own));
    }
    if (!config.host.control_address.empty())
        look_at_port(notes, "control", config.host.control_address);
}

void look_at_limits(const config::Config&, Diagnosis& out) {
    Notes notes{out, "limits"};
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max < kFewFiles)
        notes.warn(
            fmt::format("{} open files at most, two for each connection that is forwarded; "
                        "raise it (ulimit -Hn, LimitNOFILE=)",
                        files.rlim_max));
    else
        notes.ok(fmt::format("{} open files at most", files.rlim_max));
    rlimit core{};
    getrlimit(RLIMIT_CORE, &core);
    notes.ok(core.rlim_cur ? "a crash leaves a core file" : "a crash leaves no core file");
}

void look_at_folders(const config::Config& config, Diagnosis& out) {
    Notes notes{out, "folder"};
    const std::string& runtime = config.host.runtime_dir;
    look_at_own_folder(notes, runtime, "runtime_dir");
    const std::string socket = fmt::format("{}/instances/{}/control.sock", runtime,
                                           config.host.name.empty() ? "0000000" : config.host.name);
    if (socket.size() >= sizeof(sockaddr_un{}.sun_path))
        notes.problem(
            fmt::format("{}: too long for a socket; set --runtime_dir to a shorter path", socket));
    std::error_code ec;
    if (fs::exists(runtime + "/registry/v1", ec)) {
        if (auto registry = registry::open_folder(runtime, false))
            notes.ok(fmt::format("registry {}", registry->path));
        else
            notes.problem(registry.error().what);
    }
    look_at_own_folder(notes, config.host.state_dir, "state_dir");
}

void look_at_clock(Diagnosis& out) {
    Notes notes{out, "clock"};
    constexpr std::time_t kBuilt = 1735689600;  // 2025: no clock that is set shows less
    const std::time_t now = std::time(nullptr);
    if (now < kBuilt)
        return notes.problem(
            "shows a day before 2025, so certificates and tokens are judged "
            "wrongly; set it");
    timex state{};
    if (adjtimex(&state) == TIME_ERROR || (state.status & STA_UNSYNC))
        return notes.warn("is not kept by NTP; tokens and certificates need the right time");
    notes.ok("is kept by NTP");
}

void look_at_certificates(const config::Config& config, Diagnosis& out) {
    Notes notes{out, "certificate"};
    for (const config::Listener& l : config.listeners) {
        if (!l.tls) continue;
        net::TlsServerOptions options;
        for (const config::Certificate& c : l.tls->certificates)
            options.certificates.push_back({c.cert, c.key});
        options.client_ca = l.tls->client_ca;
        auto loaded = net::TlsServerContext::load(options);
        if (!loaded) {
            notes.problem(fmt::format("{}: {}", l.name, loaded.error().what));
            continue;
        }
        for (const std::string& w : (*loaded)->warnings())
            notes.say(w.find(" expired on ") == w.npos ? Health::warning : Health::problem,
                      fmt::format("{}: {}", l.name, w));
        if ((*loaded)->warnings().empty())
            notes.ok(fmt::format("{}: {} with its key", l.name,
                                 l.tls->certificates.empty() ? "" : l.tls->certificates[0].cert));
    }
}

void look_at_modules(const config::Config& config, Diagnosis& out) {
    Notes notes{out, "module"};
    for (const std::string& folder : config.host.module_path) {
        if (access(folder.c_str(), R_OK | X_OK) != 0)
            notes.warn(fmt::format("module path {}: {}", folder, std::strerror(errno)));
        else
            notes.ok(fmt::format("module path {}", folder));
    }
    const std::string& plugins = config.host.plugin_dir;
    struct stat s {};
    if (plugins.empty() || stat(plugins.c_str(), &s) != 0) {
        if (!plugins.empty()) notes.ok(fmt::format("no plugin directory {}", plugins));
        return;
    }
    if (access(plugins.c_str(), R_OK | X_OK) != 0)
        return notes.problem(fmt::format("plugin directory {}: {}", plugins, std::strerror(errno)));
    if (s.st_mode & S_IWOTH)
        notes.problem(fmt::format(
            "plugin directory {}: everybody may put code into it; chmod o-w it", plugins));
    if (fs::is_empty(plugins))
        return notes.ok(fmt::format("plugin directory {} is empty", plugins));
    auto files = judge_files(std::vector<std::string>{plugins});
    judge_together(files, config.host.module_path);
    for (const Judged& f : files)
        if (f.good())
            notes.ok(f.path);
        else if (f.path != plugins)
            notes.problem(f.refusal);
}

void look_at_instances(const config::Config& config, Diagnosis& out) {
    Notes notes{out, "instance"};
    for (const Instance& i : instances(config.host.runtime_dir)) {
        if (!i.alive) {
            notes.warn(
                fmt::format("{} is not running and has left {}; rm -r it", i.name, i.folder));
            continue;
        }
        const auto ready = i.ask("GET", "/readyz");
        if (!ready)
            notes.problem(ready.error().what);
        else if (ready->status != 200)
            notes.warn(fmt::format("{} is running and not ready: {}", i.name,
                                   ready->body.substr(0, ready->body.find('\n'))));
        else
            notes.ok(fmt::format("{} is running and ready", i.name));
    }
}

}  // namespace microhost::tool
