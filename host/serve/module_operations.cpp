// SPDX-License-Identifier: Apache-2.0
#include "serve/module_operations.hpp"

#include <algorithm>
#include <filesystem>

#include "module/search.hpp"
#include "serve/module_rows.hpp"
#include "supervise/quarantine.hpp"

namespace microhost::serve {
namespace {

Result<std::string> said(std::string_view what, const module::Manifest& m) {
    return {boost::system::in_place_value, fmt::format("{} {} {}", what, m.id, m.version)};
}

// A link in the plugin directory is followed once, with open eyes: where it leads, no link is opened.
Result<module::CandidatePtr> check_dropped(const std::string& path) {
    std::error_code ec;
    const auto to = std::filesystem::canonical(path, ec);
    return module::check_file(ec ? path : to.string(), module::Links::refuse);
}

// What a module's trial is given: its section of the configuration.
std::string config_text(const config::Config& config, std::string_view id) {
    const config::ModuleConfig* own = config.module(id);
    return own ? own->config.text() : std::string();
}

}  // namespace

std::vector<module::CandidatePtr> dropped_modules(const std::string& plugin_dir) {
    std::vector<module::CandidatePtr> out;
    for (const std::string& path : module::PluginDir::files(plugin_dir))
        if (auto c = check_dropped(path)) out.push_back(std::move(*c));
    return out;
}

ModuleOperations::ModuleOperations(Runtime::State& state, Intent intent, module::Loader loader)
    : s_(state),
      intent_(std::move(intent)),
      loader_(std::move(loader)),
      verdicts_(state.host().state_dir),
      log_(state.log->domain("host/module")) {
    s_.modules->on_publish([this] { republish(); });
}

ModuleOperations::~ModuleOperations() {
    if (trial_.joinable()) trial_.join();
}

// ---- one after the other

void ModuleOperations::enqueue(Job job) {
    if (ending_) return;
    jobs_.push_back(std::move(job));
    if (!busy_) run_next();
}

void ModuleOperations::run_next() {
    busy_ = !jobs_.empty() && !ending_;
    if (!busy_) {
        if (ending_) jobs_.clear();
        if (ended_) std::exchange(ended_, nullptr)();
        return;
    }
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    // Not from within what the job called last: it may still be on the stack.
    job([this] { s_.control->loop.post([this] { run_next(); }); });
}

void ModuleOperations::stop(std::function<void()> done) {
    plugin_dir_.reset();
    ending_ = true;
    ended_ = std::move(done);
    if (!busy_) run_next();
}

// ---- what there is to be, and making it so

Result<Wanted> ModuleOperations::make(const Choice& choice,
                                      const module::CandidatePtr& fresh) const {
    std::vector<std::string> names = choice.named;
    names.insert(names.end(), choice.loaded.begin(), choice.loaded.end());
    std::set<std::string> dropped;
    for (const auto& [path, d] : choice.dropped) {
        names.push_back(d.file);
        dropped.insert(d.id);
    }
    std::vector<module::CandidatePtr> known;
    if (fresh) known.push_back(fresh);
    for (const module::CandidatePtr& c : s_.candidates)
        if (!fresh || (c->id() != fresh->id() && c->path() != fresh->path())) known.push_back(c);
    auto modules = loader_.plan(names, known);
    if (!modules) return modules.error();
    auto absent = supervise::hold_back(*modules, supervise::Quarantine(s_.host().state_dir));
    if (!absent) return absent.error();
    for (const AbsentModule& a : *absent)
        if (a.candidate == fresh) return error("{}", a.reason);
    const size_t held = absent->size();
    for (const AbsentModule& a : s_.absent) {
        auto is_it = [&](const auto& x) { return x->id() == a.id(); };
        const bool listed = std::any_of(modules->begin(), modules->end(), is_it) ||
                            std::any_of(absent->begin(), absent->end(),
                                        [&](const auto& x) { return x.id() == a.id(); });
        if (!listed) absent->push_back(a);
    }
    // The configuration may speak of those that do not run, too.
    std::vector<module::CandidatePtr> spoken_of = *modules;
    for (const AbsentModule& a : *absent) {
        spoken_of.push_back(a.candidate);
        dropped.insert(a.id());
    }
    auto config = intent_.assemble(spoken_of, dropped);
    if (!config) return config.error();
    for (size_t i = 0; i < held; i++) config->warnings.push_back((*absent)[i].reason);
    return Wanted{std::move(*config), std::move(*modules), std::move(*absent)};
}

void ModuleOperations::apply(Choice choice, module::CandidatePtr fresh,
                             std::function<void(Result<>)> done) {
    auto wanted = make(choice, fresh);
    if (!wanted) return done(wanted.error());
    Change::run(s_, std::move(*wanted), [this, choice = std::move(choice), done](Result<> r) {
        if (r) choice_ = choice;
        done(std::move(r));
    });
}

void ModuleOperations::try_and_apply(Choice choice, module::CandidatePtr fresh,
                                     std::function<void(Result<>)> done) {
    auto wanted = make(choice, fresh);
    if (!wanted) return done(wanted.error());
    module::TrialOptions options;
    options.config = config_text(wanted->config, fresh->id());
    if (trial_.joinable()) trial_.join();
    trial_ = std::thread([this, options, choice = std::move(choice), fresh, done] {
        auto passed = std::make_shared<Result<>>(verdicts_.trial_load(fresh->file, options));
        s_.control->loop.post([this, passed, choice, fresh, done] {
            if (!*passed) return done(std::move(*passed));
            apply(choice, fresh, done);
        });
    });
}

// ---- the start

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
    return choice;
}

