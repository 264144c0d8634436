// SPDX-License-Identifier: Apache-2.0
/// The modules of the process in the order in which they were loaded, and what they contribute.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "module/generation.hpp"
#include "result.hpp"

namespace microhost::module {

/// Thread: main.
class ModuleSet {
  public:
    explicit ModuleSet(Environment& environment) : environment_(environment) {}

    /// Takes a created generation; the order of adding is the order of starting.
    Generation& add(std::unique_ptr<Generation> generation);
    /// Starts what was added and not yet started, one after another: start(), shards on all loops, publication. `done` gets
    /// the first error; then the caller ends with stop_all.
    void start_all(std::function<void(Result<>)> done);
    /// Withdraws everything at once, then drains and destroys in reverse order. A module that is still in use at the deadline
    /// is left as it is, with a line in the log: memory that a request may use is never pulled away.
    void stop_all(uint64_t deadline_ns, std::function<void()> done);

    /// Publishes what `g` staged; what `replaces` (an older generation of it) had published vanishes in the same step.
    Result<> publish(Generation& g, Generation* replaces = nullptr);
    void withdraw(Generation& g);

    /// What is published at a point, in the order of publication.
    std::vector<Contribution> published(std::string_view point) const;
    const std::vector<Contribution>& published() const { return published_; }
    /// Called after each change of what is published. Whoever hands descriptors to loops does it from here: what it posts to
    /// the loops runs before the withdrawn generation's shards are destroyed.
    void on_change(std::function<void()> fn) { watchers_.push_back(std::move(fn)); }

    Generation* find(std::string_view id) const;
    const std::vector<std::unique_ptr<Generation>>& generations() const { return generations_; }

  private:
    using Done = std::function<void(Result<>)>;
    void start_next(size_t at, Done done);
    void stop_next(size_t left, uint64_t deadline_ns, std::function<void()> done);
    void stop_one(Generation& g, uint64_t deadline_ns, std::function<void()> done);
    Result<> check_names(const std::vector<Contribution>& staged, const Generation* replaces) const;
    void changed();

    Environment& environment_;
    std::vector<std::unique_ptr<Generation>> generations_;
    std::vector<Contribution> published_;
    std::vector<std::function<void()>> watchers_;
};

}  // namespace microhost::module
