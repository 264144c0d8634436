// SPDX-License-Identifier: Apache-2.0
/// Memory for text that is written anew for each call: it grows, and is used again.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace microhost::rpc {

class Text {
  public:
    /// Room for `n` bytes, not initialised. What was there before is gone.
    char* room(size_t n) {
        if (n > capacity_) {
            memory_.reset(new char[n]);
            capacity_ = n;
        }
        return memory_.get();
    }
    size_t capacity() const { return capacity_; }
    void release() {
        memory_.reset();
        capacity_ = 0;
    }

  private:
    std::unique_ptr<char[]> memory_;
    size_t capacity_ = 0;
};

/// Copies `s` to `at`, moves `at` behind it, and returns the copy.
inline std::string_view copy_to(char*& at, std::string_view s) {
    char* const begin = at;
    if (!s.empty()) std::memcpy(begin, s.data(), s.size());
    at += s.size();
    return {begin, s.size()};
}

}  // namespace microhost::rpc
