// SPDX-License-Identifier: Apache-2.0
/// Standard input and output of the process as one byte stream that never blocks, whatever they are.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string_view>

namespace microhost::net {

/// One at a time in the process. What the shell shares with us (the flags of the terminal) stays as it is.
class Stdio {
  public:
    /// Null with errno: EEXIST when somebody has it, EBADF when they are closed.
    static std::unique_ptr<Stdio> open();
    ~Stdio();
    Stdio(const Stdio&) = delete;

    /// To be watched; -1: there is nothing to wait for.
    int in() const { return poll_in_ ? in_ : -1; }
    int out() const { return poll_out_ ? out_ : -1; }
    /// As those of Stream.
    ssize_t read(void* p, size_t n);
    ssize_t write(std::string_view bytes);
    void shutdown_write();

  private:
    Stdio() = default;
    int in_ = -1, out_ = -1;
    bool poll_in_ = false, poll_out_ = false;
    bool terminal_ = false;  // of input
};

}  // namespace microhost::net
