// SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cstring>

#include "net/stream.hpp"
#include "net/tls.hpp"

namespace microhost::net {

Result<Stream> connect(const Address& to, const TlsClientContext*, std::string_view) {
    Stream s(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!s.open()) return error("connect {}: {}", to.text(), std::strerror(errno));
    int one = 1;
    if (!to.is_unix()) setsockopt(s.fd(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (::connect(s.fd(), to.get(), to.len) != 0 && errno != EINPROGRESS && errno != EAGAIN)
        return error("connect {}: {}", to.text(), std::strerror(errno));
    return s;
}

}  // namespace microhost::net
