// SPDX-License-Identifier: Apache-2.0
/// What tells one state of a file from another without reading it.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace microhost::net {

struct FileStamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    int64_t seconds = 0, nanoseconds = 0;
    bool operator==(const FileStamp&) const = default;

    /// Of a file that is not there: all zero.
    static FileStamp of(const std::string& path) {
        struct stat s {};
        if (path.empty() || ::stat(path.c_str(), &s) != 0) return {};
        return {s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec};
    }
};

}  // namespace microhost::net
