// SPDX-License-Identifier: Apache-2.0
/// TLS on OpenSSL.
#pragma once

#include <memory>

#include "net/stream.hpp"

namespace microhost::net {

/// The TLS side of one stream.
class TlsSession {
  public:
    virtual ~TlsSession() = default;
    virtual ssize_t read(void* p, size_t n) = 0;
    virtual ssize_t write(const iovec* v, int n) = 0;
    virtual void shutdown() = 0;
    virtual const TlsPeer* peer() const = 0;
};

}  // namespace microhost::net
