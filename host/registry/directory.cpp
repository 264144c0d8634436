// SPDX-License-Identifier: Apache-2.0
// When to look at which file. What a file means is in directory_files.cpp.
#include "registry/directory.hpp"

#include "registry/directory_files.hpp"

#include <sys/inotify.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>

namespace microhost::registry {
namespace {

namespace asio = boost::asio;

// IN_CREATE is all that comes for a link; a file that is still empty then counts as unfinished.
constexpr uint32_t kEvents = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                             IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr int kSweepsPerRescan = 10;  // where inotify works; else each sweep is a rescan

}  // namespace

class Directory::Watch : public std::enable_shared_from_this<Watch> {
  public:
    Watch(asio::io_context& io, Feed feed, DirectoryOptions options)
        : options_(std::move(options)),
          files_(std::move(feed), options_.warn,
                 DirectoryFiles::OwnerWatch{[this](pid_t pid, Fd fd) { watch(pid, std::move(fd)); },
                                            [this](pid_t pid) { owners_.erase(pid); }}),
          io_(io),
          events_(io),
          timer_(io) {}

    void start() {
        rescan();
        files_.synced();
        wait_timer();
    }

    void stop() {
        timer_.cancel();
        events_.close();
        owners_.clear();
        files_.clear();
    }

  private:
    void open() {
        files_.close_folder();
        events_.close();
        auto folder = open_folder(options_.runtime_dir, options_.create);
        if (!folder) {
            files_.trouble("", folder.error().what);
            return;
        }
        wait_events(*folder);  // before the first look, so that nothing falls between
        files_.set_folder(std::move(*folder));
    }

    void rescan() {
        sweeps_ = 0;
        if (!files_.has_folder()) open();
        files_.scan();
    }

    void wait_events(const Folder& folder) {
        Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
        const std::string self = fmt::format("/proc/self/fd/{}", folder.fd.get());
        if (!fd || (::inotify_add_watch(fd.get(), self.c_str(), kEvents) < 0 &&
                    ::inotify_add_watch(fd.get(), folder.path.c_str(), kEvents) < 0)) {
            const char* why = std::strerror(errno);
            files_.trouble("inotify", fmt::format("{}: changes are seen within a second only, "
                                                  "because inotify says: {}",
                                                  folder.path, why));
            return;
        }
        events_.assign(fd.release());
        ++opened_;
        wait_event();
    }

    void wait_event() {
        events_.async_wait(
            asio::posix::stream_descriptor::wait_read,
            [weak = weak_from_this(), opened = opened_](const boost::system::error_code& ec) {
                auto self = weak.lock();
                if (self && !ec && self->opened_ == opened) self->read_events();
            });
    }

    void read_events() {
        alignas(inotify_event) std::array<char, 16384> buffer;
        bool all = false;
        const int opened = opened_;
        for (;;) {
            const ssize_t n = ::read(events_.native_handle(), buffer.data(), buffer.size());
            if (n <= 0) break;
            for (ssize_t at = 0; at < n;) {
                const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
                at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
                if (!all) all = !take(*event);
            }
        }
        if (all) rescan();
        if (opened_ == opened && events_.is_open()) wait_event();
    }

    /// False if the event asks for a look at everything.
    bool take(const inotify_event& event) {
        if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0) {
            files_.close_folder();
            return false;
        }
        if ((event.mask & IN_Q_OVERFLOW) != 0) return false;
        if (event.len == 0) {  // the folder's own mode changed: check it anew
            files_.close_folder();
            return false;
        }
        const bool only_touched = (event.mask & IN_ATTRIB) != 0;
        files_.look(event.name, only_touched ? Look::touched : Look::changed);
        return true;
    }

    void wait_timer() {
        timer_.expires_after(options_.sweep);
        timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
            auto self = weak.lock();
            if (self && !ec) self->sweep();
        });
    }

    void sweep() {
        const bool blind = !events_.is_open() || !files_.has_folder();
        if (blind || ++sweeps_ >= kSweepsPerRescan) rescan();
        files_.sweep();
        wait_timer();
    }

    void watch(pid_t pid, Fd fd) {
        auto owner = std::make_unique<asio::posix::stream_descriptor>(io_, fd.release());
        auto& kept = *(owners_[pid] = std::move(owner));
        kept.async_wait(asio::posix::stream_descriptor::wait_read,
                        [weak = weak_from_this(), pid, &kept](const boost::system::error_code& ec) {
                            auto self = weak.lock();
                            if (!self || ec) return;
                            auto found = self->owners_.find(pid);  // maybe a later one by now
                            if (found == self->owners_.end() || found->second.get() != &kept)
                                return;
                            self->owners_.erase(found);
                            self->files_.owner_ended(pid);
                        });
    }

    DirectoryOptions options_;
    DirectoryFiles files_;
    asio::io_context& io_;
    asio::posix::stream_descriptor events_;
    asio::steady_timer timer_;
    std::map<pid_t, std::unique_ptr<asio::posix::stream_descriptor>> owners_;
    int sweeps_ = 0;
    int opened_ = 0;  // how often: tells late events of an earlier folder
};

Directory::Directory(asio::io_context& io, Feed feed, DirectoryOptions options)
    : watch_(std::make_shared<Watch>(io, std::move(feed), std::move(options))) {}

Directory::~Directory() { watch_->stop(); }

void Directory::start() { watch_->start(); }

}  // namespace microhost::registry
