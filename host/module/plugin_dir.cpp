// SPDX-License-Identifier: Apache-2.0
#include "module/plugin_dir.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace microhost::module {
namespace {

namespace fs = std::filesystem;
constexpr uint32_t kFolderEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                   IN_CREATE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                   IN_ONLYDIR;
constexpr size_t kMostFiles = 1000;

// Partial files of rsync and editors begin with a dot.
bool is_module_name(std::string_view name) { return name.ends_with(".so") && name[0] != '.'; }

}  // namespace

PluginDir::PluginDir(Loop& control, std::string folder, log::Domain log, Changed changed)
    : control_(control),
      folder_(std::move(folder)),
      log_(log),
      changed_(std::move(changed)),
      inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    tick_.owner = this;
    tick_.fire = [](Timer& t) { static_cast<Tick&>(t).owner->on_tick(); };
    if (inotify_ < 0 || !control_.add(inotify_, this, EPOLLIN | EPOLLET)) {
        log_.error("the plugin directory is not watched",
                   {{"folder", folder_}, {"reason", std::strerror(errno)}});
        return;
    }
    for (const std::string& path : files(folder_)) known_.insert(fs::path(path).filename());
    if (!watch()) control_.arm(tick_, kSearchMs);
}

PluginDir::~PluginDir() {
    Wheel::disarm(tick_);
    if (inotify_ < 0) return;
    control_.remove(inotify_);
    ::close(inotify_);
}

std::vector<std::string> PluginDir::files(const std::string& folder) {
    std::vector<std::string> out;
    std::error_code ec;
    for (fs::directory_iterator it(folder, ec), end; !ec && it != end && out.size() < kMostFiles;
         it.increment(ec))
        if (is_module_name(it->path().filename().string())) out.push_back(it->path().string());
    std::sort(out.begin(), out.end());
    return out;
}

bool PluginDir::watch() {
    watched_ = inotify_add_watch(inotify_, folder_.c_str(), kFolderEvents);
    return watched_ >= 0;
}

void PluginDir::on_events(uint32_t) { read_events(); }

void PluginDir::read_events() {
    alignas(inotify_event) std::array<char, 16 * 1024> buffer;
    for (ssize_t n; (n = ::read(inotify_, buffer.data(), buffer.size())) > 0;) {
        for (char* p = buffer.data(); p < buffer.data() + n;) {
            const auto& e = *reinterpret_cast<inotify_event*>(p);
            p += sizeof e + e.len;
            if (e.mask & IN_Q_OVERFLOW) {
                mark_all();
            } else if (e.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) {
                inotify_rm_watch(inotify_, watched_);
                watched_ = -1;
                mark_all();
            } else if (e.len && is_module_name(e.name)) {
                // Who made a file will write it: that it is closed is what counts. A link is whole from the start.
                struct stat s;
                const std::string path = folder_ + "/" + e.name;
                const bool being_made = (e.mask & IN_CREATE) && lstat(path.c_str(), &s) == 0 &&
                                        S_ISREG(s.st_mode) && s.st_nlink == 1;
                if (!being_made) mark(e.name);
            }
        }
    }
}

// Events were lost, or the folder is another one: everything is looked at.
void PluginDir::mark_all() {
    for (const std::string& path : files(folder_)) mark(fs::path(path).filename());
    for (const std::string& name : std::set<std::string>(known_)) mark(name);
}

void PluginDir::mark(std::string name) {
    marked_[std::move(name)] = control_.now_ms();
    if (!tick_.armed()) control_.arm(tick_, kQuietMs);
}

void PluginDir::on_tick() {
    if (watched_ < 0 && watch()) mark_all();
    std::vector<std::string> quiet;
    for (auto it = marked_.begin(); it != marked_.end();) {
        if (control_.now_ms() - it->second < kQuietMs) {
            ++it;
            continue;
        }
        quiet.push_back(folder_ + "/" + it->first);
        known_.insert(it->first);
        it = marked_.erase(it);
    }
    if (!marked_.empty())
        control_.arm(tick_, kQuietMs);
    else if (watched_ < 0)
        control_.arm(tick_, kSearchMs);
    if (!quiet.empty()) changed_(std::move(quiet));
}

}  // namespace microhost::module
