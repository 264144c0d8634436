// SPDX-License-Identifier: Apache-2.0
/// Files that are read at once and again after each change, without blocking a request loop.
#pragma once

#include <microhost/base.h>

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "loop/loop.hpp"
#include "observe/log.hpp"

namespace microhost::module {

struct HostSide;

/// Watches the folders, not the files, so a replacement by rename is seen. One object per process at a time. Thread: main.
class FileWatch final : public Pollable {
  public:
    using Callback = void (*)(void* user, mh_status s, mh_seg content);
    static constexpr uint64_t kLargest = 16u << 20;
    static constexpr size_t kMostWatches = 4096;

    FileWatch(Loop& control, log::Domain log);
    ~FileWatch();
    FileWatch(const FileWatch&) = delete;
    FileWatch& operator=(const FileWatch&) = delete;

    /// Calls fn before it returns. `side` may be null for a file of the host.
    mh_status watch(HostSide* side, const std::string& path, Callback fn, void* user,
                    mh_token& out);
    static mh_status unwatch(mh_token t);
    /// Ends all of a generation.
    void end(const HostSide& side);

    void on_events(uint32_t events) override;

  private:
    /// What tells one content from another without reading it.
    struct Mark {
        dev_t device = 0;
        ino_t inode = 0;
        off_t size = -1;
        timespec changed{};
        bool operator==(const Mark& o) const {
            return device == o.device && inode == o.inode && size == o.size &&
                   changed.tv_sec == o.changed.tv_sec && changed.tv_nsec == o.changed.tv_nsec;
        }
    };
    struct Watched {
        HostSide* side;
        std::string path;
        Callback callback;
        void* user;
        int folder = -1;  // inotify's number, -1: the folder is not there
        Mark mark;
    };

    struct Search : Timer {
        FileWatch* owner = nullptr;
    };

    int folder_of(const std::string& path);
    void read(mh_token t, bool always);
    void recheck(int folder);
    void recheck_all();
    void search_again();
    void forget_folder(int folder);
    void drop_unused(int folder);
    bool complete_when_created(int folder, const std::string& name) const;

    Loop& control_;
    log::Domain log_;
    int inotify_;
    mh_token next_ = 1;
    std::map<mh_token, Watched> watches_;
    Search search_;
};

}  // namespace microhost::module
