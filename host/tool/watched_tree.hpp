// SPDX-License-Identifier: Apache-2.0
/// Waits for a source to be saved, anywhere below a folder.
#pragma once

#include <map>
#include <string>

#include "result.hpp"

namespace microhost::tool {

class WatchedTree {
  public:
    /// Errors: the system has no watch left.
    static Result<WatchedTree> open(const std::string& folder);
    ~WatchedTree();
    WatchedTree(WatchedTree&& other) noexcept;

    /// Blocks until a source was saved, moved in or removed, and then until nothing more happens for a moment: an editor
    /// writes several files. False when it was interrupted.
    bool wait();

  private:
    explicit WatchedTree(int fd) : fd_(fd) {}
    Result<> watch(const std::string& folder);
    /// Reads what has happened; true when some of it matters.
    bool read_events();

    int fd_;
    std::map<int, std::string> folders_;  // by watch
};

}  // namespace microhost::tool
