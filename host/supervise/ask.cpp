// SPDX-License-Identifier: Apache-2.0
#include "supervise/ask.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "net/address.hpp"

namespace microhost::supervise {
namespace {

/// Connected, or -1 with errno.
int connect_to(const std::string& path) {
    auto at = net::Address::parse("unix:" + path);
    if (!at) return errno = ENAMETOOLONG, -1;
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && ::connect(fd, at->get(), at->len) == 0) return fd;
    const int e = errno;
    if (fd >= 0) ::close(fd);
    errno = e;
    return -1;
}

struct Found {
    std::string name;
    int fd;
};

/// Those that answer.
std::vector<Found> supervised(const std::string& instances) {
    std::vector<Found> out;
    std::error_code ec;
    for (const auto& entry : std::filesystem::directory_iterator(instances, ec))
        if (const int fd = connect_to(entry.path().string() + "/supervisor.sock"); fd >= 0)
            out.push_back({entry.path().filename().string(), fd});
    return out;
}

Result<int> find_one(const std::string& instances) {
    const std::vector<Found> all = supervised(instances);
    if (all.size() == 1) return all[0].fd;
    std::string names;
    for (const Found& f : all) {
        names += (names.empty() ? "" : ", ") + f.name;
        ::close(f.fd);
    }
    if (all.empty())
        return error("no instance in {} runs under a supervisor; start it with --supervise",
                     instances);
    return error("several instances run here ({}); choose one with --instance", names);
}

}  // namespace

Result<std::string> ask_supervisor(const std::string& runtime_dir, std::string_view instance,
                                   std::string_view line) {
    const std::string instances = runtime_dir + "/instances";
    Result<int> found = -1;
    if (instance.empty()) {
        found = find_one(instances);
        if (!found) return found.error();
    } else {
        const std::string path = fmt::format("{}/{}/supervisor.sock", instances, instance);
        *found = connect_to(path);
        if (*found < 0)
            return error("{}: {}; does the instance run, and with --supervise?", path,
                         std::strerror(errno));
    }
    const std::string text = std::string(line) + "\n";
    std::string answer;
    std::array<char, 4096> bytes;
    ssize_t n = ::send(*found, text.data(), text.size(), MSG_NOSIGNAL);
    while (n > 0 && (n = ::read(*found, bytes.data(), bytes.size())) > 0)
        answer.append(bytes.data(), static_cast<size_t>(n));
    ::close(*found);
    while (answer.ends_with('\n')) answer.pop_back();
    if (answer.starts_with("ok ")) return {boost::system::in_place_value, answer.substr(3)};
    if (answer.starts_with("error ")) return Error{answer.substr(6)};
    return error("the supervisor went away before it answered");
}

}  // namespace microhost::supervise
