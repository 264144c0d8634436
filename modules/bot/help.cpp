// SPDX-License-Identifier: Apache-2.0
#include "help.hpp"

#include <algorithm>

#include "../shared/text.hpp"
#include "nearest.hpp"
#include "utf8.hpp"

namespace microhost::bot {
namespace {

std::string line_of(const HelpLine& l) {
    return l.usage + (l.description.empty() ? "" : " - " + l.description);
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), shared::lower);
    return out;
}

bool has_words(const HelpLine& l, std::string_view words) {
    const std::string text = lowered(line_of(l) + " " + l.name + " " + l.details);
    bool all = true;
    shared::for_each_item(words, ' ',
                          [&](std::string_view w) { all = all && text.find(w) != text.npos; });
    return all;
}

void sort(std::vector<HelpLine>& lines) { std::ranges::sort(lines, {}, &HelpLine::name); }

}  // namespace

std::string help_of_all(std::vector<HelpLine> builtin, std::vector<HelpLine> services) {
    sort(builtin), sort(services);
    std::string out;
    for (const auto* part : {&builtin, &services})
        for (const HelpLine& l : *part) out += "\n" + line_of(l);
    return out;
}

std::string help_about(std::string_view words, const std::vector<HelpLine>& all) {
    const std::string wanted = lowered(words);
    std::vector<std::string> names;
    std::vector<HelpLine> found;
    for (const HelpLine& l : all) {
        names.push_back(l.name);
        if (lowered(l.name) == wanted)
            return line_of(l) + (l.details.empty() ? "" : "\n" + l.details);
        if (has_words(l, wanted)) found.push_back(l);
    }
    if (!found.empty()) return help_of_all(std::move(found), {}).substr(1);
    std::string out = "no command has \"" + one_line(words, 80) + "\" in it";
    if (const std::string_view near = nearest(wanted, names); !near.empty())
        out.append("; did you mean \"").append(near).append("\"?");
    return out;
}

}  // namespace microhost::bot
