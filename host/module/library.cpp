// SPDX-License-Identifier: Apache-2.0
#include "module/library.hpp"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>

#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace microhost::module {

struct Library::Handle {
    boost::dll::shared_library library;
};

Library::Library(std::unique_ptr<Handle> handle, std::string path)
    : handle_(std::move(handle)), path_(std::move(path)) {}
Library::Library(Library&&) noexcept = default;

Library::~Library() {
    // The destructor of shared_library would unload; see the class comment. Kept where a leak checker finds it.
    static auto* mapped_for_ever =
        new std::vector<Handle*>;  // never destroyed, so that it still holds them at exit
    if (handle_) mapped_for_ever->push_back(handle_.release());
}

Result<Library> Library::open(const std::string& path, const std::string& shown) {
    auto handle = std::make_unique<Handle>();
    namespace dll = boost::dll;
    boost::dll::fs::error_code failed;
    dlerror();
    try {
        handle->library.load(path, failed, dll::load_mode::rtld_now | dll::load_mode::rtld_local);
    } catch (const std::exception& e) {  // a constructor of the module threw
        return error("{}: threw while it was loaded: {}", shown, e.what());
    } catch (...) {
        return error("{}: threw while it was loaded", shown);
    }
    if (failed) {
        // Boost answers "bad file descriptor" whatever happened; the system's own text says it.
        const char* why = dlerror();
        std::string_view text = why ? why : "unknown reason";
        if (text.starts_with(path + ": ")) text.remove_prefix(path.size() + 2);
        return error("{}: cannot be loaded: {}", shown, text);
    }
    return Library(std::move(handle), path);
}

const void* Library::symbol(const char* name) const {
    return dlsym(handle_->library.native(), name);
}

bool Library::unload() {
    const char* keep = std::getenv("MICROHOST_DLCLOSE");
    if (keep && std::strcmp(keep, "0") == 0) return false;
    handle_->library.unload();
    void* still = dlopen(path_.c_str(), RTLD_NOLOAD | RTLD_LAZY);
    if (!still) handle_.reset();
    if (still) dlclose(still);
    return !still;
}

}  // namespace microhost::module
