// SPDX-License-Identifier: Apache-2.0
/// A text of bounded length that a signal handler may build and send.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace microhost::supervise {

/// What does not fit is cut off.
template <size_t N>
class SafeText {
  public:
    SafeText& add(std::string_view text) {
        const size_t n = std::min(text.size(), N - size_);
        std::memcpy(bytes_.data() + size_, text.data(), n);
        size_ += n;
        return *this;
    }
    SafeText& number(uint64_t value) { return digits(value, 10); }
    SafeText& hex(uint64_t value) { return add("0x").digits(value, 16); }
    std::string_view view() const { return {bytes_.data(), size_}; }

    void write_to(int fd) const {
        for (size_t done = 0; done < size_;) {
            const ssize_t n = ::write(fd, bytes_.data() + done, size_ - done);
            if (n <= 0) return;
            done += static_cast<size_t>(n);
        }
    }
    void send_to(int socket) const {
        [[maybe_unused]] const ssize_t n =
            ::send(socket, bytes_.data(), size_, MSG_DONTWAIT | MSG_NOSIGNAL);
    }

  private:
    SafeText& digits(uint64_t value, unsigned base) {
        std::array<char, 20> text;
        size_t at = text.size();
        do {
            text[--at] = "0123456789abcdef"[value % base];
            value /= base;
        } while (value);
        return add({text.data() + at, text.size() - at});
    }

    std::array<char, N> bytes_;
    size_t size_ = 0;
};

}  // namespace microhost::supervise
