// SPDX-License-Identifier: Apache-2.0
#include "supervise/desk.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "net/address.hpp"
#include "net/listener.hpp"

namespace microhost::supervise {
namespace {

constexpr size_t kMostClients = 16, kLongestLine = 256;

bool is_ready(const std::vector<pollfd>& set, int fd) {
    return std::any_of(set.begin(), set.end(),
                       [&](const pollfd& p) { return p.fd == fd && p.revents != 0; });
}

}  // namespace

Desk::~Desk() {
    for (auto& [who, c] : clients_) ::close(c.fd);
    if (fd_ >= 0) ::close(fd_);
}

Result<> Desk::open(const std::string& path) {
    auto at = net::Address::parse("unix:" + path);
    if (!at) return at.error().context("supervisor socket");
    auto fd = net::open_listener(*at, {.reuse_port = false, .backlog = 16, .unix_mode = 0600});
    if (!fd) return fd.error().context("supervisor socket");
    fd_ = *fd;
    return {};
}

void Desk::add_to(std::vector<pollfd>& set) const {
    set.push_back({fd_, POLLIN, 0});
    for (auto& [who, c] : clients_) set.push_back({c.fd, POLLIN, 0});
}

void Desk::serve(const std::vector<pollfd>& ready,
                 const std::function<void(uint64_t, std::string_view)>& asked) {
    std::vector<std::pair<uint64_t, std::string>> lines;
    for (auto it = clients_.begin(); it != clients_.end();) {
        Client& c = it->second;
        std::array<char, kLongestLine> bytes;
        const ssize_t n = is_ready(ready, c.fd) ? ::read(c.fd, bytes.data(), bytes.size()) : -1;
        if (n > 0) c.line.append(bytes.data(), static_cast<size_t>(n));
        const size_t end = c.line.find('\n');
        if (end != c.line.npos && n > 0) lines.emplace_back(it->first, c.line.substr(0, end));
        const bool gone = n == 0 || (end == c.line.npos && c.line.size() > kLongestLine);
        if (gone) ::close(c.fd);
        it = gone ? clients_.erase(it) : std::next(it);
    }
    if (is_ready(ready, fd_)) {
        const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0 && clients_.size() < kMostClients)
            clients_.emplace(next_++, Client{fd, {}});
        else if (fd >= 0)
            ::close(fd);
    }
    for (auto& [who, line] : lines) asked(who, line);
}

void Desk::answer(uint64_t who, const Result<std::string>& said) {
    auto it = clients_.find(who);
    if (it == clients_.end()) return;
    std::string text = said ? "ok " + *said : "error " + said.error().what;
    std::replace(text.begin(), text.end(), '\n', ' ');
    text += '\n';
    [[maybe_unused]] const ssize_t n =
        ::send(it->second.fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::close(it->second.fd);
    clients_.erase(it);
}

}  // namespace microhost::supervise
