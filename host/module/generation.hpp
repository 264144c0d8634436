// SPDX-License-Identifier: Apache-2.0
/// One loaded module in one version: its life, its shards, what it contributes, and who still uses it.
#pragma once

#include <microhost/config.h>
#include <microhost/core.h>
#include <microhost/draft/state.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.hpp"
#include "module/cache.hpp"
#include "module/check.hpp"
#include "module/contribution.hpp"
#include "module/host_side.hpp"
#include "module/library.hpp"
#include "observe/cells.hpp"
#include "result.hpp"
#include "supervise/crash_line.hpp"

struct mh_module_entry_t;

namespace microhost::module {

struct Environment;
class ModuleSet;

enum class Stage : uint8_t { created, started, serving, draining, stopped, failed };
std::string_view stage_name(Stage stage);

/// Thread: main, unless a member says otherwise. Never destroyed while a loop may still use it.
class Generation {
  public:
    /// dlopen, compare with what was checked, create(). The error is one sentence with the file's name.
    static Result<std::unique_ptr<Generation>> create(Environment& environment,
                                                      CandidatePtr candidate, json::Document config,
                                                      uint32_t number = 1);
    ~Generation();
    Generation(const Generation&) = delete;
    Generation& operator=(const Generation&) = delete;

    const std::string& id() const { return side_.id; }
    const Manifest& manifest() const { return candidate_->manifest; }
    const std::string& path() const { return candidate_->path(); }
    const Candidate& candidate() const { return *candidate_; }
    const CandidatePtr& shared_candidate() const { return candidate_; }
    uint32_t number() const { return number_; }
    Stage stage() const { return stage_; }
    /// Milliseconds since 1970.
    int64_t loaded_ms() const { return loaded_ms_; }
    HostSide& side() { return side_; }
    const mh_host* host() const { return &side_.table; }
    const mh_config* config() const { return config_.get(); }
    /// May never be unmapped: it said so, or a Go runtime or unique symbols forbid it.
    bool pinned() const;
    /// Only one generation of it may ever exist in a process.
    bool only_one() const;
    /// A table of the module (mh_module.get), or null.
    const void* module_table(const char* id);

    // ---- life, in this order; ModuleSet drives it

    Result<> start();
    /// shard_create on every loop, then `done` on main.
    void make_shards(std::function<void(Result<>)> done);
    /// Tells the module that no new requests come. `deadline_ns`: CLOCK_MONOTONIC.
    void drain(uint64_t deadline_ns);
    /// Calls back on main when nothing pins it and nothing is outstanding (true), or at the deadline (false).
    void when_idle(uint64_t deadline_ns, std::function<void(bool)> done);
    /// Ends its timers and calls shard_destroy on every loop, then `done` on main.
    void drop_shards(std::function<void()> done);
    /// Ends its watches and checks, and calls destroy().
    void destroy();
    /// After destroy(): unmaps the code where nothing of it can be running any more. False: it stays mapped.
    bool unmap();

    // ---- what a generation hands to the next (MH_STATE), on main

    /// Whether it can take over what `before` would write.
    bool inherits_from(Generation& before);
    /// Has the old one write its state and let go of it; what it wrote.
    Result<std::string> save_state();
    Result<> load_state(uint32_t schema, std::string_view bytes);
    /// There is no next one after all.
    void resume_state(std::string_view bytes);
    uint32_t state_schema();

    // ---- configuration while running (MH_CONFIG_SINK), in two phases over all modules

    /// Empty result when it would take `config`. MH_E_UNSUPPORTED as an error when it has no sink.
    Result<> prepare_config(json::Document config);
    void commit_config();
    void abort_config();

    // ---- contributions

    /// mh_host.contribute.
    mh_status contribute(const char* point, const void* descriptor);
    /// mh_host.publish.
    mh_status publish();
    /// What is to be published; take_staged() once it is.
    const std::vector<Contribution>& staged() const { return staged_; }
    void take_staged() { staged_.clear(); }

    // ---- use by requests; per-loop words that one thread writes

    /// The module's shard; null before make_shards, or when it wants none. Thread: that loop.
    void* shard(unsigned loop) const { return loop < loops_.size() ? loops_[loop].shard : nullptr; }
    /// Shards are there: the loop may call into the module. Always on main until destroy(). Thread: that loop.
    bool live(unsigned loop) const { return loop < loops_.size() && loops_[loop].live; }
    /// A request, a stream, a token: it keeps the generation from being stopped. Thread: that loop.
    void pin(unsigned loop) { observe::cell_add(loops_[loop].pins, 1); }
    void unpin(unsigned loop) { observe::cell_add(loops_[loop].pins, ~uint64_t{0}); }
    /// The same for what main holds. Thread: main.
    void pin_main() { pin(static_cast<unsigned>(loops_.size() - 1)); }
    void unpin_main() { unpin(static_cast<unsigned>(loops_.size() - 1)); }
    /// All of them, as far as they are seen. Thread: any.
    uint64_t pins() const;
    /// Calls fn once when the shard of that loop goes (of main: when the module goes), before the module is told. The same
    /// fn again changes nothing. Thread: that loop.
    void at_end(unsigned loop, void (*fn)(HostSide&));

  private:
    friend class ModuleSet;
    struct alignas(64) LoopSide {
        void* shard = nullptr;
        observe::Cell pins{0};
        bool live = false;
        std::vector<void (*)(HostSide&)> ends;
    };

    Generation(Environment& environment, CandidatePtr candidate, json::Document config,
               uint32_t number, CachedFile file, Library library);
    const mh_state* state_table();
    Result<> enter(const mh_module_entry_t& entry);
    Result<> adopt(const mh_module* module);
    Error failure(std::string_view what, mh_status status);
    bool make_shard(unsigned loop);
    void drop_shard(unsigned loop);
    void run_ends(unsigned loop);

    CandidatePtr candidate_;
    uint32_t number_;
    CachedFile file_;
    Library library_;
    int64_t loaded_ms_;
    Stage stage_ = Stage::created;
    std::unique_ptr<mh_config> config_, next_config_;
    void* config_cookie_ = nullptr;
    HostSide side_;
    std::string build_;  // of the file, for a supervisor
    std::optional<supervise::MappedCode> code_;
    const mh_module* module_ = nullptr;
    uint32_t flags_ = 0;           // of it; they are asked for when it is gone, too
    std::vector<LoopSide> loops_;  // request loops, then the control thread
    std::vector<Contribution> staged_;
    std::vector<std::pair<std::string, std::string>>
        names_;  // point and name of all contributed so far
    ModuleSet* set_ = nullptr;
};

}  // namespace microhost::module
