// SPDX-License-Identifier: Apache-2.0
#include "tool/instance.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "command/client.hpp"
#include "command/printer.hpp"
#include "command/words.hpp"
#include "config/assemble.hpp"
#include "config/duration.hpp"
#include "json/document.hpp"

namespace microhost::tool {
namespace {

using command::Definition;
using Words = std::vector<std::string>;

int refuse(std::string_view what, int status = 2) {
    fmt::print(stderr, "microhost: {}\n", what);
    return status;
}

/// Takes --NAME VALUE or --NAME=VALUE out of the words before "--"; the last one counts.
Result<std::optional<std::string>> take(Words& words, std::string_view name) {
    std::optional<std::string> value;
    const std::string flag = fmt::format("--{}", name);
    for (size_t i = 0; i < words.size() && words[i] != "--";) {
        const bool with_value = words[i].starts_with(flag + "=");
        if (!with_value && words[i] != flag) {
            i++;
            continue;
        }
        if (!with_value && i + 1 == words.size()) return error("{} needs a value", flag);
        value = with_value ? words[i].substr(flag.size() + 1) : words[i + 1];
        words.erase(words.begin() + static_cast<ptrdiff_t>(i),
                    words.begin() + static_cast<ptrdiff_t>(i + (with_value ? 1 : 2)));
    }
    return value;
}

bool take_switch(Words& words, std::string_view flag) {
    const auto end = std::find(words.begin(), words.end(), "--");
    const auto at = std::find(words.begin(), end, flag);
    if (at == end) return false;
    words.erase(at);
    return true;
}

/// Where instances are looked for: the folder of the configuration, and the system's when none was chosen.
Result<Words> runtime_folders(const Arguments& a) {
    auto file = config::read_file(a.scan.config, a.surroundings);
    if (!file) return file.error();
    auto early = config::early({a.scan.flags, a.surroundings, *file});
    if (!early) return early.error();
    Words folders{early->host.runtime_dir};
    const std::string system = "/run/microhost";
    if (folders[0] == config::default_folder("runtime_dir", a.surroundings).path &&
        folders[0] != system)
        folders.push_back(system);
    return folders;
}

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

void help(const Definition& d) {
    fmt::print("Usage: microhost {} [--instance NAME] [--output table|json|raw] [--timeout TIME]\n",
               d.usage());
    fmt::print("{}\n", d.summary);
    if (!d.help.empty()) fmt::print("\n{}\n", d.help);
    for (const command::Argument& a : d.args) {
        const std::string name = (a.positional() ? "" : "--") + a.name;
        fmt::print("  {:<16} {} ({}{}{})\n", name, a.summary, command::type_name(a.type),
                   a.choices.empty() ? "" : ": " + a.choices,
                   a.has_value ? "; default " + a.value : "");
    }
    if (!d.role.empty()) fmt::print("Needs the role {}.\n", d.role);
    if (!d.examples.empty()) fmt::print("\n{}\n", d.examples);
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

struct Wanted {
    command::Format format = command::Format::table;
    uint64_t timeout_ms = 0;
};

/// --output and --timeout, unless the command has an argument of that name.
Result<Wanted> take_wanted(const Definition& d, Words& words) {
    Wanted out;
    if (!d.find("output")) {
        auto format = take(words, "output");
        if (!format) return format.error();
        const std::string text = format->value_or("table");
        if (text == "json")
            out.format = command::Format::json;
        else if (text == "raw")
            out.format = command::Format::raw;
        else if (text != "table")
            return error("--output: {} is none of table, json, raw", json::quote(text));
    }
    if (!d.find("timeout")) {
        auto timeout = take(words, "timeout");
        if (!timeout) return timeout.error();
        if (*timeout) {
            auto ms = config::parse_duration(**timeout);
            if (!ms) return ms.error().context("--timeout");
            out.timeout_ms = static_cast<uint64_t>(std::min<int64_t>(ms->count(), UINT32_MAX));
        }
    }
    return out;
}

/// `all`: those too that stand for commands of an instance.
std::vector<std::string_view> listed_verbs(bool all) {
    std::vector<std::string_view> names;
    for (const Verb& v : verbs())
        if (!v.summary.empty() && (all || v.run != ask_instance)) names.push_back(v.name);
    return names;
}

/// Neither a verb of the program nor, as far as can be known, a command of an instance.
int unknown(const Words& words, std::string_view why) {
    return refuse(fmt::format("{} ({}); see microhost --help",
                              command::no_such_command(words, listed_verbs(true)), why));
}

int run(const command::Instance& instance, const Definition& d, Words words) {
    if (!d.find("help") && take_switch(words, "--help")) return help(d), 0;
    auto wanted = take_wanted(d, words);
    if (!wanted) return refuse(wanted.error().what);
    auto given = command::read_words(d, words);
    if (!given) return refuse(given.error().what);
    if (auto checked = command::Values::check(d, *given); !checked)
        return refuse(checked.error().what);
    std::string target = "/v1/commands/" + d.name;
    std::replace(target.begin(), target.end(), ' ', '/');
    const bool colours = ::isatty(STDOUT_FILENO) && !std::getenv("NO_COLOR");
    command::Printer printer(wanted->format, colours, stdout, stderr);
    auto reply =
        command::ask(instance.socket, "POST", target, body_of(d, *given, wanted->timeout_ms),
                     [&](std::string_view piece, bool more) { printer.take(piece, more); });
    if (!reply) return refuse(reply.error().what, 1);
    if (reply->status != 200)
        return refuse(command::detail_of(*reply),
                      reply->status == 400 || reply->status == 404 ? 2 : 1);
    return printer.finish();
}

}  // namespace

int ask_instance(const Arguments& a) {
    Words words{a.scan.verb}, before = a.scan.flags;
    words.insert(words.end(), a.scan.args.begin(), a.scan.args.end());
    auto name = take(words, "instance");
    auto named_before = take(before, "instance");
    if (!name) return refuse(name.error().what);
    auto folders = runtime_folders(a);
    if (!folders) return refuse(folders.error().what);
    if (!*name && named_before && *named_before) name = named_before;
    const Chosen chosen = choose(*folders, name->value_or(""));
    if (!chosen.instance)
        return a.verb.name.empty() ? unknown(words, chosen.why) : refuse(chosen.why, chosen.status);
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
    std::vector<std::string_view> names = listed_verbs(false);
    for (const Definition& d : *all) names.push_back(d.name);
    return refuse(command::no_such_command(words, names));
}

}  // namespace microhost::tool
