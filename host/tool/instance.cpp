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
#include "tool/argument_file.hpp"
#include "tool/command_line.hpp"
#include "tool/remote.hpp"
#include "tool/settings.hpp"

namespace microhost::tool {
namespace {

using command::Definition;

constexpr int kExitTimeout = 124;
constexpr int64_t kGraceMs = 5000;         // for the other side to say itself that it is late
constexpr size_t kMostHeld = 1024 * 1024;  // of output that comes without a pause

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

/// Who runs commands: an instance of this machine, or a remote environment.
struct Place {
    command::Target target;
    const Remote* remote = nullptr;

    Error refusal(const command::Reply& reply) const {
        if (remote) return remote->refusal(reply);
        return error("{}", command::detail_of(reply));
    }
};

/// Its name becomes a part of a request, and what it says of itself is shown to a person.
bool can_be_asked_for(const Definition& d) {
    const auto plain = [](std::string_view text) {
        return std::ranges::none_of(text, [](char c) {
            return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
        });
    };
    const auto in_name = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == ' ';
    };
    return !d.name.empty() && std::ranges::all_of(d.name, in_name) && plain(d.summary) &&
           plain(d.help) && plain(d.examples) && plain(d.role) &&
           std::ranges::all_of(d.args, [&](const command::Argument& a) {
               return plain(a.name) && plain(a.summary) && plain(a.value) && plain(a.choices);
           });
}

Result<std::vector<Definition>> definitions(const Place& place) {
    auto reply = command::ask(place.target, "GET", "/v1/commands");
    if (!reply) return reply.error();
    auto list = json::Document::parse(reply->body);
    if (reply->status != 200 || !list || !list->root().is_array()) {
        Error why = place.refusal(*reply);
        return place.remote ? why : std::move(why).context(place.target.shown);
    }
    std::vector<Definition> out;
    for (json::Value v : list->root().items()) {
        Definition d = command::read_json(v);
        if (can_be_asked_for(d)) out.push_back(std::move(d));
    }
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

/// Whether a piece of output ends with the command's own end.
bool is_whole(std::string_view lines) {
    if (!lines.ends_with('\n')) return false;
    lines.remove_suffix(1);
    const size_t before = lines.rfind('\n');
    return lines.substr(before == lines.npos ? 0 : before + 1).starts_with(R"({"end":)");
}

/// Asks, and shows the answer as it comes. What is cut off in the middle is no result: what came last is not shown then.
int show(const Place& place, const std::string& path, const std::string& body,
         const CommandLine& line) {
    command::Printer printer(line.format, colours_wanted(), stdout, stderr);
    std::string held;
    bool ended = false;
    const auto take = [&] {
        ended = ended || is_whole(held);
        printer.take(held, false);
        held.clear();
    };
    const int64_t limit_ms = line.timeout_ms ? static_cast<int64_t>(line.timeout_ms) + kGraceMs
                                             : command::Link::kForEver;
    const auto reply = command::ask(
        place.target, "POST", path, body,
        [&](std::string_view piece, bool more) {
            held += piece;
            if (!more || held.size() > kMostHeld) take();
        },
        limit_ms);
    const std::string& where = place.target.shown;
    if (!reply) return printer.cut(reply.error().what);
    if (!reply->streamed)
        return refuse(place.refusal(*reply).what,
                      reply->status == 400 || reply->status == 404 ? 2 : 1);
    if (reply->late) {
        printer.cut(
            fmt::format("{}: it did not end within {} ms, and does not answer; is it "
                        "stopped or overloaded?",
                        where, line.timeout_ms));
        return kExitTimeout;
    }
    if (!is_whole(held) && !(ended && held.empty()))
        return printer.cut(fmt::format(
            "{}: the connection ended before the command did; does it still run?", where));
    take();
    return printer.finish();
}

int run(const Place& place, const Definition& d, Words words) {
    if (!d.find("help") && take_switch(words, "--help")) {
        print_help(d, place.remote == nullptr);
        return 0;
    }
    auto line = read_command_line(d, std::move(words));
    if (!line) return refuse(line.error().what);
    if (auto read = read_argument_files(d, line->given); !read) return refuse(read.error().what, 1);
    std::string path = "/v1/commands/" + d.name;
    std::replace(path.begin(), path.end(), ' ', '/');
    return show(place, path, body_of(d, line->given, line->timeout_ms), *line);
}

/// The command that `words` begin with; they are what is behind its name then. Null: there is none.
const Definition* find(const std::vector<Definition>& all, Words& words) {
    const Definition* best = nullptr;
    size_t used = 0;
    for (const Definition& d : all)
        if (const size_t n = command::matches(d, words); n > used) {
            used = n;
            best = &d;
        }
    words.erase(words.begin(), words.begin() + static_cast<ptrdiff_t>(used));
    return best;
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

int ask_instance(const Arguments& a) {
    return a.remote ? ask_remote(a).value_or(2) : ask_instance(a, {}, true);
}

int ask_instance(const Arguments& a, const std::vector<std::string_view>& known, bool is_command) {
    Words words = a.words(), before = a.scan.flags;
    auto name = take(words, "instance");
    auto named_before = take(before, "instance");
    if (!name) return refuse(name.error().what);
    const auto host = settings(a);
    if (!host) return refuse(host.error().what);
    if (!*name && named_before && *named_before) name = named_before;
    const Chosen chosen = choose(runtime_folders(host->host, a.surroundings), name->value_or(""));
    if (!chosen.instance)
        return is_command ? refuse(chosen.why, chosen.status) : unknown(words, known, chosen.why);
    const Place place{command::Target::unix_socket(chosen.instance->socket)};
    const auto all = definitions(place);
    if (!all) return refuse(all.error().what, 1);
    if (const Definition* d = find(*all, words)) return run(place, *d, std::move(words));
    Names names = listed_verbs(false);
    names.insert(names.end(), known.begin(), known.end());
    for (const Definition& d : *all) names.push_back(d.name);
    return refuse(command::no_such_command(words, names));
}

std::optional<int> ask_remote(const Arguments& a, bool known_here) {
    Words words = a.words(), before = a.scan.flags;
    const auto instance = take(words, "instance"), instance_before = take(before, "instance");
    if (!instance || *instance || !instance_before || *instance_before)
        return refuse(
            "--instance is for this machine, and --remote for another one: say one of the two");
    a.remote->tell();
    const Place place{a.remote->target, a.remote};
    const auto all = definitions(place);
    if (!all) return refuse(all.error().what, 1);
    if (const Definition* d = find(*all, words)) return run(place, *d, std::move(words));
    if (known_here) return std::nullopt;
    Names names;
    for (const Definition& d : *all) names.push_back(d.name);
    return refuse(
        fmt::format("{}: {}", place.target.shown, command::no_such_command(words, names)));
}

}  // namespace microhost::tool
