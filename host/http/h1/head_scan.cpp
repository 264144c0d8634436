// SPDX-License-Identifier: Apache-2.0
#include "http/h1/head_scan.hpp"

#include <algorithm>
#include <bit>

#include "http/names.hpp"

namespace microhost::http {
namespace {

bool is_line_end(const char* p) { return p[0] == '\r' && p[1] == '\n'; }

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
    Outcome found;
    for (;;) {
        at = static_cast<size_t>(controls.next(data + at) - data);
        // Nearly always it is the end of a line, and another line follows.
        if (at + 2 < n && at != begin && is_line_end(data + at) && !is_blank(data[at + 2]) &&
            !is_blank(data[begin])) {
            begin = at += 2;
            continue;
        }
        found = bad;
        if (begin < n && is_blank(data[begin])) break;
        found = need_more;
        if (at == n || (data[at] == '\r' && at + 1 == n)) break;
        found = bad;
        if (!is_line_end(data + at)) break;
        const bool empty = at == begin;
        at += 2;
        found = complete;
        if (empty && begin != skip) break;
        begin = at;
        if (!empty) continue;
        found = bad;
        if (!request || skip == kMostSkipped) break;
        skip = at;
    }
    pos = at;
    line = begin;
    return found;
}

}  // namespace microhost::http
