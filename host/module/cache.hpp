// SPDX-License-Identifier: Apache-2.0
/// Copies of module files: what is mapped is never the file that the operator replaces, and each generation has a file, and so
/// variables, of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "module/file.hpp"
#include "result.hpp"

namespace microhost::module {

/// A file to be mapped. It is gone with this object.
class CachedFile {
  public:
    CachedFile() = default;
    CachedFile(CachedFile&& o) noexcept
        : path_(std::exchange(o.path_, {})),
          ours_(std::exchange(o.ours_, false)),
          fd_(std::exchange(o.fd_, -1)) {}
    CachedFile& operator=(CachedFile&& o) noexcept;
    ~CachedFile();

    const std::string& path() const { return path_; }
    /// It stays as long as the process: the linker knows by its name what is mapped.
    void keep();

  private:
    friend class ModuleCache;
    std::string path_;
    bool ours_ = false;  // to be removed
    int fd_ = -1;        // of a file in memory
};

class ModuleCache {
  public:
    /// `folder`: is made when it is needed, and removed by its owner. Empty, or where nothing may be executed: copies lie
    /// in memory. `in_place`: there are no copies.
    explicit ModuleCache(std::string folder, bool in_place = false);

    /// FOLDER/NUMBER/ID.so, where debuggers find it under its name. Errors: the file changed meanwhile, the disk is full.
    Result<CachedFile> copy(const File& file, std::string_view id, uint32_t number) const;

  private:
    std::string folder_;
    bool in_place_;
};

}  // namespace microhost::module
