// SPDX-License-Identifier: Apache-2.0
#include "tool/asking.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace microhost::tool {
namespace {

constexpr size_t kMostReply = 64 << 20;

struct Socket {
    int fd;
    ~Socket() {
        if (fd >= 0) close(fd);
    }
};

/// Of a chunked body; what follows the last chunk is left out.
std::string joined_chunks(std::string_view text) {
    std::string out;
    for (;;) {
        const auto line = text.find("\r\n");
        size_t size = 0;
        if (line == text.npos ||
            std::from_chars(text.data(), text.data() + line, size, 16).ec != std::errc{} ||
            size == 0 || text.size() - line - 2 < size)
            return out;
        out += text.substr(line + 2, size);
        text.remove_prefix(std::min(text.size(), line + 2 + size + 2));
    }
}

Result<Reply> parse(std::string_view text) {
    // A 1xx in front is none of ours.
    while (text.starts_with("HTTP/1.1 1") && text.find("\r\n\r\n") != text.npos)
        text.remove_prefix(text.find("\r\n\r\n") + 4);
    const auto end = text.find("\r\n\r\n");
    if (!text.starts_with("HTTP/1.") || text.size() < 12 || end == text.npos)
        return error("no HTTP answer came");
    Reply reply;
    std::from_chars(text.data() + 9, text.data() + 12, reply.status);
    std::string_view head = text.substr(0, end);
    bool chunked = false;
    for (auto at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at + 2)) {
        const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        reply.fields.emplace_back(line);
        chunked |= strncasecmp(reply.fields.back().c_str(), "transfer-encoding:", 18) == 0;
    }
    const auto body = text.substr(end + 4);
    reply.body = chunked ? joined_chunks(body) : std::string(body);
    return reply;
}

}  // namespace

Result<Reply> ask(const net::Address& address, const std::string& request) {
    const Socket s{socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const timeval patience{30, 0};
    setsockopt(s.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(s.fd, address.get(), address.len) != 0)
        return error("{}: {}", address.text(), std::strerror(errno));
    for (std::string_view left = request; !left.empty();) {
        const ssize_t n = send(s.fd, left.data(), left.size(), MSG_NOSIGNAL);
        if (n < 0) break;  // it may have answered without reading all
        left.remove_prefix(static_cast<size_t>(n));
    }
    std::string text;
    std::array<char, 16 * 1024> block;
    for (ssize_t n; (n = recv(s.fd, block.data(), block.size(), 0)) > 0;) {
        text.append(block.data(), static_cast<size_t>(n));
        if (text.size() > kMostReply) return error("{}: its answer never ends", address.text());
    }
    auto reply = parse(text);
    if (!reply) return reply.error().context(address.text());
    return reply;
}

}  // namespace microhost::tool
