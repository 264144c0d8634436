// SPDX-License-Identifier: Apache-2.0
#include "registry/folder.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

namespace microhost::registry {
namespace {

constexpr off_t kLargestFile = 1 << 20;

/// mkdir -p with mode 0700. Only the last error counts: parents may exist and be unreadable.
void make_parents(const std::string& path) {
    for (size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        ::mkdir(path.substr(0, slash).c_str(), 0700);
    }
    ::mkdir(path.c_str(), 0700);
}

Result<struct stat> trusted(int fd, const std::string& path) {
    struct stat st {};
    if (::fstat(fd, &st) != 0) return error("{}: {}", path, std::strerror(errno));
    if (st.st_uid != ::geteuid() && st.st_uid != 0) {
        return error(
            "{} belongs to user {}, who could take traffic: it must belong to user {} or root",
            path, st.st_uid, ::geteuid());
    }
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return error(
            "{} can be written by others (mode {:o}), who could take traffic: chmod go-w {}", path,
            st.st_mode & 07777U, path);
    }
    return st;
}

}  // namespace

Result<Folder> open_folder(const std::string& runtime_dir, bool create) {
    Folder out;
    out.path = runtime_dir;
    if (create) make_parents(runtime_dir);
    out.fd = Fd(::open(runtime_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (const char* below : {"registry", "v1"}) {
        if (!out.fd) break;
        if (auto st = trusted(out.fd.get(), out.path); !st) return st.error();
        if (create) ::mkdirat(out.fd.get(), below, 0700);
        const int fd =
            ::openat(out.fd.get(), below, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        const int failed = errno;
        out.fd = Fd(fd);  // closes the parent
        errno = failed;
        out.path.append("/").append(below);
    }
    if (!out.fd) return error("registry folder {}: {}", out.path, std::strerror(errno));
    auto st = trusted(out.fd.get(), out.path);
    if (!st) return st.error();
    out.owner = st->st_uid;
    out.private_to_owner = (st->st_mode & (S_IXGRP | S_IXOTH)) == 0;
    return out;
}

std::string distrust(const struct stat& file, const Folder& folder) {
    if (!S_ISREG(file.st_mode)) return "is not a regular file";
    if (file.st_size > kLargestFile) return "is larger than 1 MiB";
    if (file.st_uid != folder.owner && file.st_uid != ::geteuid() && file.st_uid != 0) {
        return fmt::format("belongs to user {}, not to the owner of the folder", file.st_uid);
    }
    if ((file.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !folder.private_to_owner) {
        return fmt::format("can be written by others (mode {:o}): chmod go-w it",
                           file.st_mode & 07777U);
    }
    return {};
}

}  // namespace microhost::registry
