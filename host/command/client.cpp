// SPDX-License-Identifier: Apache-2.0
#include "command/client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "json/document.hpp"

namespace microhost::command {
namespace {

constexpr int kPatienceSeconds = 5;
constexpr size_t kLongestHead = 16 * 1024;

class Socket {
  public:
    Socket() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
    ~Socket() {
        if (fd_ >= 0) ::close(fd_);
    }
    Socket(const Socket&) = delete;
    int fd() const { return fd_; }

    Result<> connect(const std::string& path) const {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        if (path.size() >= sizeof at.sun_path) return error("{}: the path is too long", path);
        std::memcpy(at.sun_path, path.c_str(), path.size() + 1);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) return {};
        return error("{}: {}", path, std::strerror(errno));
    }
    void patience(int seconds) const {
        const timeval t{seconds, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
        ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
    }
    bool send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return false;
            bytes.remove_prefix(static_cast<size_t>(n));
        }
        return true;
    }
    /// 0 at the end, negative when nothing came in time or the connection broke.
    ssize_t read(char* p, size_t n) const {
        ssize_t got;
        while ((got = ::recv(fd_, p, n, 0)) < 0 && errno == EINTR) {
        }
        return got;
    }
    bool more() const {
        pollfd p{fd_, POLLIN, 0};
        return ::poll(&p, 1, 50) > 0 && !(p.revents & POLLHUP);
    }

  private:
    int fd_;
};

/// "HTTP/1.1 200 OK": 200, or 0.
unsigned status_of(std::string_view head) {
    unsigned status = 0;
    if (!head.starts_with("HTTP/1.") || head.size() < 12) return 0;
    std::from_chars(head.data() + 9, head.data() + 12, status);
    return status;
}

}  // namespace

std::vector<Instance> running_instances(const std::vector<std::string>& runtime_folders) {
    std::vector<Instance> out;
    for (const std::string& folder : runtime_folders) {
        std::error_code none;
        for (const auto& one : std::filesystem::directory_iterator(folder + "/instances", none)) {
            Instance i{one.path().filename(), one.path() / "control.sock"};
            if (Socket().connect(i.socket)) out.push_back(std::move(i));
        }
    }
    std::sort(out.begin(), out.end(),
              [](const Instance& a, const Instance& b) { return a.name < b.name; });
    return out;
}

// HTTP/1.0: the body is what comes until the end, and a command's last line says that it is whole.
Result<Reply> ask(const std::string& path, std::string_view method, std::string_view target,
                  std::string_view body, const Receive& receive) {
    Socket s;
    if (auto ok = s.connect(path); !ok) return ok.error();
    s.patience(kPatienceSeconds);
    const Error silent = error("{}: no answer within {} s; is the process stopped or overloaded?",
                               path, kPatienceSeconds);
    if (!s.send(fmt::format("{} {} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}",
                            method, target, body.size(), body)))
        return silent;
    std::string head;
    char piece[16 * 1024];
    size_t end;
    while ((end = head.find("\r\n\r\n")) == head.npos) {
        const ssize_t n = s.read(piece, sizeof piece);
        if (n < 0) return silent;
        if (n == 0 || head.size() > kLongestHead) return error("{}: no HTTP answer", path);
        head.append(piece, static_cast<size_t>(n));
    }
    Reply reply;
    reply.status = status_of(head);
    if (!reply.status) return error("{}: no HTTP answer", path);
    reply.body = head.substr(end + 4);
    const bool streamed = receive && reply.status == 200;
    if (streamed) {
        s.patience(0);
        receive(reply.body, s.more());
        reply.body.clear();
    }
    while (true) {
        const ssize_t n = s.read(piece, sizeof piece);
        if (n < 0) return error("{}: the connection broke", path);
        if (n == 0) return reply;
        if (streamed)
            receive({piece, static_cast<size_t>(n)}, s.more());
        else
            reply.body.append(piece, static_cast<size_t>(n));
    }
}

std::string detail_of(const Reply& reply) {
    if (auto d = json::Document::parse(reply.body))
        if (auto detail = d->root().find("detail").as_string()) return std::string(*detail);
    return fmt::format("it answered {}", reply.status);
}

}  // namespace microhost::command
