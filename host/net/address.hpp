// SPDX-License-Identifier: Apache-2.0
/// Socket addresses: parsing, printing, sets of prefixes.
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <vector>

#include "result.hpp"

namespace microhost::net {

/// TCP or Unix address, ready for bind and connect.
struct Address {
    sockaddr_storage storage{};
    socklen_t len = 0;

    /// ":8080" (every interface), "127.0.0.1:0", "[::1]:80", "localhost:80", "unix:/path", "unix:@abstract".
    /// Host names are refused: resolving is not this function's job.
    static Result<Address> parse(std::string_view text);

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    int family() const { return storage.ss_family; }
    bool is_unix() const { return family() == AF_UNIX; }
    bool is_loopback() const;
    uint16_t port() const;
    void set_port(uint16_t port);
    /// "127.0.0.1:8080", "[::1]:80", "unix:/path".
    std::string text() const;
    /// "127.0.0.1", "::1", "unix"; a v4-mapped address prints as v4. At most 46 bytes; the length is returned.
    size_t ip_text(char* out, size_t cap) const;
};

/// Address ranges, such as trusted_proxies.
class PrefixSet {
  public:
    /// "10.0.0.0/8", "::1", "unix", "loopback", "private".
    Result<> add(std::string_view text);
    bool contains(const Address& a) const;
    bool empty() const { return prefixes_.empty() && !unix_; }

  private:
    struct Prefix {
        unsigned char bytes[16];
        unsigned bits;
    };
    std::vector<Prefix> prefixes_;
    bool unix_ = false;
};

}  // namespace microhost::net
