// SPDX-License-Identifier: Apache-2.0
// The start of ModuleOperations: all that can be had, and what is missing guarded.
#include <algorithm>
#include <filesystem>

#include "serve/module_operations.hpp"

namespace microhost::serve {

void ModuleOperations::start(std::function<void(Result<>)> done) {
    const std::string& folder = s_.host().plugin_dir;
    if (!folder.empty())
        plugin_dir_ = std::make_unique<module::PluginDir>(
            s_.control->loop, folder, log_, [this](std::vector<std::string> paths) {
                for (const std::string& path : paths)
                    enqueue([this, path](Next next) { look_at(path, std::move(next)); });
            });
    busy_ = true;  // what the directory reports waits
    start_with(choose_at_start(), [this, done = std::move(done)](Result<> r) {
        done(std::move(r));
        s_.control->loop.post([this] { run_next(); });
    });
}

// All of the plugin directory that can be had together with what is named. Who needs another one comes after it, so those
// that were left out are tried until none is added any more.
ModuleOperations::Choice ModuleOperations::choose_at_start() {
    Choice choice;
    choice.named = s_.config.load;
    std::map<std::string, module::CandidatePtr> left;
    for (const std::string& path : module::PluginDir::files(s_.host().plugin_dir)) {
        auto c = check_dropped(path);
        if (!c)
            refuse(path, c.error().what);
        else if (!names(choice, **c))
            left[path] = *c;
    }
    for (const auto& [path, c] : left) s_.absent.push_back({c, {}});
    for (bool added = true; added;) {
        added = false;
        for (auto it = left.begin(); it != left.end();) {
            const auto& [path, c] = *it;
            Result<> r = add_at_start(choice, path, c);
            for (AbsentModule& a : s_.absent)
                if (a.candidate == c && !r) a.reason = r.error().what;
            it = r ? left.erase(it) : std::next(it);
            added = added || r;
        }
    }
    for (const auto& [path, c] : left)
        for (const AbsentModule& a : s_.absent)
            if (a.candidate == c) refuse(path, a.reason);
    miss_guards(choice);
    return choice;
}

// Filters that guarded requests when this process was stopped, and whose files are gone since, or are modules no longer.
void ModuleOperations::miss_guards(const Choice& choice) {
    if (s_.host().plugin_dir.empty()) return;
    for (const module::CandidatePtr& c : record_.list()) {
        auto is_it = [&](const auto& x) { return x.second.id == c->id(); };
        auto is_absent = [&](const AbsentModule& a) { return a.id() == c->id(); };
        if (std::any_of(choice.dropped.begin(), choice.dropped.end(), is_it) ||
            std::any_of(s_.absent.begin(), s_.absent.end(), is_absent) || names(choice, *c))
            continue;
        const std::string reason = fmt::format(
            "its file in {} is gone, and it guarded requests; put it back, take its filter out of "
            "the listeners, or delete {} and restart",
            s_.host().plugin_dir, c->path());
        s_.absent.push_back({c, reason});
        log_.error("an access filter is missing; its requests are answered 503",
                   {{"plugin", c->id()}, {"reason", reason}});
    }
}

// After each change. Who was taken out of all listeners need not be missed.
void ModuleOperations::record_guards() {
    if (s_.host().plugin_dir.empty()) return;
    std::map<std::string, module::CandidatePtr> now;
    for (const auto& [path, d] : choice_.dropped)
        if (const module::Generation* g = guards(d.id) ? s_.modules->find(d.id) : nullptr)
            now[d.id] = g->shared_candidate();
    for (const AbsentModule& a : s_.absent)
        if (guards(a.id())) now.emplace(a.id(), a.candidate);
    for (const auto& [id, c] : now) {
        auto known = recorded_.find(id);
        if ((known != recorded_.end() && known->second == c) || c->path() == record_.path(id))
            continue;
        if (Result<> r = record_.keep(*c); !r)
            log_.warn(
                "should the file of an access filter be deleted, the next start does not miss it",
                {{"plugin", id}, {"reason", r.error().what}});
    }
    for (const auto& [id, c] : recorded_)
        if (!now.contains(id)) record_.forget(id);
    recorded_ = std::move(now);
}

Result<> ModuleOperations::add_at_start(Choice& choice, const std::string& path,
                                        const module::CandidatePtr& c) {
    Choice with = choice;
    with.dropped[path] = {c->id(), c->path(), {}};
    auto wanted = make(with, c);
    if (!wanted) return wanted.error();
    const config::ModuleConfig* own = wanted->config.module(c->id());
    if (own && !own->problem.empty()) return error("{}", own->problem);
    if (Result<> r = verdicts_.trial_load(c->file, trial_of(c->id(), wanted->config)); !r) return r;
    auto hash = module::Verdicts::key(c->file, {});
    if (!hash) return hash.error();
    with.dropped[path].hash = std::move(*hash);
    std::erase_if(s_.absent, [&](const AbsentModule& a) { return a.candidate == c; });
    choice = std::move(with);
    return {};
}

// A dropped file that cannot be made to run after all is left out. What it should guard is not left open because it is broken.
void ModuleOperations::start_with(Choice choice, std::function<void(Result<>)> done) {
    apply(choice, nullptr, [this, choice, done](Result<> r) mutable {
        if (r) return done({});
        for (auto it = choice.dropped.begin(); it != choice.dropped.end(); ++it) {
            if (!r.error().what.starts_with(it->second.file + ":")) continue;
            refuse(it->first, r.error().what);
            if (auto c = module::check_file(it->second.file))
                s_.absent.push_back({*c, r.error().what});
            choice.dropped.erase(it);
            return start_with(std::move(choice), std::move(done));
        }
        done(std::move(r));
    });
}

}  // namespace microhost::serve
