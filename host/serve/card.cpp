// SPDX-License-Identifier: Apache-2.0
#include "serve/card.hpp"

#include <unistd.h>

#include "module/generation.hpp"
#include "net/tls.hpp"

namespace microhost::serve {
namespace {

// 0.0.0.0 and :: are addresses to listen on; a client on this machine wants one to connect to.
std::string url(const SitePlan& s) {
    const net::Address& at = s.address();
    if (at.is_unix()) return at.text();
    char ip[48];
    std::string_view host(ip, at.ip_text(ip, sizeof ip));
    if (host == "0.0.0.0" || host == "::") host = "127.0.0.1";
    bool v6 = host.find(':') != host.npos;
    return fmt::format("{}://{}{}{}:{}", s.tls ? "https" : "http", v6 ? "[" : "", host,
                       v6 ? "]" : "", at.port());
}

std::string chain_text(const SitePlan& s) {
    std::string out;
    for (const FilterPtr& f : s.program->chain) {
        if (!out.empty()) out += " > ";
        out += fmt::format("{} ({}, {}{}{})", f->name, phase_name(f->phase),
                           on_error_name(f->on_error), f->shadow ? ", shadow" : "",
                           f->filter ? "" : ", MISSING: " + f->problem);
    }
    return out.empty() ? "none" : out;
}

std::string try_lines(const config::Config& config, const SiteSet& sites,
                      const std::string& control) {
    std::string out;
    if (!config.host.card_try.empty()) {
        out = "  try\n";
        for (const std::string& line : config.host.card_try) out += line + "\n";
        return out;
    }
    for (auto& s : sites.sites()) {
        if (s->address().is_unix()) continue;
        out = fmt::format("  try\ncurl {}/\n", url(*s));
        break;
    }
    return out + fmt::format("curl --unix-socket {} 'http://localhost/readyz?verbose'\n", control);
}

}  // namespace

std::string card(const config::Config& config, const module::ModuleSet& modules,
                 const SiteSet& sites, const registry::Snapshot& known,
                 const std::string& control) {
    std::string out = fmt::format("microhost {} (pid {})\n", MICROHOST_VERSION, ::getpid());
    for (auto& s : sites.sites()) {
        if (s->for_tools) continue;
        out += fmt::format("  listening  {} -> {}  [{}]\n", url(*s), s->module, s->name);
        out += fmt::format("             filters: {}\n", chain_text(*s));
    }
    for (auto& g : modules.generations())
        out += fmt::format("  module     {} {}  {}\n", g->id(), g->manifest().version, g->path());
    if (!config.host.plugin_dir.empty())
        out += fmt::format("  plugins    {}\n", config.host.plugin_dir);
    out += fmt::format("  registry   {}/registry/v1\n", config.host.runtime_dir);
    for (const registry::Entry& e : known.entries()) {
        const auto& v = e.service->versions[e.version];
        out += fmt::format("  service    {} {}  {}\n", e.service->name, v.version,
                           v.nodes.empty() ? "in this process"
                                           : fmt::format("{} node{}", v.nodes.size(),
                                                         v.nodes.size() == 1 ? "" : "s"));
    }
    out += fmt::format("  control    {}\n", control);
    out += try_lines(config, sites, control);
    return out;
}

}  // namespace microhost::serve
