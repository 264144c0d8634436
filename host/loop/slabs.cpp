// SPDX-License-Identifier: Apache-2.0
#include "loop/slabs.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "sanitizer.hpp"

namespace microhost {
namespace {

constexpr size_t kAlign = 64;               // a cache line: objects do not share one
constexpr bool kApart = kAddressSanitizer;  // it watches what lies between two allocations
constexpr size_t kSmall = 256 * 1024;
constexpr size_t kHugePage = 2 * 1024 * 1024;

constexpr size_t rounded(size_t n, size_t to) { return (n + to - 1) / to * to; }

}  // namespace

Slabs::~Slabs() {
    for (const Piece& p : pieces_) std::free(p.memory);
}

void* Slabs::take(size_t n) {
    n = rounded(n, kAlign);
    if (kApart || n > left_) grow(n);
    void* p = at_;
    at_ += n;
    left_ -= n;
    return p;
}

// Few requests need few pages; who has many gets huge ones.
void Slabs::grow(size_t n) {
    const size_t unit = kApart ? kAlign : pieces_.empty() ? kSmall : kHugePage;
    const size_t size = rounded(n, unit);
    pieces_.reserve(pieces_.size() + 1);
    void* memory = std::aligned_alloc(unit == kHugePage ? kHugePage : kAlign, size);
    if (!memory) throw std::bad_alloc();
    if (unit == kHugePage)
        madvise(memory, size, MADV_HUGEPAGE);  // where the kernel has none, it is slower
    pieces_.push_back({memory, size});
    at_ = static_cast<char*>(memory);
    left_ = size;
}

}  // namespace microhost
