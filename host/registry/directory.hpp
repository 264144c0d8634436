// SPDX-License-Identifier: Apache-2.0
/// The default provider: RUNTIME/registry/v1, one JSON file per node. Control thread only.
#pragma once

#include "registry/table.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace microhost::registry {

struct DirectoryOptions {
    std::string runtime_dir;
    bool create = true;  // make the folder (0700) where it is missing
    /// Told once per trouble, not once per look at it.
    std::function<void(std::string_view)> warn;
    std::chrono::milliseconds sweep{1000};  // for TTLs, and for what inotify did not tell
};

/// Feeds the table from the folder, at once when a file comes, changes or goes.
///
/// A node is alive while its file is there and was touched within `ttl_s`, and, where the file has
/// an `owner_pid`, while that process runs. A file that cannot be believed (see folder.hpp) is
/// ignored; one that is damaged keeps its last good content until that one's TTL ends. A file whose
/// owner is gone and whose TTL ended ten minutes ago is removed, if it is ours.
class Directory {
  public:
    Directory(boost::asio::io_context& io, Feed feed, DirectoryOptions options);
    /// Withdraws all that it fed.
    ~Directory();
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    /// Reads the folder, says synced(), and goes on in the io_context. A folder that cannot be opened
    /// is a warning and is tried again with every sweep.
    void start();

  private:
    class Watch;
    std::shared_ptr<Watch> watch_;
};

}  // namespace microhost::registry
