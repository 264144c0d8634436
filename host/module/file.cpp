// SPDX-License-Identifier: Apache-2.0
#include "module/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace microhost::module {
namespace {

constexpr off_t kLargest = off_t{1} << 30;

const char* kind_of(mode_t mode) {
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISFIFO(mode)) return "a pipe";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

Error open_error(const std::string& path, int code) {
    switch (code) {
        case ENOENT: return error("{}: no such file", path);
        case EACCES: return error("{}: may not be read by this user; chmod or chown it", path);
        case ELOOP: return error("{}: a link where a file is expected, or links in a circle", path);
        default: return error("{}: cannot be opened: {}", path, std::strerror(code));
    }
}

}  // namespace

File::~File() {
    if (fd_ >= 0) close(fd_);
}

Result<File> File::open(const std::string& path, Links links) {
    if (path.find('\0') != std::string::npos) return error("a file name with a NUL byte");
    const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    const int fd = ::open(path.c_str(), flags | (links == Links::refuse ? O_NOFOLLOW : 0));
    if (fd < 0) return open_error(path, errno);
    File file(path, fd);
    if (auto ok = file.examine(); !ok) return ok.error().context(path);
    return file;
}

Result<> File::examine() {
    struct stat s;
    if (fstat(fd_, &s) != 0) return error("cannot be examined: {}", std::strerror(errno));
    if (!S_ISREG(s.st_mode)) return error("not a regular file but {}", kind_of(s.st_mode));
    if (s.st_uid != geteuid() && s.st_uid != 0)
        return error("belongs to user {}, not to this one or root; chown it", s.st_uid);
    if (s.st_mode & S_IWOTH) return error("everybody may write it; chmod o-w it");
    if ((s.st_mode & S_IWGRP) && s.st_gid != getegid() && s.st_gid != 0)
        return error("group {} may write it; chmod g-w it", s.st_gid);
    if (s.st_mode & (S_ISUID | S_ISGID))
        return error("is set-user-ID or set-group-ID; chmod ug-s it");
    if (s.st_size == 0) return error("empty file");
    if (s.st_size > kLargest) return error("{} bytes, larger than any module", s.st_size);
    size_ = static_cast<uint64_t>(s.st_size);
    device_ = s.st_dev;
    inode_ = s.st_ino;
    return {};
}

bool File::still_there() const {
    struct stat now, opened;
    return stat(path_.c_str(), &now) == 0 && fstat(fd_, &opened) == 0 && now.st_dev == device_ &&
           now.st_ino == inode_ && now.st_size == static_cast<off_t>(size_) &&
           now.st_mtim.tv_sec == opened.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == opened.st_mtim.tv_nsec;
}

}  // namespace microhost::module