Result<> ModuleOperations::add_at_start(Choice& choice, const std::string& path,
                                        const module::CandidatePtr& c) {
    Choice with = choice;
    with.dropped[path] = {c->id(), c->path(), {}};
    auto wanted = make(with, c);
    if (!wanted) return wanted.error();
    const config::ModuleConfig* own = wanted->config.module(c->id());
    if (own && !own->problem.empty()) return error("{}", own->problem);
    module::TrialOptions options;
    options.config = config_text(wanted->config, c->id());
    if (Result<> r = verdicts_.trial_load(c->file, options); !r) return r;
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

// ---- the plugin directory

void ModuleOperations::refuse(const std::string& path, std::string_view why) {
    if (why.starts_with(path + ": ")) why.remove_prefix(path.size() + 2);
    std::string& known = refused_[path];
    if (known == why) return;
    known = why;
    log_.error("a plugin is refused; nothing else changes", {{"file", path}, {"reason", why}});
}

bool ModuleOperations::names(const Choice& choice, const module::Candidate& c) const {
    for (const std::string& name : choice.named)
        if (auto found = loader_.inspect(name); found && (*found)->id() == c.id()) return true;
    return false;
}

// Whether some listener's requests pass a filter of it that must not be missing.
bool ModuleOperations::guards(std::string_view id) const {
    for (const SitePlanPtr& s : s_.sites->sites())
        for (const FilterPtr& f : s->program->chain)
            if (f->access() && f->generation && f->generation->id() == id) return true;
    return false;
}

void ModuleOperations::look_at(const std::string& path, Next next) {
    std::error_code ec;
    if (!std::filesystem::exists(std::filesystem::symlink_status(path, ec)))
        return let_go(path, std::move(next));
    auto c = check_dropped(path);
    if (!c) {
        refuse(path, c.error().what);
        return next();
    }
    auto hash = module::Verdicts::key((*c)->file, {});
    if (!hash) {
        refuse(path, hash.error().what);
        return next();
    }
    auto known = choice_.dropped.find(path);
    if (known != choice_.dropped.end() && known->second.hash == *hash) {
        refused_.erase(path);  // the bytes that run are back
        return next();
    }
    take(path, std::move(*c), std::move(*hash), std::move(next));
}

void ModuleOperations::take(const std::string& path, module::CandidatePtr c, std::string hash,
                            Next next) {
    auto known = choice_.dropped.find(path);
    const bool replaces = known != choice_.dropped.end();
    if (replaces && known->second.id != c->id() && guards(known->second.id)) {
        refuse(path, fmt::format("its id is \"{}\", but \"{}\" guards requests from this file; "
                                 "take that out of the listeners' filters first",
                                 c->id(), known->second.id));
        return next();
    }
    if (const module::Generation* other = s_.modules->find(c->id());
        other && (!replaces || known->second.id != c->id())) {
        refuse(path,
               fmt::format("module \"{}\" is already loaded from {}", c->id(), other->path()));
        return next();
    }
    Choice choice = choice_;
    choice.dropped[path] = {c->id(), c->path(), std::move(hash)};
    try_and_apply(std::move(choice), c, [this, path, c, replaces, next](Result<> r) {
        if (!r) {
            refuse(path, r.error().what);
            return next();
        }
        refused_.erase(path);
        std::erase_if(s_.absent, [&](const AbsentModule& a) { return a.id() == c->id(); });
        log_.info(replaces ? "a plugin was replaced" : "a plugin was loaded",
                  {{"plugin", c->id()}, {"version", c->manifest.version}, {"file", path}});
        look_again_at_refused();
        next();
    });
}

// What one needed may be there now.
void ModuleOperations::look_again_at_refused() {
    for (const auto& [path, why] : refused_)
        if (why.find("requires") != std::string::npos || why.find("needs") != std::string::npos)
            enqueue([this, path = path](Next next) { look_at(path, std::move(next)); });
}

void ModuleOperations::let_go(const std::string& path, Next next) {
    refused_.erase(path);
    auto known = choice_.dropped.find(path);
    if (known == choice_.dropped.end()) return next();
    const std::string id = known->second.id;
    if (guards(id)) {
        log_.warn("the file of an access filter is gone; it goes on until no listener has it",
                  {{"plugin", id}, {"file", path}});
        return next();
    }
    Choice choice = choice_;
    choice.dropped.erase(path);
    apply(std::move(choice), nullptr, [this, id, path, next](Result<> r) {
        if (r)
            log_.info("a plugin was removed", {{"plugin", id}, {"file", path}});
        else
            log_.error("a plugin stays, though its file is gone",
                       {{"plugin", id}, {"file", path}, {"reason", r.error().what}});
        next();
    });
}

// ---- the configuration

void ModuleOperations::reconfigure(std::function<void(Result<>)> done) {
    enqueue([this, done = std::move(done)](Next next) {
        auto finish = [done, next](Result<> r) {
            done(std::move(r));
            next();
        };
        if (Result<> r = intent_.read(); !r) return finish(std::move(r));
        auto early = intent_.early();
        if (!early) return finish(early.error());
        Choice choice = choice_;
        choice.named = early->load;
        apply(std::move(choice), nullptr, [this, finish](Result<> r) {
            // Files that are gone had to stay while they guarded something.
            if (r && plugin_dir_)
                for (const auto& [path, d] : choice_.dropped)
                    if (std::error_code ec; !std::filesystem::exists(path, ec))
                        enqueue([this, p = path](Next n) { let_go(p, std::move(n)); });
            finish(std::move(r));
        });
    });
}

void ModuleOperations::republish() {
    enqueue([this](Next next) {
        apply(choice_, nullptr, [this, next](Result<> r) {
            if (!r) log_.error("what a module published is not used", {{"reason", r.error().what}});
            next();
        });
    });
}

// ---- operations

std::vector<module::ModuleRow> ModuleOperations::list() const {
    return module_rows(*s_.modules, *s_.metrics);
}

void ModuleOperations::load(std::string name, Done done) {
    enqueue([this, name = std::move(name), done = std::move(done)](Next next) {
        auto finish = [done, next](Result<std::string> r) {
            done(std::move(r));
            next();
        };
        auto c = loader_.inspect(name);
        if (!c) return finish(c.error());
        if (const module::Generation* g = s_.modules->find((*c)->id()))
            return finish(error("module \"{}\" is loaded already, from {}; reload it instead",
                                g->id(), g->path()));
        Choice choice = choice_;
        choice.loaded.push_back((*c)->path());
        try_and_apply(std::move(choice), *c, [finish, m = *c](Result<> r) {
            if (!r) return finish(r.error());
            finish(said("loaded", m->manifest));
        });
    });
}

void ModuleOperations::reload(std::string id, Done done) {
    enqueue([this, id = std::move(id), done = std::move(done)](Next next) {
        auto finish = [done, next](Result<std::string> r) {
            done(std::move(r));
            next();
        };
        const module::Generation* g = s_.modules->find(id);
        if (!g) return finish(error("module \"{}\" is not loaded", id));
        auto c = module::check_file(g->path());
        if (!c) return finish(c.error());
        if ((*c)->id() != id)
            return finish(error("{}: its id is \"{}\" now, not \"{}\"", g->path(), (*c)->id(), id));
        if (Result<> r = intent_.read(); !r)
            log_.warn("the configuration that was read before stays in use",
                      {{"reason", r.error().what}});
        Choice choice = choice_;
        for (auto& [path, d] : choice.dropped)
            if (d.id == id)
                if (auto hash = module::Verdicts::key((*c)->file, {})) d.hash = *hash;
        try_and_apply(std::move(choice), *c, [this, finish, m = *c](Result<> r) {
            if (!r) return finish(r.error());
            const module::Generation* now = s_.modules->find(m->id());
            finish(said(fmt::format("generation {}:", now ? now->number() : 0), m->manifest));
        });
    });
}

void ModuleOperations::unload(std::string id, Done done) {
    enqueue([this, id = std::move(id), done = std::move(done)](Next next) {
        auto finish = [done, next](Result<std::string> r) {
            done(std::move(r));
            next();
        };
        const module::Generation* g = s_.modules->find(id);
        if (!g) return finish(error("module \"{}\" is not loaded", id));
        if (guards(id))
            return finish(error(
                "module \"{}\" guards requests; take its filter out of the listeners first", id));
        Choice choice = choice_;
        auto is_it = [&](const std::string& name) {
            auto c = loader_.inspect(name);
            return name == g->path() || (c && (*c)->id() == id);
        };
        size_t gone = std::erase_if(choice.named, is_it) + std::erase_if(choice.loaded, is_it);
        gone += std::erase_if(choice.dropped, [&](auto& d) { return d.second.id == id; });
        if (!gone)
            return finish(
                error("module \"{}\" was not loaded by itself: another one requires it", id));
        apply(std::move(choice), nullptr,
              [finish, text = said("unloaded", g->manifest())](Result<> r) {
                  if (!r) return finish(r.error());
                  finish(text);
              });
    });
}

}  // namespace microhost::serve
