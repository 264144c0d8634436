// SPDX-License-Identifier: Apache-2.0
#include "module/cache.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace microhost::module {
namespace {

namespace fs = std::filesystem;

bool may_execute_in(const std::string& folder) {
    struct statvfs s;
    return statvfs(folder.c_str(), &s) == 0 && !(s.f_flag & ST_NOEXEC);
}

Result<> copy_bytes(const File& from, int to) {
    off_t at = 0;
    while (static_cast<uint64_t>(at) < from.size()) {
        const ssize_t n = sendfile(to, from.fd(), &at, from.size() - static_cast<uint64_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error("{}: cannot be copied: {}", from.path(), std::strerror(errno));
        if (n == 0) break;
    }
    if (!from.still_there())
        return error("{}: changed while it was being loaded; try again when it is complete",
                     from.path());
    return {};
}

}  // namespace

CachedFile& CachedFile::operator=(CachedFile&& o) noexcept {
    std::swap(path_, o.path_);
    std::swap(ours_, o.ours_);
    std::swap(fd_, o.fd_);
    return *this;
}

CachedFile::~CachedFile() {
    if (fd_ >= 0) {
        ::close(fd_);
    } else if (ours_) {
        ::unlink(path_.c_str());
        ::rmdir(
            fs::path(path_).parent_path().c_str());  // stays while another module's file is there
    }
}

void CachedFile::keep() {
    ours_ = false;
    fd_ = -1;
}

ModuleCache::ModuleCache(std::string folder, bool in_place)
    : folder_(std::move(folder)), in_place_(in_place) {
    if (folder_.empty()) return;
    std::error_code ec;
    fs::create_directories(folder_, ec);
    if (ec || !may_execute_in(folder_)) folder_.clear();
}

Result<CachedFile> ModuleCache::copy(const File& file, std::string_view id, uint32_t number) const {
    CachedFile out;
    if (in_place_) {
        out.path_ = file.path();
        return out;
    }
    int fd = -1;
    if (folder_.empty()) {
        fd = out.fd_ = memfd_create(std::string(id).c_str(), MFD_CLOEXEC);
        out.path_ = "/proc/self/fd/" + std::to_string(fd);
    } else {
        const fs::path folder = fs::path(folder_) / std::to_string(number);
        std::error_code ec;
        fs::create_directories(folder, ec);
        out.path_ = (folder / (std::string(id) + ".so")).string();
        ::unlink(out.path_.c_str());  // of a generation that did not come to be
        fd = ::open(out.path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500);
        out.ours_ = fd >= 0;
    }
    if (fd < 0)
        return error("{}: cannot be copied to {}: {}", file.path(),
                     folder_.empty() ? "memory" : out.path_, std::strerror(errno));
    Result<> copied = copy_bytes(file, fd);
    if (out.fd_ < 0) ::close(fd);
    if (!copied) return copied.error();
    return out;
}

}  // namespace microhost::module
