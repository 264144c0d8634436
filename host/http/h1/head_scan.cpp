// SPDX-License-Identifier: Apache-2.0
#include "http/h1/head_scan.hpp"

#include <algorithm>
#include <bit>

#include "http/names.hpp"

namespace microhost::http {
namespace {

/// The controls of a text one after another, looked for in 64 bytes at a time: in a head each line ends with two of them.
class Controls {
  public:
    explicit Controls(const char* end) : end_(end) {}

    /// The first at `p` or behind it, or the end. `p` never goes back.
    const char* next(const char* p) {
        for (;;) {
            if (!begin_ || static_cast<size_t>(p - begin_) >= kSpan) {
                begin_ = p;
                left_ = std::min(static_cast<size_t>(end_ - p), kSpan);
                mask_ = control_mask(p, left_);
            }
            if (const uint64_t behind = mask_ >> (p - begin_)) return p + std::countr_zero(behind);
            if (left_ < kSpan) return end_;
            p = begin_ + kSpan;
        }
    }

  private:
    static constexpr size_t kSpan = 64;
    const char* end_;
    const char* begin_ = nullptr;
    size_t left_ = 0;
    uint64_t mask_ = 0;
};

}  // namespace

HeadScan::Outcome HeadScan::feed(const char* data, size_t n) {
    constexpr size_t kMostSkipped = 4;
    Controls controls(data + n);
    // Copies, because a char that is read might be one of the members for all that the compiler knows.
    size_t at = pos, begin = line;
    const auto stop = [&](Outcome outcome) {
        pos = at;
        line = begin;
        return outcome;
    };
    for (;;) {
        at = static_cast<size_t>(controls.next(data + at) - data);
        if (begin < n && is_blank(data[begin])) return stop(bad);
        if (at == n) return stop(need_more);
        if (data[at] != '\r') return stop(bad);
        if (at + 1 == n) return stop(need_more);
        if (data[at + 1] != '\n') return stop(bad);
        const bool empty = at == begin;
        at += 2;
        if (empty && begin != skip) return stop(complete);
        begin = at;
        if (!empty) continue;
        if (!request || skip == kMostSkipped) return stop(bad);
        skip = at;
    }
}

}  // namespace microhost::http
