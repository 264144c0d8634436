// SPDX-License-Identifier: Apache-2.0
#include "tool/private_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "registry/fd.hpp"

namespace microhost::tool {
namespace {

constexpr size_t kMost = 1024 * 1024;

Error failed(const std::string& path) { return error("{}: {}", path, std::strerror(errno)); }

Result<> trust(const std::string& path, const struct stat& s, Privacy privacy) {
    if (!S_ISREG(s.st_mode)) return error("{}: is no regular file", path);
    if (s.st_uid != ::geteuid() && s.st_uid != 0 && ::geteuid() != 0)
        return error("{}: belongs to another user (uid {}); it is not believed", path, s.st_uid);
    if (privacy == Privacy::secret && (s.st_mode & 077) != 0)
        return error("{}: others may use it (mode {:04o}), and it is a secret; chmod 600 it", path,
                     s.st_mode & 07777U);
    if ((s.st_mode & 022) != 0)
        return error("{}: others may write it (mode {:04o}); chmod 600 it", path,
                     s.st_mode & 07777U);
    return {};
}

}  // namespace

Result<std::optional<std::string>> read_private(const std::string& path, Privacy privacy) {
    const registry::Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (file.get() < 0 && (errno == ENOENT || errno == ENOTDIR))
        return std::optional<std::string>();
    struct stat s {};
    if (file.get() < 0 || ::fstat(file.get(), &s) != 0) return failed(path);
    if (auto ok = trust(path, s, privacy); !ok) return ok.error();
    std::string out;
    char piece[16 * 1024];
    for (ssize_t n; (n = ::read(file.get(), piece, sizeof piece)) != 0;) {
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed(path);
        out.append(piece, static_cast<size_t>(n));
        if (out.size() > kMost) return error("{}: is longer than 1 MiB", path);
    }
    return std::optional(std::move(out));
}

Result<> write_private(const std::string& given, std::string_view content) {
    std::error_code none;
    std::string path = given;
    if (std::filesystem::is_symlink(given, none)) {
        const auto target = std::filesystem::canonical(given, none);
        if (none) return error("{}: its link leads nowhere", given);
        path = target;
    }
    struct stat before {};
    const bool existed = ::stat(path.c_str(), &before) == 0;
    if (existed && !S_ISREG(before.st_mode)) return error("{}: is no regular file", path);
    std::string fresh = path + ".XXXXXX";
    const registry::Fd file(::mkostemp(fresh.data(), O_CLOEXEC));  // 0600
    if (file.get() < 0) return failed(path);
    const bool foreign = existed && before.st_uid != ::geteuid();
    const bool written = (!foreign || ::fchown(file.get(), before.st_uid, before.st_gid) == 0) &&
                         registry::write_all(file.get(), content) && ::fsync(file.get()) == 0 &&
                         ::rename(fresh.c_str(), path.c_str()) == 0;
    if (written) return {};
    const Error why = failed(path);
    ::unlink(fresh.c_str());
    return why;
}

}  // namespace microhost::tool
