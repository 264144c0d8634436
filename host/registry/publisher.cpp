// SPDX-License-Identifier: Apache-2.0
#include "registry/publisher.hpp"

#include "registry/fd.hpp"
#include "registry/file_name.hpp"
#include "registry/folder.hpp"
#include "registry/owner.hpp"

#include <fcntl.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>

namespace microhost::registry {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr size_t kLongestFileName = 255;

/// A temporary file beside the target, then rename: no fsync, because nobody needs a node that was
/// announced before the power went.
Result<ino_t> write_file(const Folder& folder, const std::string& name, const std::string& text) {
    // The time too: processes in different containers may share the folder and a pid.
    const std::string temporary = fmt::format(".tmp-{}-{:x}", ::getpid(), wall_now());
    const int dir = folder.fd.get();
    const Fd fd(::openat(dir, temporary.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    struct stat st {};
    const bool written = fd && ::fchmod(fd.get(), 0644) == 0 && write_all(fd.get(), text) &&
                         ::fstat(fd.get(), &st) == 0 &&
                         ::renameat(dir, temporary.c_str(), dir, name.c_str()) == 0;
    if (written) return st.st_ino;
    const int failed = errno;
    ::unlinkat(dir, temporary.c_str(), 0);
    return error("{}/{} cannot be written: {}", folder.path, name, std::strerror(failed));
}

/// What readers would refuse is refused here, where somebody hears it. The name of the file.
Result<std::string> check_node(const NodeFile& file) {
    const Service& service = file.service;
    if (service.nodes.size() != 1) {
        return error("service {} has {} nodes, a file has one", service.name, service.nodes.size());
    }
    const std::string& id = service.nodes.front().id;
    if (auto readable = parse_node_file(format_node_file(file), id); !readable) {
        return error("service {}: {}", service.name, readable.error().what);
    }
    std::string name = file_name_of(id);
    if (name.size() > kLongestFileName) return error("node id {} is too long for a file name", id);
    return {boost::system::in_place_value, std::move(name)};
}

/// Whether that file speaks of a node of this service.
bool is_of_service(const Folder& folder, const std::string& name, const Service& service,
                   const std::string& node_id) {
    const Fd fd(
        ::openat(folder.fd.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat st {};
    if (!fd || ::fstat(fd.get(), &st) != 0 || !distrust(st, folder).empty()) return false;
    std::string text(static_cast<size_t>(st.st_size), '\0');
    const ssize_t n = ::read(fd.get(), text.data(), text.size());
    text.resize(n > 0 ? static_cast<size_t>(n) : 0);
    const auto file = parse_node_file(text, node_id);
    return file && file->service.name == service.name;
}

}  // namespace

class Publisher::Leases : public std::enable_shared_from_this<Leases> {
  public:
    Leases(asio::io_context& io, std::string runtime_dir, Warn warn)
        : runtime_dir_(std::move(runtime_dir)), warn_(std::move(warn)), timer_(io) {}

    Result<void> publish(NodeFile file) {
        auto checked = check_node(file);
        if (!checked) return checked.error();
        const std::string name = std::move(*checked);
        Lease lease{.text = format_node_file(file),
                    .every = std::chrono::milliseconds(file.ttl) / 3};
        if (auto written = write(name, lease); !written) return written.error();
        leases_[name] = std::move(lease);
        wait();
        return {};
    }

    void withdraw(const std::string& name) {
        auto found = leases_.find(name);
        if (found == leases_.end()) return;
        if (is_ours(name, found->second)) ::unlinkat(folder_->fd.get(), name.c_str(), 0);
        leases_.erase(found);
    }

    void stop() {
        timer_.cancel();
        while (!leases_.empty()) withdraw(std::string(leases_.begin()->first));
    }

  private:
    struct Lease {
        std::string text;
        std::chrono::milliseconds every;
        Clock::time_point due{};
        ino_t inode = 0;
        bool lost = false;  // said that another process took the name
    };

    Result<void> write(const std::string& name, Lease& lease) {
        auto folder = open_folder(runtime_dir_, true);  // anew: it may have been exchanged
        if (!folder) return folder.error();
        folder_ = std::move(*folder);
        auto inode = write_file(*folder_, name, lease.text);
        if (!inode) return inode.error();
        lease.inode = *inode;
        lease.due = Clock::now() + lease.every;
        return {};
    }

    bool is_ours(const std::string& name, const Lease& lease) {
        struct stat st {};
        return folder_ &&
               ::fstatat(folder_->fd.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
               st.st_ino == lease.inode;
    }

    void wait() {
        if (leases_.empty()) return;
        auto sooner = [](auto& a, auto& b) { return a.second.due < b.second.due; };
        timer_.expires_at(std::min_element(leases_.begin(), leases_.end(), sooner)->second.due);
        timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
            auto self = weak.lock();
            if (self && !ec) self->beat();
        });
    }

    void beat() {
        const auto now = Clock::now();
        for (auto& [name, lease] : leases_) {
            if (lease.due > now) continue;
            lease.due = now + lease.every;
            refresh(name, lease);
        }
        wait();
    }

    void refresh(const std::string& name, Lease& lease) {
        struct stat there {};
        const std::string path = folder_->path + "/" + name;
        const bool exists =
            ::lstat(path.c_str(), &there) == 0;  // by path: sees an exchanged folder
        if (exists && there.st_ino == lease.inode) {
            ::utimensat(folder_->fd.get(), name.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
            lease.lost = false;
        } else if (!exists) {
            if (auto written = write(name, lease); !written) warn_(written.error().what);
        } else if (!std::exchange(lease.lost, true)) {
            warn_(fmt::format(
                "{} was replaced by another process: two processes announce one node id", path));
        }
    }

    std::string runtime_dir_;
    Warn warn_;
    std::optional<Folder> folder_;
    std::map<std::string, Lease> leases_;  // by file name
    asio::steady_timer timer_;
};

Publisher::Publisher(asio::io_context& io, std::string runtime_dir, Warn warn)
    : leases_(std::make_shared<Leases>(io, std::move(runtime_dir), std::move(warn))) {}

Publisher::~Publisher() { leases_->stop(); }

Result<void> Publisher::publish(const Service& service, std::chrono::seconds ttl, pid_t owner_pid) {
    return leases_->publish({service, ttl, owner_pid});
}

void Publisher::withdraw(std::string_view node_id) { leases_->withdraw(file_name_of(node_id)); }

Result<void> Publisher::enlist(const Service& service, std::chrono::seconds ttl) {
    Service one = service;
    for (const Node& node : service.nodes) {
        one.nodes = {node};
        if (auto published = publish(one, ttl, ::getpid()); !published) {
            deregister(service);
            return published.error();
        }
    }
    return {};
}

void Publisher::deregister(const Service& service) {
    for (const Node& node : service.nodes) withdraw(node.id);
}

Result<void> put_nodes(const std::string& runtime_dir, const Service& service,
                       std::chrono::seconds ttl) {
    if (service.nodes.empty()) {
        return error(
            "service {} has no nodes: write \"nodes\": [{{\"id\": ..., \"address\": "
            "\"host:port\"}}]",
            service.name);
    }
    std::vector<std::pair<std::string, std::string>> files;  // name, text
    Service one = service;
    for (const Node& node : service.nodes) {
        one.nodes = {node};
        const NodeFile file{one, ttl, 0};
        auto name = check_node(file);
        if (!name) return name.error();
        files.emplace_back(std::move(*name), format_node_file(file));
    }
    auto folder = open_folder(runtime_dir, true);
    if (!folder) return folder.error();
    for (size_t i = 0; i < files.size(); i++) {
        auto written = write_file(*folder, files[i].first, files[i].second);
        if (written) continue;
        while (i-- > 0) ::unlinkat(folder->fd.get(), files[i].first.c_str(), 0);
        return written.error();
    }
    return {};
}

Result<size_t> remove_nodes(const std::string& runtime_dir, const Service& service) {
    auto folder = open_folder(runtime_dir, false);
    if (!folder && errno == ENOENT) return size_t{0};
    if (!folder) return folder.error();
    size_t removed = 0;
    for (const Node& node : service.nodes) {
        const std::string name = file_name_of(node.id);
        if (!is_of_service(*folder, name, service, node.id)) continue;
        if (::unlinkat(folder->fd.get(), name.c_str(), 0) == 0)
            removed++;
        else if (errno != ENOENT)
            return error("{}/{} cannot be removed: {}", folder->path, name, std::strerror(errno));
    }
    return removed;
}

}  // namespace microhost::registry
