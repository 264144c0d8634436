// SPDX-License-Identifier: Apache-2.0
#include "tool/instance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "command/client.hpp"
#include "command/printer.hpp"
#include "command/words.hpp"
#include "config/assemble.hpp"
#include "json/document.hpp"
#include "tool/command_line.hpp"
#include "tool/settings.hpp"

namespace microhost::tool {
namespace {

using command::Definition;

struct Chosen {
    std::optional<command::Instance> instance;
    std::string why;  ///< there is none
    int status = 0;   ///< of the process, then
};

Chosen choose(const Words& folders, const std::string& name) {
    const std::vector<command::Instance> all = command::running_instances(folders);
    std::string names, looked;
    for (const command::Instance& i : all) {
        if (i.name == name) return {i, {}};
        names += (names.empty() ? "" : ", ") + i.name;
    }
    for (const std::string& f : folders)
        looked += fmt::format("{}{}/instances", looked.empty() ? "" : " and ", f);
    if (all.empty()) return {{}, "no instance is running; looked in " + looked, 1};
    if (!name.empty())
        return {{},
                fmt::format("no instance {} is running; there are: {}", json::quote(name), names),
                1};
    if (all.size() == 1) return {all[0], {}};
    return {
        {}, "several instances are running: " + names + "; say which one with --instance NAME", 2};
}

Result<std::vector<Definition>> definitions(const command::Instance& instance) {
    auto reply = command::ask(instance.socket, "GET", "/v1/commands");
    if (!reply) return reply.error();
    auto list = json::Document::parse(reply->body);
    if (reply->status != 200 || !list || !list->root().is_array())
        return error("{}: {}", instance.socket, command::detail_of(*reply));
    std::vector<Definition> out;
    for (json::Value v : list->root().items()) out.push_back(command::read_json(v));
    return out;
}

std::string body_of(const Definition& d, const command::Given& given, uint64_t timeout_ms) {
    std::string out;
    json::Writer w(out);
    w.object().key("timeout_ms").uint64(timeout_ms).key("args").object();
    for (const command::Argument& a : d.args) {
        std::vector<std::string_view> texts;
        for (const auto& [name, text] : given)
            if (command::same_name(name, a.name)) texts.push_back(text);
        if (texts.empty()) continue;
        w.key(a.name);
        if (a.repeated()) w.array();
        for (std::string_view t : texts)
            if (a.type == MH_TYPE_JSON)
                w.raw(t);
            else
                w.string(t);
        if (a.repeated()) w.end();
    }
    w.end().end();
    return out;
}

using Names = std::vector<std::string_view>;
constexpr int (*one_of_instances)(const Arguments&) = ask_instance;

/// `all`: those too that stand for commands of an instance.
Names listed_verbs(bool all) {
    Names names;
    for (const Verb& v : verbs())
        if (!v.summary.empty() && (all || v.run != one_of_instances)) names.push_back(v.name);
    return names;
}

/// Neither a verb of the program nor, as far as can be known, a command.
int unknown(const Words& words, const Names& known, std::string_view why) {
    Names names = listed_verbs(true);
    names.insert(names.end(), known.begin(), known.end());
    return refuse(
        fmt::format("{} ({}); see microhost --help", command::no_such_command(words, names), why));
}

int run(const command::Instance& instance, const Definition& d, Words words) {
    if (!d.find("help") && take_switch(words, "--help")) {
        print_help(d, "[--instance NAME] [--output table|json|raw] [--timeout TIME]");
        return 0;
    }
    auto line = read_command_line(d, std::move(words));
    if (!line) return refuse(line.error().what);
    std::string target = "/v1/commands/" + d.name;
    std::replace(target.begin(), target.end(), ' ', '/');
    command::Printer printer(line->format, colours_wanted(), stdout, stderr);
    auto reply =
        command::ask(instance.socket, "POST", target, body_of(d, line->given, line->timeout_ms),
                     [&](std::string_view piece, bool more) { printer.take(piece, more); });
    if (!reply) return refuse(reply.error().what, 1);
    if (reply->status != 200)
        return refuse(command::detail_of(*reply),
                      reply->status == 400 || reply->status == 404 ? 2 : 1);
    return printer.finish();
}

}  // namespace

// Where instances are: the folder of the configuration, and the system's when none was chosen.
Words runtime_folders(const config::HostSettings& host, const config::Surroundings& in) {
    Words folders{host.runtime_dir};
    const std::string system = "/run/microhost";
    if (folders[0] == config::default_folder("runtime_dir", in).path && folders[0] != system)
        folders.push_back(system);
    return folders;
}

int ask_instance(const Arguments& a) { return ask_instance(a, {}, true); }

int ask_instance(const Arguments& a, const std::vector<std::string_view>& known, bool is_command) {
    Words words{a.scan.verb}, before = a.scan.flags;
    words.insert(words.end(), a.scan.args.begin(), a.scan.args.end());
    auto name = take(words, "instance");
    auto named_before = take(before, "instance");
    if (!name) return refuse(name.error().what);
    const auto host = settings(a);
    if (!host) return refuse(host.error().what);
    if (!*name && named_before && *named_before) name = named_before;
    const Chosen chosen = choose(runtime_folders(host->host, a.surroundings), name->value_or(""));
    if (!chosen.instance)
        return is_command ? refuse(chosen.why, chosen.status) : unknown(words, known, chosen.why);
    const command::Instance& instance = *chosen.instance;
    auto all = definitions(instance);
    if (!all) return refuse(all.error().what, 1);
    const Definition* best = nullptr;
    size_t used = 0;
    for (const Definition& d : *all)
        if (const size_t n = command::matches(d, words); n > used) {
            used = n;
            best = &d;
        }
    if (best) {
        words.erase(words.begin(), words.begin() + static_cast<ptrdiff_t>(used));
        return run(instance, *best, std::move(words));
    }
    Names names = listed_verbs(false);
    names.insert(names.end(), known.begin(), known.end());
    for (const Definition& d : *all) names.push_back(d.name);
    return refuse(command::no_such_command(words, names));
}

}  // namespace microhost::tool
