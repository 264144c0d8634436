// SPDX-License-Identifier: Apache-2.0
#include "observe/byte_ring.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <new>

namespace microhost::observe {
namespace {

constexpr std::uint32_t kReady = 1u << 31;
constexpr std::uint32_t kPadding = 1u << 30;  // the unused rest before the wrap
constexpr std::uint32_t kLength = kPadding - 1;

std::uint32_t block_length(std::uint32_t size) { return (size + 8u + 7u) & ~7u; }

}  // namespace

ByteRing::ByteRing(std::size_t capacity)
    : mask_(std::bit_ceil(std::clamp<std::size_t>(capacity, 4096, kLength / 2)) - 1),
      words_(static_cast<std::uint64_t*>(std::calloc((mask_ + 1) / 8, 8))) {
    if (!words_) throw std::bad_alloc();
}

ByteRing::Header* ByteRing::at(std::uint64_t position) noexcept {
    return reinterpret_cast<Header*>(&words_[(position & mask_) / 8]);
}

std::byte* ByteRing::reserve(std::uint32_t size) noexcept {
    if (size > capacity() / 2 - 8) return nullptr;
    const std::uint32_t length = block_length(size);
    std::uint64_t position, padding;
    do {
        // The tail first: it is never ahead of a head that is read after it.
        const std::uint64_t tail = tail_.load(std::memory_order_acquire);
        position = head_.load(std::memory_order_relaxed);
        const std::uint64_t to_end = capacity() - (position & mask_);
        padding = to_end < length ? to_end : 0;
        if (position + padding + length - tail > capacity()) return nullptr;
    } while (!head_.compare_exchange_weak(position, position + padding + length,
                                          std::memory_order_relaxed));
    if (padding != 0) {
        std::atomic_ref(at(position)->state)
            .store(kReady | kPadding | static_cast<std::uint32_t>(padding),
                   std::memory_order_release);
    }
    Header* header = at(position + padding);
    header->size = size;
    return reinterpret_cast<std::byte*>(header + 1);
}

void ByteRing::commit(std::byte* record) noexcept {
    Header* header = reinterpret_cast<Header*>(record) - 1;
    std::atomic_ref(header->state)
        .store(kReady | block_length(header->size), std::memory_order_release);
}

std::span<const std::byte> ByteRing::front() noexcept {
    for (;;) {
        const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
        Header* header = at(tail);
        const std::uint32_t state = std::atomic_ref(header->state).load(std::memory_order_acquire);
        if ((state & kReady) == 0) return {};
        if ((state & kPadding) == 0) {
            return {reinterpret_cast<const std::byte*>(header + 1), header->size};
        }
        std::memset(header, 0, sizeof *header);
        tail_.store(tail + (state & kLength), std::memory_order_release);
    }
}

void ByteRing::pop() noexcept {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    Header* header = at(tail);
    assert((header->state & kReady) != 0);
    // Any word of the block may be the next header here, and a header that is not committed must
    // read as 0.
    const std::uint32_t length = header->state & kLength;
    std::memset(static_cast<void*>(header), 0, length);
    tail_.store(tail + length, std::memory_order_release);
}

bool ByteRing::empty() const noexcept {
    const std::uint64_t tail = tail_.load(std::memory_order_acquire);
    return head_.load(std::memory_order_acquire) == tail;
}

}  // namespace microhost::observe
