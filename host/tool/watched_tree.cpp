// SPDX-License-Identifier: Apache-2.0
#include "tool/watched_tree.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "tool/build.hpp"

namespace microhost::tool {
namespace {

namespace fs = std::filesystem;
constexpr int kQuietMs = 50;
constexpr uint32_t kSaved = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE;

}  // namespace

Result<WatchedTree> WatchedTree::open(const std::string& folder) {
    WatchedTree tree(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (tree.fd_ < 0) return error("{}: cannot be watched: {}", folder, std::strerror(errno));
    if (auto ok = tree.watch(folder); !ok) return ok.error();
    return tree;
}

WatchedTree::WatchedTree(WatchedTree&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), folders_(std::move(other.folders_)) {}

WatchedTree::~WatchedTree() {
    if (fd_ >= 0) close(fd_);
}

Result<> WatchedTree::watch(const std::string& folder) {
    const int id = inotify_add_watch(fd_, folder.c_str(), kSaved | IN_ONLYDIR);
    if (id < 0) return error("{}: cannot be watched: {}", folder, std::strerror(errno));
    folders_[id] = folder;
    std::error_code ec;
    for (const auto& e : fs::directory_iterator(folder, ec))
        if (e.is_directory(ec) && !e.is_symlink(ec) && holds_sources(e.path().filename().string()))
            if (auto ok = watch(e.path().string()); !ok) return ok;
    return {};
}

bool WatchedTree::read_events() {
    alignas(inotify_event) std::array<char, 8192> block;
    bool matters = false;
    for (ssize_t n; (n = ::read(fd_, block.data(), block.size())) > 0;) {
        for (ssize_t at = 0; at < n;) {
            const auto* e = reinterpret_cast<const inotify_event*>(block.data() + at);
            at += static_cast<ssize_t>(sizeof *e + e->len);
            const std::string name = e->len ? e->name : "";
            if (e->mask & IN_Q_OVERFLOW) matters = true;
            if ((e->mask & IN_ISDIR) && (e->mask & (IN_CREATE | IN_MOVED_TO)) &&
                holds_sources(name)) {
                // Files may be in it already.
                matters = true;
                if (auto ok = watch(folders_[e->wd] + "/" + name); !ok) continue;
            } else if (!(e->mask & (IN_ISDIR | IN_CREATE)) && is_source(name)) {
                matters = true;
            }
        }
    }
    return matters;
}

bool WatchedTree::wait() {
    pollfd p{fd_, POLLIN, 0};
    bool saved = false;
    for (;;) {
        const int n = poll(&p, 1, saved ? kQuietMs : -1);
        if (n < 0) return false;
        if (n == 0) return true;
        saved = read_events() || saved;
    }
}

}  // namespace microhost::tool
