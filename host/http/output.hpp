// SPDX-License-Identifier: Apache-2.0
/// What a connection has still to send. Empty nearly always: bytes go straight to the socket when it takes them.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "net/stream.hpp"

namespace microhost::http {

class Output {
  public:
    enum class Sent { all, some, broken };

    bool empty() const { return waiting_.size() == at_; }
    size_t size() const { return waiting_.size() - at_; }
    /// Bytes that waited and were taken by the socket, ever: whether the peer reads at all.
    uint64_t flushed() const { return flushed_; }

    /// Sends now what the socket takes and keeps the rest. At most 8 pieces.
    Sent write(net::Stream& s, const iovec* v, int n) {
        size_t taken = 0;
        if (empty()) {
            ssize_t got = s.write(v, n);
            if (got < 0 && got != -EAGAIN) return Sent::broken;
            taken = got > 0 ? static_cast<size_t>(got) : 0;
        }
        for (int i = 0; i < n; i++) {
            if (taken >= v[i].iov_len) {
                taken -= v[i].iov_len;
                continue;
            }
            waiting_.append(static_cast<const char*>(v[i].iov_base) + taken, v[i].iov_len - taken);
            taken = 0;
        }
        return empty() ? Sent::all : Sent::some;
    }

    /// After the socket became writable.
    Sent flush(net::Stream& s) {
        while (!empty()) {
            iovec v{waiting_.data() + at_, size()};
            ssize_t got = s.write(&v, 1);
            if (got == -EAGAIN) return Sent::some;
            if (got < 0) return Sent::broken;
            at_ += static_cast<size_t>(got);
            flushed_ += static_cast<uint64_t>(got);
            if (at_ > 64 * 1024 && at_ * 2 > waiting_.size()) {
                waiting_.erase(0, at_);
                at_ = 0;
            }
        }
        clear();
        return Sent::all;
    }

    void clear() {
        std::string().swap(waiting_);  // an idle connection owns no buffer
        at_ = 0;
    }

  private:
    std::string waiting_;
    size_t at_ = 0;
    uint64_t flushed_ = 0;
};

}  // namespace microhost::http
