// SPDX-License-Identifier: Apache-2.0
#include "serve/instance_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "json/writer.hpp"
#include "supervise/link.hpp"

namespace microhost::serve {
namespace {

Result<> make_folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return error("cannot make {}: {}; set --runtime_dir to a folder that can be written", path,
                 std::strerror(errno));
}

Result<> write_whole(const std::string& path, const std::string& text) {
    std::string partial = path + ".new";
    int fd = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    int e = errno;
    if (fd >= 0) ::close(fd);
    if (ok && ::rename(partial.c_str(), path.c_str()) == 0) return {};
    return error("cannot write {}: {}", path, std::strerror(ok ? errno : e));
}

}  // namespace

Result<> InstanceFolder::create(const std::string& runtime_dir, const std::string& name) {
    std::error_code ec;
    std::filesystem::create_directories(std::filesystem::path(runtime_dir).parent_path(), ec);
    for (const std::string& p :
         {runtime_dir, runtime_dir + "/instances", runtime_dir + "/instances/" + name})
        if (Result<> r = make_folder(p); !r) return r;
    const std::string path = runtime_dir + "/instances/" + name;
    // Two processes of one name would take each other's control socket away. The kernel lets go
    // of a dead one's lock.
    held_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (held_ < 0) return error("cannot open {}: {}", path, std::strerror(errno));
    if (::flock(held_, LOCK_EX | LOCK_NB) != 0)
        return error(
            "another microhost runs under the name \"{}\" ({}); choose another with --name", name,
            path);
    path_ = path;
    std::filesystem::remove_all(path_ + "/modules", ec);  // of one that was killed
    return {};
}

// A process that is being ended lets go of its files one by one: the one that we watched may be the first.
void InstanceFolder::take_orphan() {
    constexpr unsigned kTries = 40;
    const int fd = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (unsigned i = 0; fd >= 0 && held_ < 0 && i < kTries; i++)
        if (::flock(fd, LOCK_EX | LOCK_NB) == 0)
            held_ = fd;
        else
            ::usleep(5'000);
    if (held_ < 0 && fd >= 0) ::close(fd);
}

Result<> InstanceFolder::announce(
    const std::vector<std::pair<std::string, std::string>>& listeners) {
    std::string text;
    json::Writer w(text);
    w.object().key("listeners").object();
    for (auto& [name, address] : listeners)
        w.key(name).object().key("address").string(address).end();
    w.end().key("control").string(control_socket()).key("pid");
    if (const supervise::Link* link = supervise::Link::here())
        w.int64(link->supervisor()).key("worker").int64(::getpid()).end();
    else
        w.int64(::getpid()).end();
    return write_whole(path_ + "/listeners.json", text);
}

void InstanceFolder::drop_module_cache(pid_t process) const {
    std::error_code ignored;
    std::filesystem::remove_all(module_cache(process), ignored);
}

InstanceFolder::~InstanceFolder() {
    if (orphan_) take_orphan();
    if (held_ >= 0 && !path_.empty()) {
        ::unlink(supervisor_socket().c_str());
        ::unlink((path_ + "/listeners.json").c_str());
        ::unlink((path_ + "/control.sock").c_str());
        std::error_code ec;
        ::unlink(tools_socket().c_str());
        std::filesystem::remove_all(path_ + "/modules", ec);
        std::filesystem::remove_all(path_ + "/registry", ec);
        ::rmdir(path_.c_str());
    }
    if (held_ >= 0) ::close(held_);
}

}  // namespace microhost::serve
