// SPDX-License-Identifier: Apache-2.0
#include "command/table.hpp"

#include <algorithm>

#include "command/words.hpp"
#include "module/environment.hpp"
#include "module/generation.hpp"

namespace microhost::command {
namespace {

std::vector<std::string_view> names_of(const Entries& entries, uint32_t surface) {
    std::vector<std::string_view> out;
    for (const EntryPtr& e : entries)
        if (e->definition.surfaces & surface) out.push_back(e->definition.name);
    return out;
}

std::string who(const mh_principal* p) {
    std::string roles;
    for (uint32_t i = 0; p && p->roles && i < p->n_roles; i++)
        roles += fmt::format("{}{}", roles.empty() ? "" : ", ", module::view(p->roles[i]));
    if (!p) return "nobody is authenticated";
    return fmt::format("{:?} has {}", module::view(p->subject), roles.empty() ? "none" : roles);
}

/// A log is no place for whole files.
std::string cut(const std::string& text) {
    constexpr size_t kShown = 200;
    if (text.size() <= kShown) return text;
    return fmt::format("{}... ({} bytes)", text.substr(0, kShown), text.size());
}

/// "id=api force=true", without what is secret.
std::string shown(const Definition& d, const Values& values) {
    std::string out;
    for (const Value& v : values.all()) {
        const bool secret = d.find(v.name)->flags & MH_ARG_SECRET;
        out += fmt::format("{}{}={}", out.empty() ? "" : " ", v.name, secret ? "***" : cut(v.text));
    }
    return out;
}

}  // namespace

Table::Table(module::Environment& environment)
    : environment_(environment), log_(environment.log.domain("host/command")) {}

Table::~Table() { stop_all("the process stops"); }

void Table::add(Definition d, Action action) {
    auto e = std::make_shared<Entry>();
    e->definition = std::move(d);
    e->action = std::move(action);
    own_.push_back(std::move(e));
    adopt({});
}

void Table::adopt(const std::vector<module::Contribution>& published) {
    const EntriesPtr before = entries();
    auto now = std::make_shared<Entries>(own_);
    for (const module::Contribution& c : published) {
        auto same = std::find_if(before->begin(), before->end(), [&](const EntryPtr& e) {
            return e->provider == c.descriptor && e->generation == c.generation;
        });
        if (same != before->end()) {
            now->push_back(*same);
            continue;
        }
        auto e = std::make_shared<Entry>();
        e->provider = static_cast<const mh_command_provider*>(c.descriptor);
        e->generation = c.generation;
        auto d = read(e->provider->info);
        if (!d) continue;  // it was checked when it was contributed
        e->definition = std::move(*d);
        e->definition.module = c.generation->id();
        now->push_back(std::move(e));
    }
    std::sort(now->begin(), now->end(), [](const EntryPtr& a, const EntryPtr& b) {
        return a->definition.name < b->definition.name;
    });
    std::scoped_lock lock(mutex_);
    entries_ = std::move(now);
}

EntriesPtr Table::entries() const {
    std::scoped_lock lock(mutex_);
    return entries_;
}

EntryPtr Table::find(std::string_view name) const {
    const EntriesPtr all = entries();
    for (const EntryPtr& e : *all)
        if (e->definition.name == name) return e;
    return nullptr;
}

EntryPtr Table::match(std::span<const std::string> words, uint32_t surface, size_t& used,
                      Refusal& refusal) const {
    const EntriesPtr all = entries();
    EntryPtr best;
    used = 0;
    for (const EntryPtr& e : *all) {
        const size_t n = matches(e->definition, words);
        if (n <= used || !(e->definition.surfaces & surface)) continue;
        used = n;
        best = e;
    }
    if (!best) refusal = {MH_E_NOT_FOUND, no_such_command(words, names_of(*all, surface))};
    return best;
}

RunningPtr Table::start(const EntryPtr& entry, const Given& given, const mh_command_run& asked,
                        Receiver receiver, Refusal& refusal) {
    const Definition& d = entry->definition;
    if (!allows(asked.principal, d.role)) {
        refusal = {MH_E_DENIED, fmt::format("\"{}\" needs the role {}; {}", d.name, d.role,
                                            who(asked.principal))};
        return nullptr;
    }
    auto values = Values::check(d, given);
    if (!values) {
        refusal = {MH_E_INVALID, values.error().what};
        return nullptr;
    }
    if (rank(d.role) >= rank("operator"))  // it may change something: who did it?
        log_.info("command", {{"command", d.name},
                              {"args", shown(d, *values)},
                              {"by", module::view(asked.principal->subject)}});
    RunningPtr r = Running::make(*this, entry, std::move(*values), asked, receiver);
    environment_.control.post([this, r, given] {
        if (still_there(*r, given)) return r->start();
        r->refuse("the command has just been withdrawn, or has changed; try again");
    });
    return r;
}

// Between the check and now its module may have been replaced: then the new generation's command runs, checked again.
bool Table::still_there(Running& r, const Given& given) const {
    const EntryPtr now = find(r.entry()->definition.name);
    if (!now) return false;
    if (now == r.entry()) return true;
    auto values = Values::check(now->definition, given);
    if (!values || !allows(r.principal(), now->definition.role)) return false;
    r.rebind(now, std::move(*values));
    return true;
}

void Table::stop_all(std::string_view why) {
    for (const RunningPtr& r : Running::all(*this)) r->stop(MH_E_CANCELLED, why);
}

void Table::stop(const module::Generation& g, std::string_view why) {
    for (const RunningPtr& r : Running::all(*this))
        if (r->entry()->generation == &g) r->stop(MH_E_CANCELLED, why);
}

}  // namespace microhost::command
