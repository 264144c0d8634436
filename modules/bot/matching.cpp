// SPDX-License-Identifier: Apache-2.0
#include "matching.hpp"

#include <algorithm>

#include "../shared/text.hpp"

namespace microhost::bot {
namespace {

using shared::Role;

struct OwnCommand {
    Own own;
    std::string_view name, usage, description;
    Role needs;
    bool arguments;  ///< something may follow
};
constexpr OwnCommand kOwn[] = {
    {Own::help, "help", "help [word]", "Shows what there is, or what has that word in it",
     Role::nobody, true},
    {Own::status, "bot status", "bot status", "Shows how the bot and its links are", Role::viewer,
     false},
    {Own::on, "bot on", "bot on", "Lets it answer again", Role::admin, false},
    {Own::off, "bot off", "bot off", "Lets it answer nobody but admins", Role::admin, false},
    {Own::cancel, "cancel", "cancel ID", "Ends a command that is still running", Role::nobody,
     true},
    {Own::jobs, "jobs", "jobs", "Shows what is running", Role::nobody, false},
    {Own::unwatch, "unwatch", "unwatch", "Ends \"watch services\" here", Role::viewer, false},
    {Own::watch, "watch services", "watch services [pattern]",
     "Tells this room when services come, change and go", Role::viewer, true},
    {Own::whoami, "whoami", "whoami", "Shows who you are to the bot", Role::nobody, false},
    {Own::yes, "yes", "yes CODE", "Confirms what the bot asked about", Role::nobody, true},
};

Words plain_words(std::string_view text) {
    Words out;
    std::string flat(text);
    for (char& c : flat)
        if (c == '\t' || c == '\n' || c == '\r') c = ' ';
    shared::for_each_item(flat, ' ', [&](std::string_view w) { out.emplace_back(w); });
    return out;
}

/// The rest of `words` behind those of `name`; false when they do not begin so.
bool begins_with(const Words& words, std::string_view name, std::string& rest) {
    size_t n = 0;
    bool same = true;
    shared::for_each_item(name, ' ', [&](std::string_view word) {
        same = same && n < words.size() && words[n] == word;
        ++n;
    });
    if (!same) return false;
    rest.clear();
    for (size_t i = n; i < words.size(); ++i) rest += (i == n ? "" : " ") + words[i];
    return true;
}

Match own_match(const Words& words) {
    Match out;
    for (const OwnCommand& c : kOwn) {
        std::string rest;
        if (!begins_with(words, c.name, rest) || (!c.arguments && !rest.empty())) continue;
        out.kind = Match::Kind::own;
        out.own = c.own;
        out.name = c.name;
        out.needs = c.needs;
        out.text = std::move(rest);
        // A code is good for once only; still, no log needs it.
        if (c.own == Own::watch || c.own == Own::cancel) out.args = out.text;
        return out;
    }
    return out;
}

Match reply(std::string_view name, std::string text, bool failed) {
    Match out;
    out.kind = Match::Kind::reply;
    out.name = name;
    out.text = std::move(text);
    out.failed = failed;
    return out;
}

/// What --output asks for. In a terminal that is the terminal's business: here, too, where the command has no such argument of its
/// own, and it loses the words.
Output::Style take_style(const HostCommand& c, Words& words, size_t from) {
    const bool own =
        std::ranges::any_of(c.args, [](const HostArgument& a) { return a.name == "output"; });
    for (size_t i = from; i < words.size() && words[i] != "--"; ++i) {
        const bool joined = words[i].starts_with("--output=");
        if (!joined && (words[i] != "--output" || i + 1 == words.size())) continue;
        const std::string value = joined ? words[i].substr(9) : words[i + 1];
        if (value != "json" && value != "raw" && value != "table") break;
        const auto at = words.begin() + static_cast<std::ptrdiff_t>(i);
        if (!own) words.erase(at, at + (joined ? 1 : 2));
        return value == "json"  ? Output::Style::json
               : value == "raw" ? Output::Style::raw
                                : Output::Style::table;
    }
    return Output::Style::table;
}

}  // namespace

Match match(std::string_view text, const Vocabulary& known) {
    if (auto r = micro_reply(text, std::chrono::system_clock::now()))
        return reply(r->command, std::move(r->text), false);
    Words words = plain_words(text);
    if (words.empty()) return reply("help", "yes? \"help\" shows what I can do", false);
    if (Match own = own_match(words); own.kind != Match::Kind::unknown) return own;

    std::string why;
    Words quoted;
    const bool whole = split_words(text, quoted, why);
    if (whole) words = std::move(quoted);
    const std::vector<HostCommand> host = known.host();
    // Its name up to 0.7.
    if (words[0] == "query") words[0] = "call";
    if (auto r = micro_complaint(words, host)) return reply(r->command, std::move(r->text), true);
    size_t used = 0;
    const HostCommand* command = match_host(host, words, used);
    const ServiceCommand* service = command ? nullptr : known.service(words[0]);
    if (!command && !service) return {};
    const std::string name = command ? command->name : service->word;
    if (!whole) return reply(name, "error executing cmd: " + why, true);

    Match out;
    out.name = name;
    out.needs = command ? command->needs : service->needs;
    out.changes = out.needs >= Role::operator_;
    if (command) {
        out.kind = Match::Kind::host;
        out.style = take_style(*command, words, used);
        out.line = quoted_line(words);
        out.args = masked(words, used, command->secrets());
    } else {
        out.kind = Match::Kind::service;
        out.args = masked(words, 1, {});
        out.words = std::move(words);
    }
    return out;
}

std::vector<HelpLine> own_help() {
    std::vector<HelpLine> out;
    for (const OwnCommand& c : kOwn) {
        std::string details;
        if (c.needs != Role::nobody)
            details = "needs the role " + std::string(shared::name_of(c.needs));
        if (c.own != Own::help)
            out.push_back({std::string(c.name), std::string(c.usage), std::string(c.description),
                           std::move(details)});
    }
    return out;
}

}  // namespace microhost::bot
