// SPDX-License-Identifier: Apache-2.0
#include "tool/env.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "command/ndjson.hpp"
#include "command/printer.hpp"
#include "json/nearest.hpp"
#include "module/host_side.hpp"
#include "tool/command_line.hpp"
#include "tool/options.hpp"
#include "tool/private_file.hpp"
#include "tool/remote.hpp"
#include "tool/remotes.hpp"

namespace microhost::tool {
namespace {

/// What was typed.
struct TypedRemote {
    std::string action, name, url, ca_file, token_file, output = "table";
    bool insecure = false;
};

std::string absolute(const std::string& path) {
    return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
}

void append_row(std::string& out, const std::vector<std::string>& texts) {
    std::vector<mh_cell> cells;
    for (const std::string& t : texts)
        cells.push_back({t.empty() ? MH_TYPE_NULL : MH_TYPE_TEXT, 0, 0, 0, module::lend(t)});
    command::append_row(out, cells.data(), static_cast<uint32_t>(cells.size()));
}

int list(const TypedRemote& typed, const Remotes& remotes, const Options& options) {
    const auto format = format_named(typed.output);
    if (!format) return options.refuse("--output: there are table, json and raw");
    const std::vector<mh_str> names{module::lend("name"), module::lend("url"),
                                    module::lend("ca_file"), module::lend("token_file"),
                                    module::lend("in_use")};
    std::string out;
    command::append_columns(out, names.data(), static_cast<uint32_t>(names.size()));
    append_row(out, {std::string(kLocal), "", "", "", remotes.current.empty() ? "yes" : "no"});
    for (const auto& [name, r] : remotes.all)
        append_row(out,
                   {name, r.url, r.ca_file, r.token_file, remotes.current == name ? "yes" : "no"});
    command::append_end(out, 0, {});
    command::Printer printer(*format, colours_wanted(), stdout, stderr);
    printer.take(out, false);
    return printer.finish();
}

/// Whether it could be used at once: what is wrong is told now, not with the first command.
Result<> check_typed(const TypedRemote& typed, const config::Surroundings& in) {
    RemoteFlags as_used;
    as_used.remote = typed.url;
    if (!typed.ca_file.empty()) as_used.ca_file = typed.ca_file;
    if (!typed.token_file.empty()) as_used.token_file = typed.token_file;
    as_used.insecure = typed.insecure;
    const auto remote = find_remote(as_used, in);
    if (!remote) return remote.error();
    return {};
}

int add(const TypedRemote& typed, Remotes& remotes, const Options& options,
        const config::Surroundings& in) {
    if (typed.url.empty()) return options.refuse("add needs NAME and URL");
    if (!is_remote_name(typed.name))
        return options.refuse(
            fmt::format("{} cannot be the name of a remote: letters, digits, \".\", \"-\" and "
                        "\"_\", at most 64, and not \"local\"",
                        json::quote_short(typed.name)));
    const auto url = RemoteUrl::parse(typed.url);
    if (!url) return options.refuse(url.error().what);
    if (const auto at = remotes.all.find(typed.name); at != remotes.all.end())
        return no(error("there is a remote {} already ({}); microhost env remove {} first",
                        typed.name, at->second.url, typed.name));
    if (auto ok = check_typed(typed, in); !ok) return options.refuse(ok.error().what);
    remotes.all[typed.name] = {url->text(), absolute(typed.ca_file), absolute(typed.token_file)};
    if (auto written = remotes.write(); !written) return no(written.error());
    return print(fmt::format("{} is {}\n", typed.name, url->text()));
}

int use(const TypedRemote& typed, Remotes& remotes, const Options& options) {
    if (typed.name.empty()) return options.refuse("use needs NAME, or local");
    const bool local = typed.name == kLocal;
    if (!local && !remotes.all.contains(typed.name)) return no(remotes.unknown(typed.name));
    remotes.current = local ? "" : typed.name;
    if (auto written = remotes.write(); !written) return no(written.error());
    return 0;
}

int remove(const TypedRemote& typed, Remotes& remotes, const Options& options) {
    if (typed.name.empty()) return options.refuse("remove needs NAME");
    if (remotes.all.erase(typed.name) == 0) return no(remotes.unknown(typed.name));
    const bool in_use = remotes.current == typed.name;
    if (in_use) remotes.current.clear();
    if (auto written = remotes.write(); !written) return no(written.error());
    if (in_use) fmt::print(stderr, "microhost: commands work on this machine again\n");
    return 0;
}

int show(const config::Surroundings& in) {
    const auto remote = find_remote({}, in);
    if (!remote) return no(remote.error());
    return print(*remote ? (*remote)->target.shown + "\n" : std::string(kLocal) + "\n");
}

}  // namespace

int environment(const Arguments& arguments) {
    TypedRemote typed;
    Options options(arguments,
                    "microhost env add prod https://prod.example:8081 --token_file ~/prod.token\n"
                    "  microhost env use prod\n  microhost env use local");
    options.word("ACTION", typed.action, "list, add, use, remove or show")
        .word("NAME", typed.name, "of a remote environment; \"local\" is this machine", false)
        .word("URL", typed.url, "of its proxy: https://host:8081", false)
        .value("--remote_ca,--remote-ca", typed.ca_file, "FILE",
               "PEM file of the CA that signed its certificate; without it the system's")
        .value("--token_file,--token-file,--remote_token_file", typed.token_file, "FILE",
               "file with the token, which only you may read")
        .flag("--insecure", typed.insecure, "let it be http:// although others could listen")
        .value("-o,--output", typed.output, "FORMAT", "of list: table, json or raw");
    if (auto status = options.parse()) return *status;
    const config::Surroundings& in = arguments.surroundings;
    if (typed.action == "show") return show(in);
    auto remotes = Remotes::read(in);
    if (!remotes) return no(remotes.error());
    if (typed.action == "list") return list(typed, *remotes, options);
    if (typed.action == "add") return add(typed, *remotes, options, in);
    if (typed.action == "use") return use(typed, *remotes, options);
    if (typed.action == "remove") return remove(typed, *remotes, options);
    return options.refuse(
        json::quote_short(typed.action) + " is none of list, add, use, remove, show" +
        json::did_you_mean(typed.action, {"list", "add", "use", "remove", "show"}));
}

}  // namespace microhost::tool
