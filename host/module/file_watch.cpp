// SPDX-License-Identifier: Apache-2.0
#include "module/file_watch.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "module/host_side.hpp"

namespace microhost::module {
namespace {

constexpr uint32_t kFileEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                 IN_CREATE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr uint64_t kSearchMs = 1000;

std::atomic<FileWatch*> current_watch{nullptr};

std::string folder_name(const std::string& path) {
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

mh_status read_all(int fd, uint64_t size, std::string& out) {
    out.resize(size);
    uint64_t have = 0;
    while (have < size) {
        const ssize_t n = pread(fd, out.data() + have, size - have, static_cast<off_t>(have));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return MH_E_IO;
        if (n == 0) break;  // it shrank meanwhile; the next event brings the rest
        have += static_cast<uint64_t>(n);
    }
    out.resize(have);
    return MH_OK;
}

mh_status open_and_read(const std::string& path, struct stat& s, std::string& out) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return errno == ENOENT || errno == ENOTDIR ? MH_E_NOT_FOUND : MH_E_IO;
    mh_status status = MH_E_IO;
    if (fstat(fd, &s) == 0 && S_ISREG(s.st_mode))
        status = static_cast<uint64_t>(s.st_size) > FileWatch::kLargest
                     ? MH_E_LIMIT
                     : read_all(fd, static_cast<uint64_t>(s.st_size), out);
    close(fd);
    return status;
}

}  // namespace

FileWatch::FileWatch(Loop& control, log::Domain log)
    : control_(control), log_(log), inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (inotify_ < 0 || !control_.add(inotify_, this, EPOLLIN | EPOLLET))
        log_.warn("files are not watched", {{"why", std::strerror(errno)}});
    search_.owner = this;
    search_.fire = [](Timer& t) { static_cast<Search&>(t).owner->search_again(); };
    current_watch.store(this, std::memory_order_release);
}

FileWatch::~FileWatch() {
    FileWatch* self = this;
    current_watch.compare_exchange_strong(self, nullptr);
    if (inotify_ < 0) return;
    control_.remove(inotify_);
    close(inotify_);
}

int FileWatch::folder_of(const std::string& path) {
    return inotify_ < 0 ? -1 : inotify_add_watch(inotify_, folder_name(path).c_str(), kFileEvents);
}

mh_status FileWatch::watch(HostSide* side, const std::string& path, Callback fn, void* user,
                           mh_token& out) {
    if (path.empty() || !fn || path.find('\0') != std::string::npos) return MH_E_INVALID;
    if (watches_.size() >= kMostWatches) return MH_E_LIMIT;
    const mh_token t = next_++;
    // Watched before it is read: a change in between is read twice, not missed.
    watches_[t] = {side, path, fn, user, folder_of(path), {}};
    if (watches_[t].folder < 0 && !search_.armed()) control_.arm(search_, kSearchMs);
    out = t;
    read(t, true);
    return MH_OK;
}

/// Calls back when the file is another one than last time. The callback may add and end watches.
void FileWatch::read(mh_token t, bool always) {
    auto it = watches_.find(t);
    if (it == watches_.end()) return;
    Watched& w = it->second;
    struct stat s {};
    Mark mark;
    if (stat(w.path.c_str(), &s) == 0) mark = {s.st_dev, s.st_ino, s.st_size, s.st_ctim};
    if (!always && mark == w.mark) return;
    std::string content;
    const mh_status status = open_and_read(w.path, s, content);
    if (status == MH_OK) mark = {s.st_dev, s.st_ino, s.st_size, s.st_ctim};
    w.mark = mark;
    if (status != MH_OK) content.clear();
    const mh_seg seg{reinterpret_cast<const uint8_t*>(content.data()), content.size()};
    if (w.side)
        guarded(*w.side, "file.watch", [&] { w.callback(w.user, status, seg); });
    else
        w.callback(w.user, status, seg);
}

mh_status FileWatch::unwatch(mh_token t) {
    FileWatch* self = current_watch.load(std::memory_order_acquire);
    if (!self) return MH_E_GONE;
    if (Loop::current() && Loop::current() != &self->control_) return MH_E_WRONG_THREAD;
    auto it = self->watches_.find(t);
    if (it == self->watches_.end()) return MH_E_GONE;
    const int folder = it->second.folder;
    self->watches_.erase(it);
    self->drop_unused(folder);
    return MH_OK;
}

void FileWatch::end(const HostSide& side) {
    std::vector<int> folders;
    std::erase_if(watches_, [&](const auto& row) {
        if (row.second.side != &side) return false;
        folders.push_back(row.second.folder);
        return true;
    });
    for (const int folder : folders) drop_unused(folder);
}

void FileWatch::drop_unused(int folder) {
    if (folder < 0) return;
    const bool used = std::any_of(watches_.begin(), watches_.end(),
                                  [&](const auto& row) { return row.second.folder == folder; });
    if (!used) inotify_rm_watch(inotify_, folder);
}

void FileWatch::recheck(int folder) {
    std::vector<mh_token> tokens;
    for (const auto& [t, w] : watches_)
        if (w.folder == folder) tokens.push_back(t);
    for (const mh_token t : tokens) read(t, false);
}

void FileWatch::recheck_all() {
    std::vector<mh_token> tokens;
    for (const auto& row : watches_) tokens.push_back(row.first);
    for (const mh_token t : tokens) read(t, false);
}

/// The folder is gone or moved: its files are looked for once a second.
void FileWatch::forget_folder(int folder) {
    for (auto& row : watches_)
        if (row.second.folder == folder) row.second.folder = -1;
    control_.arm(search_, 0);
}

void FileWatch::search_again() {
    bool missing = false;
    std::vector<mh_token> found;
    for (auto& [t, w] : watches_) {
        if (w.folder >= 0) continue;
        w.folder = folder_of(w.path);
        missing = missing || w.folder < 0;
        found.push_back(t);
    }
    if (missing) control_.arm(search_, kSearchMs);
    for (const mh_token t : found) read(t, false);
}

/// A new file is empty until it is closed; a new link is complete.
bool FileWatch::complete_when_created(int folder, const std::string& name) const {
    for (const auto& row : watches_) {
        if (row.second.folder != folder) continue;
        struct stat s;
        const std::string path = folder_name(row.second.path) + "/" + name;
        return lstat(path.c_str(), &s) == 0 && (S_ISLNK(s.st_mode) || s.st_nlink > 1);
    }
    return false;
}

void FileWatch::on_events(uint32_t) {
    alignas(inotify_event) char buffer[16 * 1024];
    std::vector<int> changed;
    bool all = false;
    while (true) {
        const ssize_t n = ::read(inotify_, buffer, sizeof buffer);
        if (n <= 0) break;
        for (ssize_t at = 0; at < n;) {
            inotify_event e;
            std::memcpy(&e, buffer + at, sizeof e);
            at += static_cast<ssize_t>(sizeof e + e.len);
            const std::string name(e.len ? buffer + at - e.len : "");  // ends with NULs
            if (e.mask & IN_Q_OVERFLOW) {
                all = true;
            } else if ((e.mask & IN_CREATE) && !complete_when_created(e.wd, name)) {
                continue;
            } else if (e.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) {
                if (!(e.mask & IN_IGNORED)) inotify_rm_watch(inotify_, e.wd);
                forget_folder(e.wd);
            } else if (std::find(changed.begin(), changed.end(), e.wd) == changed.end()) {
                changed.push_back(e.wd);
            }
        }
    }
    if (all) return recheck_all();
    for (const int folder : changed) recheck(folder);
}

}  // namespace microhost::module
