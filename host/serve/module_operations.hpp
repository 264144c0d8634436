// SPDX-License-Identifier: Apache-2.0
/// Loads, replaces and removes modules while the process serves: for commands, for the plugin directory, for SIGHUP.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "module/guard_record.hpp"
#include "module/loader.hpp"
#include "module/operations.hpp"
#include "module/plugin_dir.hpp"
#include "module/verdicts.hpp"
#include "serve/change.hpp"
#include "serve/intent.hpp"
#include "serve/runtime_state.hpp"

namespace microhost::serve {

/// The files of the plugin directory that could be modules; their flags and sections of the configuration are known.
std::vector<module::CandidatePtr> dropped_modules(const std::string& plugin_dir);

/// One change after the other. Thread: main.
class ModuleOperations final : public module::Operations {
  public:
    ModuleOperations(Runtime::State& state, Intent intent, module::Loader loader);
    ~ModuleOperations() override;

    /// The start: what the configuration names, then what lies in the plugin directory. `done` gets an error when what was
    /// named cannot run; what was only dropped is left out with a line in the log.
    void start(std::function<void(Result<>)> done);
    /// Reads the configuration again and makes it so.
    void reconfigure(std::function<void(Result<>)> done);
    /// A module has published something on its own.
    void republish();
    /// No change begins any more; `done` when the one that is under way is over.
    void stop(std::function<void()> done);

    /// Of a file of the plugin directory.
    static Result<module::CandidatePtr> check_dropped(const std::string& path);

    std::vector<module::ModuleRow> list() const override;
    void load(std::string name, Done done) override;
    void reload(std::string id, Done done) override;
    void unload(std::string id, Done done) override;
    void release(std::string id, Done done) override;

  private:
    /// A file of the plugin directory.
    struct Dropped {
        std::string id, file;  // where the link leads, if it is one
        std::string hash;
    };
    /// Which modules there are to be.
    struct Choice {
        std::vector<std::string> named;          // by the configuration
        std::vector<std::string> loaded;         // by load()
        std::map<std::string, Dropped> dropped;  // by path
    };
    using Next = std::function<void()>;
    using Job = std::function<void(Next next)>;

    void enqueue(Job job);
    void run_next();
    /// `fresh`: a file that was checked just now, or null; of all others the running ones are taken.
    void apply(Choice choice, module::CandidatePtr fresh, std::function<void(Result<>)> done);
    Result<Wanted> make(const Choice& choice, const module::CandidatePtr& fresh) const;
    /// apply() after a trial in a child process; the control thread goes on meanwhile.
    void try_and_apply(Choice choice, module::CandidatePtr fresh,
                       std::function<void(Result<>)> done);

    static module::TrialOptions trial_of(std::string_view id, const config::Config& config);

    Choice choose_at_start();
    Result<> add_at_start(Choice& choice, const std::string& path, const module::CandidatePtr& c);
    void start_with(Choice choice, std::function<void(Result<>)> done);
    void look_at(const std::string& path, Next next);
    void take(const std::string& path, module::CandidatePtr c, std::string hash, Next next);
    void let_go(const std::string& path, Next next);
    void look_again_at_refused();
    void miss_guards(const Choice& choice);
    void record_guards();
    bool guards(std::string_view id) const;
    bool names(const Choice& choice, const module::Candidate& c) const;
    void refuse(const std::string& path, std::string_view why);

    Runtime::State& s_;
    Intent intent_;
    module::Loader loader_;
    module::Verdicts verdicts_;
    module::GuardRecord record_;
    std::map<std::string, module::CandidatePtr> recorded_;  // id -> what was copied
    log::Domain log_;
    Choice choice_;
    std::map<std::string, std::string> refused_;  // path -> why; files of the plugin directory
    std::unique_ptr<module::PluginDir> plugin_dir_;
    std::thread trial_;
    std::deque<Job> jobs_;
    bool busy_ = false, ending_ = false;
    Next ended_;
};

}  // namespace microhost::serve
