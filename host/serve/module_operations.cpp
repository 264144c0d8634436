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

}  // namespace

ModuleOperations::ModuleOperations(Runtime::State& state, Intent intent, module::Loader loader)
    : s_(state),
      intent_(std::move(intent)),
      loader_(std::move(loader)),
      verdicts_(state.host().state_dir),
      record_(state.host().state_dir, state.host().plugin_dir),
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
        if (r) {
            choice_ = choice;
            record_guards();
        }
        done(std::move(r));
    });
}

// A trial gets the module's section as the module will get it.
module::TrialOptions ModuleOperations::trial_of(std::string_view id, const config::Config& config) {
    module::TrialOptions options;
    const config::ModuleConfig* own = config.module(id);
    if (own) options.config = own->config.text();
    options.checked = own != nullptr;
    return options;
}

void ModuleOperations::try_and_apply(Choice choice, module::CandidatePtr fresh,
                                     std::function<void(Result<>)> done) {
    auto wanted = make(choice, fresh);
    if (!wanted) return done(wanted.error());
    const module::TrialOptions options = trial_of(fresh->id(), wanted->config);
    if (trial_.joinable()) trial_.join();
    trial_ = std::thread([this, options, choice = std::move(choice), fresh, done] {
        auto passed = std::make_shared<Result<>>(verdicts_.trial_load(fresh->file, options));
        s_.control->loop.post([this, passed, choice, fresh, done] {
            if (!*passed) return done(std::move(*passed));
            apply(choice, fresh, done);
        });
    });
}

// ---- the configuration

void ModuleOperations::reconfigure(std::function<void(Result<>)> done) {
    enqueue([this, done = std::move(done)](Next next) {
        auto finish = [done, next](Result<> r) {
            done(std::move(r));
            next();
        };
        auto before = std::make_shared<Intent>(intent_);
        auto refuse = [this, before, finish](Error e) {
            intent_ = std::move(*before);  // or every later change would meet what was refused
            finish(std::move(e));
        };
        if (Result<> r = intent_.read(); !r) return refuse(r.error());
        auto early = intent_.early();
        if (!early) return refuse(early.error());
        Choice choice = choice_;
        choice.named = early->load;
        apply(std::move(choice), nullptr, [this, finish, refuse](Result<> r) {
            if (!r) return refuse(r.error());
            // Files that are gone had to stay while they guarded something.
            if (plugin_dir_)
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
    auto rows = module_rows(*s_.modules, *s_.metrics);
    const auto held = supervise::Quarantine(s_.host().state_dir).list();
    for (const AbsentModule& a : s_.left_out) {
        auto is_it = [&](const supervise::Quarantined& q) { return q.module == a.id(); };
        const bool in_it = held && std::any_of(held->begin(), held->end(), is_it);
        rows.push_back(
            absent_row(a, in_it ? module::ModuleState::quarantined : module::ModuleState::failed));
    }
    return rows;
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
        auto before = std::make_shared<Intent>(intent_);
        if (Result<> r = intent_.read(); !r)
            log_.warn("the configuration that was read before stays in use",
                      {{"reason", r.error().what}});
        Choice choice = choice_;
        for (auto& [path, d] : choice.dropped)
            if (d.id == id)
                if (auto hash = module::Verdicts::key((*c)->file, {})) d.hash = *hash;
        try_and_apply(std::move(choice), *c, [this, before, finish, m = *c](Result<> r) {
            if (!r) {
                intent_ = std::move(*before);
                return finish(r.error());
            }
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

void ModuleOperations::release(std::string id, Done done) {
    enqueue([this, id = std::move(id), done = std::move(done)](Next next) {
        auto finish = [done, next](Result<std::string> r) {
            done(std::move(r));
            next();
        };
        const auto released = supervise::Quarantine(s_.host().state_dir).release(id);
        if (!released) return finish(released.error());
        if (!*released) return finish(error("\"{}\" is not in quarantine", id));
        log_.info("a module was released from quarantine", {{"module", id}});
        apply(choice_, nullptr, [this, id, finish](Result<> r) {
            if (!r)
                return finish(
                    error("\"{}\" is not in quarantine any more, but cannot be loaded: {}", id,
                          r.error().what));
            const module::Generation* g = s_.modules->find(id);
            if (!g) return finish({boost::system::in_place_value, "released " + id});
            finish(said("released and loaded", g->manifest()));
        });
    });
}

}  // namespace microhost::serve
