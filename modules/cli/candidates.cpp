// SPDX-License-Identifier: Apache-2.0
#include "candidates.hpp"

#include <algorithm>

namespace microhost::cli {
namespace {

constexpr size_t kMostShown = 200;
constexpr size_t kGap = 2;

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

size_t length(std::string_view text) {
    return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return !continues(c); }));
}

}  // namespace

std::string common_beginning(const std::vector<std::string>& words) {
    if (words.empty()) return {};
    std::string_view out = words.front();
    for (const std::string& w : words) {
        const auto differ = std::ranges::mismatch(out, w);
        out = out.substr(0, static_cast<size_t>(differ.in1 - out.begin()));
        size_t whole = out.size();
        while (whole > 0 && whole < w.size() && continues(w[whole])) whole--;
        out = out.substr(0, whole);
    }
    return std::string(out);
}

std::string in_columns(const std::vector<std::string>& words, size_t width) {
    const size_t shown = std::min(words.size(), kMostShown);
    size_t widest = 0;
    for (size_t i = 0; i < shown; i++) widest = std::max(widest, length(words[i]));
    const size_t columns = std::max<size_t>(1, (width + kGap - 1) / (widest + kGap));
    const size_t rows = (shown + columns - 1) / columns;
    std::string out;
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = row; i < shown; i += rows) {
            out += words[i];
            if (i + rows < shown) out.append(widest + kGap - length(words[i]), ' ');
        }
        out += '\n';
    }
    if (shown < words.size()) out += "... and " + std::to_string(words.size() - shown) + " more\n";
    return out;
}

}  // namespace microhost::cli
