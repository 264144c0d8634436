// SPDX-License-Identifier: Apache-2.0
#include "tool/port_owner.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>

namespace microhost::tool {
namespace {

namespace fs = std::filesystem;

/// Inodes of the sockets that listen on the port, from /proc/net/tcp or tcp6: "sl local_address rem_address st ... inode".
void add_inodes(const char* table, uint16_t port, std::set<std::string>& out) {
    std::ifstream in(table);
    const std::string wanted = fmt::format(":{:04X}", port);
    std::string word;
    for (std::string line; std::getline(in, line);) {
        std::vector<std::string> columns;
        for (size_t at = 0; at < line.size();) {
            const size_t from = line.find_first_not_of(' ', at);
            if (from == line.npos) break;
            at = std::min(line.find(' ', from), line.size());
            columns.push_back(line.substr(from, at - from));
        }
        if (columns.size() > 9 && columns[1].ends_with(wanted) && columns[3] == "0A")
            out.insert(fmt::format("socket:[{}]", columns[9]));
    }
}

std::string program_of(const fs::path& process) {
    std::ifstream in(process / "comm");
    std::string name;
    std::getline(in, name);
    return name;
}

}  // namespace

int try_bind(const net::Address& address) {
    const int fd = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return errno;
    const int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one,
               sizeof one);  // connections that linger are no owner
    const int failed = bind(fd, address.get(), address.len) != 0 || listen(fd, 1) != 0 ? errno : 0;
    close(fd);
    return failed;
}

PortOwner owner_of(uint16_t port) {
    std::set<std::string> inodes;
    add_inodes("/proc/net/tcp", port, inodes);
    add_inodes("/proc/net/tcp6", port, inodes);
    std::error_code ec;
    for (fs::directory_iterator it("/proc", ec), end; !ec && it != end; it.increment(ec)) {
        const std::string name = it->path().filename().string();
        pid_t pid = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc{})
            continue;
        std::error_code hidden;
        for (fs::directory_iterator fd(it->path() / "fd", hidden), last; !hidden && fd != last;
             fd.increment(hidden)) {
            std::error_code gone;
            if (inodes.contains(fs::read_symlink(fd->path(), gone).string()))
                return {pid, program_of(it->path())};
        }
    }
    return {};
}

}  // namespace microhost::tool
