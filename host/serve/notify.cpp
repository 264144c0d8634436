// SPDX-License-Identifier: Apache-2.0
#include "serve/notify.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "net/address.hpp"

namespace microhost::serve {

void notify(std::string_view state) {
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (!path || !*path) return;
    auto to = net::Address::parse(std::string("unix:") + path);
    if (!to) return;
    int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return;
    [[maybe_unused]] ssize_t n =
        ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, to->get(), to->len);
    ::close(fd);
}

}  // namespace microhost::serve
