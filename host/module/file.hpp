// SPDX-License-Identifier: Apache-2.0
/// A module's file, opened once and checked before anybody reads or loads it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "module/bytes.hpp"
#include "result.hpp"

namespace microhost::module {

/// Links: a file that the operator named may be one; one that was found in a watched folder may not.
enum class Links : uint8_t { follow, refuse };

class File {
  public:
    /// Opens without waiting (a FIFO cannot hang us) and refuses what is not a regular file of this user or root, may be
    /// changed by others, or has a size that no module has. Errors: one sentence with the path, what, and what to do.
    static Result<File> open(const std::string& path, Links links = Links::follow);

    File(File&& other) noexcept
        : path_(std::move(other.path_)),
          fd_(std::exchange(other.fd_, -1)),
          size_(other.size_),
          device_(other.device_),
          inode_(other.inode_) {}
    File& operator=(File&&) = delete;
    ~File();

    const std::string& path() const { return path_; }
    FileBytes bytes() const { return {fd_, size_}; }
    int fd() const { return fd_; }
    uint64_t size() const { return size_; }
    bool same_as(const File& other) const {
        return device_ == other.device_ && inode_ == other.inode_;
    }
    /// Whether the path still leads to what was opened and checked.
    bool still_there() const;

  private:
    File(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
    Result<> examine();

    std::string path_;
    int fd_;
    uint64_t size_ = 0;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace microhost::module
