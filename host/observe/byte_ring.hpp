// SPDX-License-Identifier: Apache-2.0
/// A bounded queue of byte records: many producers that never wait, one consumer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

namespace microhost::observe {

/// A producer reserves room with one compare-and-swap, fills it in place and commits it. Records
/// come out in the order in which room was reserved. Nobody ever waits: a full ring answers nullptr
/// and the producer drops its record.
class ByteRing {
  public:
    /// `capacity` in bytes is rounded up to a power of two, at least 4 KiB.
    explicit ByteRing(std::size_t capacity);

    /// [any] Room for `size` bytes, aligned to 8, or nullptr when the ring is full (or `size`
    /// exceeds half of it). Every reservation must be committed soon: the consumer cannot pass it.
    std::byte* reserve(std::uint32_t size) noexcept;
    /// [any] Hands what `reserve` returned to the consumer.
    void commit(std::byte* record) noexcept;

    /// [consumer] The oldest committed record, valid until `pop`; empty when there is none.
    std::span<const std::byte> front() noexcept;
    /// [consumer] Removes the record that `front` returned.
    void pop() noexcept;

    /// [any] True when nothing is reserved or waiting.
    bool empty() const noexcept;
    std::size_t capacity() const noexcept { return mask_ + 1; }

  private:
    struct Header {
        std::uint32_t state;  // 0 until committed; then a flag and the length of the block
        std::uint32_t size;   // what the producer asked for
    };
    Header* at(std::uint64_t position) noexcept;

    std::size_t mask_;
    struct Free {
        void operator()(void* p) const { std::free(p); }
    };
    // 64-bit words, so that every block is aligned; what no record has reached is no memory yet
    std::unique_ptr<std::uint64_t[], Free> words_;
    alignas(64) std::atomic<std::uint64_t> head_{0};
    alignas(64) std::atomic<std::uint64_t> tail_{0};
};

}  // namespace microhost::observe
