// SPDX-License-Identifier: Apache-2.0
// What the bot says about itself.
#include <microhost/host.hpp>

#include "../shared/json_writer.hpp"
#include "bot.hpp"
#include "clock.hpp"
#include "help.hpp"
#include "kept.hpp"
#include "utf8.hpp"

namespace microhost::bot {
namespace {

constexpr size_t kLongestPattern = 200;

}  // namespace

void Bot::own(const Request& r, const Match& m, Output& out) {
    switch (m.own) {
        case Own::help: return help(r, m.text, out);
        case Own::whoami: return whoami(r, out);
        case Own::jobs: return jobs(r, out);
        case Own::status: return show_status(out);
        case Own::on: return switch_to(false), out.text("I answer again");
        case Own::off: return switch_to(true), out.text("I answer nobody but admins now");
        case Own::watch: return watch(r, m.text, out);
        case Own::unwatch:
            return out.text(watches_.remove(r.input->name(), r.message.place)
                                ? "this place is told nothing any more"
                                : "this place is told nothing");
        default: return;  // cancel and yes do not wait for their turn
    }
}

bool Bot::may(const Request& r, std::string_view command, shared::Role needs) const {
    return settings_.rules.decide(r.who, {command, needs, r.input->name(), r.message.place.room})
        .allowed;
}

void Bot::help(const Request& r, std::string_view words, Output& out) const {
    std::vector<HelpLine> builtin = micro_help(), services;
    for (HelpLine& l : own_help()) builtin.push_back(std::move(l));
    std::erase_if(builtin, [&](const HelpLine& l) {
        const Match m = match(l.name, {[] { return std::vector<HostCommand>{}; },
                                       [](std::string_view) { return nullptr; }});
        return !may(r, l.name, m.needs);
    });
    for (const HostCommand& c : host_commands())
        if (may(r, c.name, c.needs)) builtin.push_back({c.name, c.usage(), c.summary, c.details()});
    services_.each([&](const ServiceCommand& c) {
        if (may(r, c.word, c.needs)) services.push_back({c.word, c.usage, c.description, {}});
    });
    if (words.empty()) return out.text(help_of_all(std::move(builtin), std::move(services)));
    builtin.insert(builtin.end(), services.begin(), services.end());
    out.text(help_about(words, builtin));
}

std::vector<std::string> Bot::known_names(const Request& r) const {
    std::vector<std::string> out{"help"};
    for (const auto& lines : {micro_help(), own_help()})
        for (const HelpLine& l : lines) out.push_back(l.name);
    for (const HostCommand& c : host_commands())
        if (may(r, c.name, c.needs)) out.push_back(c.name);
    services_.each([&](const ServiceCommand& c) {
        if (may(r, c.word, c.needs)) out.push_back(c.word);
    });
    return out;
}

void Bot::whoami(const Request& r, Output& out) const {
    const Person& who = r.who;
    std::string text = "you are " + (who.user.empty() ? "nobody that I know" : who.user);
    text += ", with the role " + std::string(shared::name_of(who.role)) + "\n";
    text += who.identity.empty() ? "this network does not vouch for who you are"
                                 : "your identity here is " + who.identity;
    out.text(text);
}

void Bot::jobs(const Request& r, Output& out) const {
    const bool all = r.who.role >= shared::Role::operator_;
    std::vector<Row> rows;
    for (const Running::Shown& s : running_->list(all ? std::string_view() : r.who.key))
        if (s.text != "jobs")
            rows.push_back({{std::to_string(s.id), true}, {age_text(s.age_ms)}, {s.text}});
    if (rows.empty()) return out.text("nothing is running");
    out.table({"id", "age", "command"}, rows);
}

void Bot::show_status(Output& out) const {
    out.text(off_ ? "off: I answer nobody but admins\n" : "on\n");
    out.table(
        {"input", "link", "since", "reconnects", "received", "sent", "dropped", "queued", "detail"},
        status_rows(inputs(), wall_ms()));
    size_t commands = 0;
    services_.each([&](const ServiceCommand&) { ++commands; });
    const size_t others = running_->running() - 1;  // but this one
    std::string text = std::to_string(others) + " running, " + std::to_string(running_->waiting()) +
                       " waiting, " + std::to_string(commands) + " commands of services, " +
                       std::to_string(watches_.all().size()) + " watches\n";
    if (!audit_.works()) text += "the audit file takes no lines: " + audit_.problem() + "\n";
    out.text(text);
}

std::string Bot::status_json() const {
    std::string out;
    shared::JsonWriter w(out);
    w.begin_object().key("off").boolean(off_).key("inputs").begin_array();
    for (const Input* in : inputs()) {
        const Status s = in->status();
        w.begin_object().key("name").string(in->name()).key("link").string(name_of(s.link));
        w.key("detail").string(one_line(s.detail, 300));
        w.key("since_ms").integer(static_cast<int64_t>(s.since_ms));
        w.key("reconnects").integer(static_cast<int64_t>(s.reconnects));
        w.key("received").integer(static_cast<int64_t>(s.received));
        w.key("sent").integer(static_cast<int64_t>(s.sent));
        w.key("dropped").integer(static_cast<int64_t>(s.dropped)).end_object();
    }
    w.end_array().end_object();
    return out;
}

void Bot::switch_to(bool off) {
    off_ = off;
    keep("off", off ? "1" : "");
    mh::log::info(off ? "the bot was switched off" : "the bot was switched on");
}

void Bot::watch(const Request& r, std::string_view pattern, Output& out) {
    if (pattern.size() > kLongestPattern) return out.text("that pattern is too long");
    std::string with(pattern.empty() ? "*" : pattern);
    if (with.find('*') == with.npos) with = "*" + with + "*";
    switch (watches_.add({std::string(r.input->name()), r.message.place, with})) {
        case Watches::Added::full:
            return out.text("too many places are told already; \"unwatch\" somewhere first");
        case Watches::Added::replaced:
        case Watches::Added::yes:
            return out.text("this place is told when services that match " + with +
                            " come, change and go; \"unwatch\" ends it");
    }
}

}  // namespace microhost::bot
