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
    using Done = std::function<void(Result<>)>;

    explicit ModuleSet(Environment& environment) : environment_(environment) {}

    /// Takes a created generation; the order is that of starting. One that is to replace another stands in its place.
    Generation& add(std::unique_ptr<Generation> generation, const Generation* replaces = nullptr);
    /// Starts what was added and not yet started: start() of one after another, and of each behind it its shards. Nothing is published
    /// yet. `done` gets the first error; then the caller ends what was started with discard() or stop_all().
    void start_all(Done done);

    /// What would be published if all that was contributed were there and `leaving` were not. Errors: two modules with one
    /// name at a point where that cannot be.
    Result<Published> preview(const std::vector<Generation*>& leaving) const;
    /// Makes it so. Those that leave are published no more; end them with retire().
    void commit(Published next);
    /// Both, with nobody leaving.
    Result<> publish();

    /// Drains it, waits without limit until nothing uses it, destroys it and unmaps its code where that can be; then `done`.
    void retire(Generation& g, uint64_t deadline_ns, std::function<void()> done);
    /// Ends generations that were created, perhaps started, and never published.
    void discard(std::vector<Generation*> fresh, std::function<void()> done);
    /// Withdraws everything at once, then drains and destroys in reverse order. A module that is still in use at the deadline
    /// is left as it is, with a line in the log: memory that a request may use is never pulled away.
    void stop_all(uint64_t deadline_ns, std::function<void()> done);

    /// What is published at a point, in the order of loading.
    Published published(std::string_view point) const;
    const Published& published() const { return published_; }
    /// Called after each change of what is published by a module on its own.
    void on_publish(std::function<void()> fn) { watchers_.push_back(std::move(fn)); }

    /// The generation that serves, or will.
    Generation* find(std::string_view id) const;
    const std::vector<std::unique_ptr<Generation>>& generations() const { return generations_; }
    /// Generations that are over and whose code is still mapped.
    size_t parked() const;

  private:
    void stop_next(size_t left, uint64_t deadline_ns, std::function<void()> done);
    void stop_one(Generation& g, uint64_t deadline_ns, std::function<void(bool)> done);
    void remove(Generation& g);
    Result<> check_names(const Published& all) const;

    Environment& environment_;
    std::vector<std::unique_ptr<Generation>> generations_;
    Published published_;
    std::vector<std::function<void()>> watchers_;
    bool stopping_ = false;
};

}  // namespace microhost::module
