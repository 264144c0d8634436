// SPDX-License-Identifier: Apache-2.0
/// The commands of the process: the host's own and those that modules contribute, for all surfaces.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command/running.hpp"
#include "module/contribution.hpp"
#include "observe/log.hpp"

namespace microhost::command {

using Entries = std::vector<EntryPtr>;  // sorted by name
using EntriesPtr = std::shared_ptr<const Entries>;

/// Why a command was not started; `text` is for whoever asked.
struct Refusal {
    mh_status status = MH_OK;
    std::string text;
};

class Table {
  public:
    explicit Table(module::Environment& environment);
    ~Table();

    /// A command of the host. Thread: main, before the first module.
    void add(Definition d, Action action);
    /// What modules have published at MH_COMMAND_PROVIDER, all of it. Thread: main.
    void adopt(const std::vector<module::Contribution>& published);
    /// Ends what runs; `why` is what receivers hear. Thread: main.
    void stop_all(std::string_view why);
    /// Ends what runs in one generation. Thread: main.
    void stop(const module::Generation& g, std::string_view why);

    // ---- thread: any

    EntriesPtr entries() const;
    EntryPtr find(std::string_view name) const;
    /// The longest name that `words` begin with; `used` is how many words it has. Null: `refusal` says what is near.
    EntryPtr match(std::span<const std::string> words, uint32_t surface, size_t& used,
                   Refusal& refusal) const;
    /// Starts it, or says why not. Thread: the receiver's home.
    RunningPtr start(const EntryPtr& entry, const Given& given, const mh_command_run& asked,
                     Receiver receiver, Refusal& refusal);

    module::Environment& environment() const { return environment_; }

    /// What "@service", "@endpoint" and "@module" stand for: word and summary of each. Thread: main.
    using Words = std::vector<std::pair<std::string, std::string>>;
    std::function<Words(std::string_view kind)> known;

  private:
    bool still_there(Running& r, const Given& given) const;

    module::Environment& environment_;
    log::Domain log_;
    Entries own_;
    mutable std::mutex mutex_;
    EntriesPtr entries_ = std::make_shared<Entries>();
};

/// Whether `name` is a command of the host, which a module must not take. Thread: any.
bool is_host_command(std::string_view name);

}  // namespace microhost::command
