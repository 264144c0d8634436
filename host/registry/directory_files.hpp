// SPDX-License-Identifier: Apache-2.0
/// What the files of the registry folder say, kept in step with a feed; knows no event source.
#pragma once

#include "registry/folder.hpp"
#include "registry/node_file.hpp"
#include "registry/owner.hpp"
#include "registry/table.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace microhost::registry {

enum class Look : unsigned char {
    changed,  // read it
    touched,  // only mode or time changed: a heartbeat
    scanned,  // read it if it differs from what is known
};

class DirectoryFiles {
  public:
    using Warn = std::function<void(std::string_view)>;
    struct OwnerWatch {
        std::function<void(pid_t, Fd)> begin;  // calls owner_ended() when the pidfd is readable
        std::function<void(pid_t)> end;        // nobody is interested any more
    };

    DirectoryFiles(Feed feed, Warn warn, OwnerWatch watch);

    void set_folder(Folder folder);
    void close_folder() { folder_.reset(); }
    /// False also if the path leads to another folder by now.
    [[nodiscard]] bool has_folder() const;
    void synced() { feed_.synced(); }
    void clear();

    /// Looks at every file; withdraws the nodes whose file is gone.
    void scan();
    void look(const std::string& file_name, Look look);
    /// Ends what is beyond its TTL, and reads again what was unfinished.
    void sweep();
    void owner_ended(pid_t pid);
    /// Warns, unless this was the last thing said about `about` (a file name; "" is the folder).
    void trouble(const std::string& about, const std::string& text);

  private:
    struct File {
        ino_t inode = 0;
        off_t size = 0;
        WallTime touched = 0;  // mtime: a writer may set it
        WallTime changed = 0;  // ctime: moves with content, mode and owner
        WallTime expires = 0;
        std::string service;  // as fed; empty: not in the table
        std::string node_id;
        std::chrono::seconds ttl{0};
        pid_t owner = 0;          // watched
        bool damaged = false;     // the feed has older content
        bool unfinished = false;  // damaged, but so fresh that somebody may still be writing
        bool orphan = false;      // its owner is gone
        bool unwatched = false;   // its owner runs, but has no pidfd yet
    };

    void load(const std::string& name, File& file);
    void accept(const std::string& name, File& file, NodeFile content);
    void damaged(const std::string& name, File& file, const std::string& why);
    void reject(const std::string& name, File& file, const std::string& why);
    bool adopt_owner(const std::string& name, File& file, pid_t pid);
    void drop_owner(const std::string& name, File& file);
    void withdraw(const std::string& name, File& file);
    void forget(const std::string& name);
    void remove_orphan(const std::string& name, const File& file, WallTime now);

    Feed feed_;
    Warn warn_;
    OwnerWatch watch_;
    std::optional<Folder> folder_;
    std::map<std::string, File> files_;
    std::map<pid_t, std::set<std::string>> owned_;  // pid -> file names
    std::map<std::string, std::string> said_;       // about -> last warning
};

}  // namespace microhost::registry
