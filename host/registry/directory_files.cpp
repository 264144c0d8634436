// SPDX-License-Identifier: Apache-2.0
#include "registry/directory_files.hpp"

#include "registry/file_name.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace microhost::registry {
namespace {

constexpr WallTime kSecond = 1'000'000'000;
constexpr WallTime kOrphanKept = 600 * kSecond;
constexpr size_t kMostFiles = 65536;

WallTime nanoseconds(std::chrono::seconds s) { return s.count() * kSecond; }

/// All names below the folder. readdir() moves a position that copies of a descriptor share: a
/// second open file has its own.
std::optional<std::set<std::string>> names_in(const Folder& folder) {
    Fd fd(::openat(folder.fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(fd ? ::fdopendir(fd.get()) : nullptr, ::closedir);
    if (!dir) return std::nullopt;
    static_cast<void>(fd.release());
    std::set<std::string> names;
    while (const dirent* entry = ::readdir(dir.get())) {
        if (node_id_of(entry->d_name)) names.emplace(entry->d_name);
    }
    return names;
}

std::optional<std::string> read_all(int fd, off_t size) {
    std::string text(static_cast<size_t>(size), '\0');
    size_t done = 0;
    while (done < text.size()) {
        const ssize_t n = ::read(fd, text.data() + done, text.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return std::nullopt;
        if (n == 0) break;
        done += static_cast<size_t>(n);
    }
    text.resize(done);
    return text;
}

}  // namespace

DirectoryFiles::DirectoryFiles(Feed feed, Warn warn, OwnerWatch watch)
    : feed_(std::move(feed)), warn_(std::move(warn)), watch_(std::move(watch)) {}

void DirectoryFiles::set_folder(Folder folder) {
    folder_ = std::move(folder);
    said_.erase("");
}

void DirectoryFiles::clear() {
    for (auto& [name, file] : files_) withdraw(name, file);
    files_.clear();
    folder_.reset();
}

bool DirectoryFiles::has_folder() const {
    struct stat there {};
    struct stat ours {};
    return folder_ && ::stat(folder_->path.c_str(), &there) == 0 &&
           ::fstat(folder_->fd.get(), &ours) == 0 && there.st_ino == ours.st_ino &&
           there.st_dev == ours.st_dev;
}

/// What cannot be read (no folder, no descriptor left) is no news: what is known holds until its TTL
/// or its owner ends.
void DirectoryFiles::scan() {
    if (!folder_) return;
    const auto names = names_in(*folder_);
    if (!names) return;
    std::vector<std::string> gone;
    for (const auto& [name, file] : files_) {
        if (!names->contains(name)) gone.push_back(name);
    }
    for (const std::string& name : gone) forget(name);
    for (const std::string& name : *names) look(name, Look::scanned);
}

void DirectoryFiles::look(const std::string& name, Look look) {
    if (!folder_ || !node_id_of(name)) return;
    struct stat st {};
    if (::fstatat(folder_->fd.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) forget(name);
        return;
    }
    if (!files_.contains(name) && files_.size() >= kMostFiles) {
        trouble("", fmt::format("{}: more than {} files, the others are ignored", folder_->path,
                                kMostFiles));
        return;
    }
    File& file = files_[name];
    const WallTime touched = wall_time(st.st_mtim);
    const bool same_file = file.inode == st.st_ino && file.size == st.st_size;
    const bool fed = !file.service.empty() && !file.damaged;
    if (look == Look::scanned && same_file && file.changed == wall_time(st.st_ctim)) return;
    if (look == Look::touched && same_file && fed && distrust(st, *folder_).empty()) {
        file.touched = touched;
        file.changed = wall_time(st.st_ctim);
        file.expires = touched + nanoseconds(file.ttl);
        return;
    }
    load(name, file);
}

void DirectoryFiles::load(const std::string& name, File& file) {
    file.unfinished = false;
    const Fd fd(::openat(folder_->fd.get(), name.c_str(),
                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd) {
        if (errno == ENOENT) return forget(name);
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
            file.unfinished = true;  // our trouble, not the file's: again with the next sweep
            return;
        }
        const bool link = errno == ELOOP;
        return reject(name, file, link ? "is a link, write a regular file" : std::strerror(errno));
    }
    struct stat st {};
    ::fstat(fd.get(), &st);
    file.inode = st.st_ino;
    file.size = st.st_size;
    file.touched = wall_time(st.st_mtim);
    file.changed = wall_time(st.st_ctim);
    if (std::string why = distrust(st, *folder_); !why.empty()) return reject(name, file, why);
    const auto text = read_all(fd.get(), st.st_size);
    if (!text) return reject(name, file, std::strerror(errno));
    auto content = parse_node_file(*text, *node_id_of(name));
    if (!content) return damaged(name, file, content.error().what);
    accept(name, file, std::move(*content));
}

void DirectoryFiles::accept(const std::string& name, File& file, NodeFile content) {
    said_.erase(name);
    file.damaged = false;
    file.orphan = false;
    file.ttl = content.ttl;
    file.expires = file.touched + nanoseconds(content.ttl);
    const Node& node = content.service.nodes.front();
    const bool moved = file.service != content.service.name || file.node_id != node.id;
    if (!file.service.empty() && moved) withdraw(name, file);
    if (!adopt_owner(name, file, content.owner_pid) || wall_now() >= file.expires) {
        withdraw(name, file);
        return;
    }
    file.service = content.service.name;
    file.node_id = node.id;
    feed_.upsert(content.service);
}

/// A file that is just being written is no news: only one that stays damaged for a second is.
void DirectoryFiles::damaged(const std::string& name, File& file, const std::string& why) {
    file.damaged = true;
    const WallTime age = wall_now() - file.touched;
    file.unfinished = age >= 0 && age < kSecond;
    if (file.unfinished) return;
    const bool has_line = why[0] >= '0' && why[0] <= '9';
    trouble(name,
            fmt::format("{}/{}:{}{}; repair it, its last good content (if any) holds until its "
                        "TTL ends",
                        folder_->path, name, has_line ? "" : " ", why));
}

void DirectoryFiles::reject(const std::string& name, File& file, const std::string& why) {
    withdraw(name, file);
    trouble(name, fmt::format("{}/{} is ignored: it {}", folder_->path, name, why));
}

/// False if the owner is gone.
bool DirectoryFiles::adopt_owner(const std::string& name, File& file, pid_t pid) {
    if (file.owner != pid) drop_owner(name, file);
    file.unwatched = false;
    if (pid == 0 || file.owner == pid) return true;
    if (auto known = owned_.find(pid); known != owned_.end()) {
        // The number is taken by a watched process; an old file of its predecessor is not its own.
        if (check_owner(pid, file.touched).state == OwnerCheck::State::gone) {
            file.orphan = true;
            return false;
        }
        known->second.insert(name);
        file.owner = pid;
        return true;
    }
    OwnerCheck check = check_owner(pid, file.touched);
    file.orphan = check.state == OwnerCheck::State::gone;
    file.unwatched = check.state == OwnerCheck::State::unwatched;
    if (check.state != OwnerCheck::State::running) return !file.orphan;
    file.owner = pid;
    owned_[pid].insert(name);
    watch_.begin(pid, std::move(check.pidfd));
    return true;
}

void DirectoryFiles::drop_owner(const std::string& name, File& file) {
    if (file.owner == 0) return;
    auto owned = owned_.find(file.owner);
    if (owned != owned_.end()) {
        owned->second.erase(name);
        if (owned->second.empty()) {
            watch_.end(file.owner);
            owned_.erase(owned);
        }
    }
    file.owner = 0;
}

void DirectoryFiles::withdraw(const std::string& name, File& file) {
    drop_owner(name, file);
    if (!file.service.empty()) feed_.withdraw(file.service, file.node_id);
    file.service.clear();
    file.node_id.clear();
    file.unwatched = false;
}

void DirectoryFiles::forget(const std::string& name) {
    auto found = files_.find(name);
    if (found == files_.end()) return;
    withdraw(name, found->second);
    said_.erase(name);
    files_.erase(found);
}

void DirectoryFiles::owner_ended(pid_t pid) {
    auto owned = owned_.find(pid);
    if (owned == owned_.end()) return;
    const std::set<std::string> names = std::move(owned->second);
    owned_.erase(owned);
    for (const std::string& name : names) {
        File& file = files_[name];
        file.owner = 0;
        file.orphan = true;
        withdraw(name, file);
    }
}

void DirectoryFiles::sweep() {
    const WallTime now = wall_now();
    std::vector<std::string> again;
    for (auto& [name, file] : files_) {
        const bool late = !file.service.empty() && now >= file.expires;
        if (late || file.unfinished || file.unwatched) again.push_back(name);
        if (file.orphan && now >= file.expires + kOrphanKept) remove_orphan(name, file, now);
    }
    for (const std::string& name : again) {
        File& file = files_[name];
        if (folder_) load(name, file);  // maybe it was touched and nobody told us
        auto still = files_.find(name);
        if (still != files_.end() && now >= still->second.expires) withdraw(name, still->second);
    }
}

/// Its writer cannot do it any more. inotify tells us that it is gone.
void DirectoryFiles::remove_orphan(const std::string& name, const File& file, WallTime now) {
    struct stat st {};
    if (!folder_ || ::fstatat(folder_->fd.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    const bool same = st.st_ino == file.inode && now >= wall_time(st.st_mtim) + kOrphanKept;
    if (same && st.st_uid == ::geteuid()) ::unlinkat(folder_->fd.get(), name.c_str(), 0);
}

void DirectoryFiles::trouble(const std::string& about, const std::string& text) {
    std::string& last = said_[about];
    if (last == text) return;
    last = text;
    if (warn_) warn_(text);
}

}  // namespace microhost::registry
