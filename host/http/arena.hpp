// SPDX-License-Identifier: Apache-2.0
/// Memory that lives as long as a request: bump allocation in blocks that the loop recycles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace microhost::http {

/// Blocks of one loop that are free at the moment.
class BlockPool {
  public:
    static constexpr size_t kBlock = 8 * 1024;

    std::unique_ptr<char[]> take() {
        if (free_.empty()) return std::unique_ptr<char[]>(new char[kBlock]);
        auto b = std::move(free_.back());
        free_.pop_back();
        return b;
    }
    void give(std::unique_ptr<char[]> b) {
        if (free_.size() < kKeep) free_.push_back(std::move(b));
    }

  private:
    static constexpr size_t kKeep = 256;
    std::vector<std::unique_ptr<char[]>> free_;
};

class Arena {
  public:
    static constexpr size_t kMost = 1024 * 1024;  // what a module may ask for in one request

    /// `first` is used before any block: what most requests need.
    Arena(BlockPool& pool, std::span<char> first) : first_(first), pool_(pool) { clear(); }
    ~Arena() { clear(); }
    Arena(const Arena&) = delete;

    /// Null when the request would own more than kMost.
    void* alloc(size_t n, size_t align = alignof(std::max_align_t)) {
        size_t at = (used_ + align - 1) & ~(align - 1);
        if (at + n <= room_) {
            used_ = at + n;
            return current_ + at;
        }
        return alloc_slow(n, align);
    }
    /// A copy of `s` that lives as long as the arena; empty when there is no room.
    std::string_view copy(std::string_view s) {
        if (s.empty()) return {};
        auto* p = static_cast<char*>(alloc(s.size(), 1));
        if (!p) return {};
        std::memcpy(p, s.data(), s.size());
        return {p, s.size()};
    }
    void clear() {
        if (total_) {
            for (auto& b : blocks_) pool_.give(std::move(b));
            blocks_.clear();
            large_.clear();
        }
        current_ = first_.data();
        room_ = first_.size();
        used_ = total_ = 0;
    }

  private:
    void* alloc_slow(size_t n, size_t align) {
        if (n > kMost || total_ + n > kMost || align > alignof(std::max_align_t)) return nullptr;
        total_ += n > BlockPool::kBlock ? n : BlockPool::kBlock;
        if (n > BlockPool::kBlock) {
            large_.push_back(std::unique_ptr<char[]>(new char[n]));
            return large_.back().get();
        }
        blocks_.push_back(pool_.take());
        current_ = blocks_.back().get();
        room_ = BlockPool::kBlock;
        used_ = n;
        return current_;
    }

    char* current_ = nullptr;
    size_t room_ = 0, used_ = 0;
    size_t total_ = 0;  // of what is not in `first_`
    std::span<char> first_;
    BlockPool& pool_;
    std::vector<std::unique_ptr<char[]>> blocks_, large_;
};

}  // namespace microhost::http
