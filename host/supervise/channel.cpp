// SPDX-License-Identifier: Apache-2.0
#include "supervise/channel.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace microhost::supervise {
namespace {

constexpr size_t kLongest = 8 * 1024;

union Control {  // of one descriptor, aligned
    cmsghdr head;
    std::array<char, CMSG_SPACE(sizeof(int))> bytes;
};

int take_descriptor(msghdr& m) {
    int fd = -1;
    for (cmsghdr* c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

}  // namespace

const std::string& Message::field(size_t i) const {
    static const std::string kNone;
    return i < fields.size() ? fields[i] : kNone;
}

bool send_message(int socket, std::string_view verb, std::initializer_list<std::string_view> fields,
                  int fd, Patience patience) {
    std::string text(verb);
    for (const std::string_view f : fields) {
        const size_t from = text.size() + 1;
        text.append(1, '\n').append(f.substr(0, kLongest / 2));
        std::replace(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), '\n', ' ');
    }
    text.resize(std::min(text.size(), kLongest));
    iovec v{text.data(), text.size()};
    msghdr m{};
    m.msg_iov = &v;
    m.msg_iovlen = 1;
    Control control{};
    if (fd >= 0) {
        m.msg_control = control.bytes.data();
        m.msg_controllen = control.bytes.size();
        cmsghdr* c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    const int flags = MSG_NOSIGNAL | (patience == Patience::none ? MSG_DONTWAIT : 0);
    ssize_t n;
    do n = ::sendmsg(socket, &m, flags);
    while (n < 0 && errno == EINTR);
    return n >= 0;
}

Got receive_message(int socket, Message& out) {
    out = {};
    std::string text(kLongest, '\0');
    iovec v{text.data(), text.size()};
    Control control{};
    msghdr m{};
    m.msg_iov = &v;
    m.msg_iovlen = 1;
    m.msg_control = control.bytes.data();
    m.msg_controllen = control.bytes.size();
    ssize_t n;
    do n = ::recvmsg(socket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0) return errno == EAGAIN ? Got::nothing : Got::end;
    if (n == 0) return Got::end;
    out.fd = take_descriptor(m);
    std::string_view left(text.data(), static_cast<size_t>(n));
    for (bool first = true; first || !left.empty(); first = false) {
        const size_t end = std::min(left.find('\n'), left.size());
        (first ? out.verb : out.fields.emplace_back()) = left.substr(0, end);
        left.remove_prefix(std::min(left.size(), end + 1));
    }
    return Got::message;
}

}  // namespace microhost::supervise
