// SPDX-License-Identifier: Apache-2.0
#include "answering.hpp"

#include <string>

#include "parts.hpp"
#include "utf8.hpp"

namespace microhost::bot {

uint64_t send_answer(Input& in, const Place& to, std::string_view name,
                     const std::vector<Line>& lines, uint64_t missing) {
    std::string before;
    if (!to.direct() && to.thread.empty() && !name.empty()) before = "@" + std::string(name) + ": ";
    uint64_t bytes = 0;
    for (const std::string& part : parts_of(lines, missing, in.format(), before)) {
        bytes += part.size();
        if (!in.send(to, part))
            break;  // the input has counted it; the rest would have no beginning
    }
    return bytes;
}

std::vector<Line> plain_lines(std::string_view text) {
    std::vector<Line> out;
    while (true) {
        const size_t end = text.find('\n');
        out.push_back({printable(text.substr(0, end)), false});
        if (end == text.npos) return out;
        text.remove_prefix(end + 1);
    }
}

}  // namespace microhost::bot
