// SPDX-License-Identifier: Apache-2.0
/// Random access to the bytes of a file that nobody trusts: pread instead of mmap, so that a file that shrinks meanwhile is
/// a short read and not SIGBUS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace microhost::module {

class Bytes {
  public:
    virtual uint64_t size() const = 0;
    /// All of [at, at + n) or false.
    virtual bool read(uint64_t at, void* out, size_t n) const = 0;

    template <class T>
    bool read(uint64_t at, T& out) const {
        static_assert(std::is_trivially_copyable_v<T>);
        return read(at, &out, sizeof out);
    }
    bool holds(uint64_t at, uint64_t n) const { return at <= size() && n <= size() - at; }

  protected:
    ~Bytes() = default;
};

class MemoryBytes final : public Bytes {
  public:
    explicit MemoryBytes(std::string_view bytes) : bytes_(bytes) {}
    using Bytes::read;
    uint64_t size() const override { return bytes_.size(); }
    bool read(uint64_t at, void* out, size_t n) const override;

  private:
    std::string_view bytes_;
};

/// The descriptor is borrowed. `size` is what fstat said.
class FileBytes final : public Bytes {
  public:
    FileBytes(int fd, uint64_t size) : fd_(fd), size_(size) {}
    using Bytes::read;
    uint64_t size() const override { return size_; }
    bool read(uint64_t at, void* out, size_t n) const override;

  private:
    int fd_;
    uint64_t size_;
};

}  // namespace microhost::module
