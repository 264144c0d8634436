// SPDX-License-Identifier: Apache-2.0
#include "http/h1/head_scan.hpp"

#include "http/names.hpp"

namespace microhost::http {

HeadScan::Outcome HeadScan::feed(const char* data, size_t n) {
    constexpr size_t kMostSkipped = 4;
    for (;;) {
        pos = static_cast<size_t>(find_control(data + pos, data + n) - data);
        if (line < n && is_blank(data[line])) return bad;
        if (pos == n) return need_more;
        if (data[pos] != '\r') return bad;
        if (pos + 1 == n) return need_more;
        if (data[pos + 1] != '\n') return bad;
        const bool empty = pos == line;
        pos += 2;
        if (empty && line != skip) return complete;
        line = pos;
        if (!empty) continue;
        if (!request || skip == kMostSkipped) return bad;
        skip = pos;
    }
}

}  // namespace microhost::http
