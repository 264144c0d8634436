// SPDX-License-Identifier: Apache-2.0
/// A loaded shared object. The only door to Boost.DLL.
#pragma once

#include <memory>
#include <string>

#include "result.hpp"

namespace microhost::module {

/// Never unloaded by being destroyed: threads, thread-local destructors and unique symbols may still point into it. The
/// code of a destroyed Library stays mapped until the process ends. Thread: main.
class Library {
  public:
    /// dlopen(RTLD_NOW | RTLD_LOCAL): constructors run here. The error holds dlerror's text, and calls the file `shown`.
    static Result<Library> open(const std::string& path, const std::string& shown);

    Library(Library&&) noexcept;
    Library& operator=(Library&&) = delete;
    ~Library();

    /// unload() has not succeeded.
    bool mapped() const { return handle_ != nullptr; }
    /// Null when there is no such symbol.
    const void* symbol(const char* name) const;
    /// Unmaps it, unless MICROHOST_DLCLOSE=0 (so that leak and race checkers can name its functions). Nothing of it may be
    /// used any more. False when it is still there: something holds it.
    bool unload();

  private:
    struct Handle;
    Library(std::unique_ptr<Handle> handle, std::string path);
    std::unique_ptr<Handle> handle_;
    std::string path_;
};

}  // namespace microhost::module
