// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include <algorithm>

#include "../shared/text.hpp"
#include "utf8.hpp"

namespace microhost::bot {
namespace {

// A cell that is wider than this does not push its neighbours away: what is behind it moves in its own row.
constexpr size_t kWidest = 60;
constexpr size_t kIndent = 4;

std::vector<size_t> widths_of(const std::vector<Row>& rows) {
    std::vector<size_t> out;
    for (const Row& row : rows) {
        if (row.size() > out.size()) out.resize(row.size());
        for (size_t i = 0; i < row.size(); ++i)
            out[i] = std::max(out[i], std::min(columns_of(row[i].text), kWidest));
    }
    return out;
}

std::string line_of(const Row& row, const std::vector<size_t>& widths) {
    std::string out;
    for (size_t i = 0; i < row.size(); ++i) {
        const size_t width = columns_of(row[i].text);
        const std::string gap(widths[i] > width ? widths[i] - width : 0, ' ');
        if (i) out += "  ";
        out += row[i].number ? gap + row[i].text : row[i].text + gap;
    }
    while (out.ends_with(' ')) out.pop_back();
    return out;
}

Row split_at_tabs(std::string_view line) {
    Row out;
    shared::for_each_item(line, '\t',
                          [&](std::string_view cell) { out.push_back({std::string(cell)}); });
    return out;
}

}  // namespace

std::vector<std::string> aligned(const std::vector<std::string>& heading,
                                 const std::vector<Row>& rows) {
    std::vector<Row> all;
    Row first;
    for (size_t i = 0; i < heading.size(); ++i) {
        std::string name = heading[i];
        std::ranges::transform(name, name.begin(), shared::upper);
        const bool number = !rows.empty() && i < rows[0].size() && rows[0][i].number;
        first.push_back({std::move(name), number});
    }
    if (!first.empty()) all.push_back(std::move(first));
    all.insert(all.end(), rows.begin(), rows.end());
    const std::vector<size_t> widths = widths_of(all);
    std::vector<std::string> out;
    for (const Row& row : all) out.push_back(line_of(row, widths));
    return out;
}

std::vector<std::string> without_tabs(const std::vector<std::string>& lines) {
    std::vector<std::string> out;
    for (size_t i = 0; i < lines.size();) {
        // Lines beneath each other that have columns share their widths.
        std::vector<Row> rows;
        std::vector<size_t> indents;
        for (; i < lines.size(); ++i) {
            const size_t indent = std::min(lines[i].find_first_not_of('\t'), lines[i].size());
            if (lines[i].find('\t', indent) == std::string::npos) break;
            rows.push_back(split_at_tabs(lines[i]));
            indents.push_back(indent);
        }
        const std::vector<size_t> widths = widths_of(rows);
        for (size_t k = 0; k < rows.size(); ++k)
            out.push_back(std::string(indents[k] * kIndent, ' ') + line_of(rows[k], widths));
        if (i == lines.size()) break;
        const size_t indent = std::min(lines[i].find_first_not_of('\t'), lines[i].size());
        out.push_back(std::string(indent * kIndent, ' ') + lines[i].substr(indent));
        ++i;
    }
    return out;
}

}  // namespace microhost::bot
