// SPDX-License-Identifier: Apache-2.0
/// The plugin directory: which of its files changed, once they are complete.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "loop/loop.hpp"
#include "observe/log.hpp"

namespace microhost::module {

/// Reports *.so files that came, changed or went, after a moment in which nothing happened to them. Who writes a file keeps it
/// waiting until it is closed; a burst of events is one report. Thread: main.
class PluginDir final : public Pollable {
  public:
    /// Paths in the folder, sorted; what happened to them is to be seen there.
    using Changed = std::function<void(std::vector<std::string> paths)>;

    /// `folder` may be absent, and come later. Nothing is reported for what lies there already: see files().
    PluginDir(Loop& control, std::string folder, log::Domain log, Changed changed);
    ~PluginDir();
    PluginDir(const PluginDir&) = delete;

    const std::string& folder() const { return folder_; }
    /// The paths of all *.so files that lie in a folder now, sorted.
    static std::vector<std::string> files(const std::string& folder);

    void on_events(uint32_t events) override;

  private:
    static constexpr uint64_t kQuietMs = 100;
    static constexpr uint64_t kSearchMs = 1000;

    bool watch();
    void read_events();
    void mark_all();
    void mark(std::string name);
    void on_tick();

    Loop& control_;
    std::string folder_;
    log::Domain log_;
    Changed changed_;
    int inotify_ = -1;
    int watched_ = -1;                        // -1: the folder is not there
    std::set<std::string> known_;             // names that were seen, for when events were lost
    std::map<std::string, uint64_t> marked_;  // name, and when the last event came (ms)
    struct Tick : Timer {
        PluginDir* owner;
    } tick_;
};

}  // namespace microhost::module
