// SPDX-License-Identifier: Apache-2.0
#include "line.hpp"

#include <algorithm>
#include <utility>

namespace microhost::cli {
namespace {

/// Micro's interactive mode knew these with one word less.
struct Short {
    std::string_view verb, rest;
    bool alone;  ///< with nothing but flags behind it, else with a word
};
constexpr Short kShort[] = {{"list", "services", true},
                            {"get", "service", false},
                            {"register", "service", false},
                            {"deregister", "service", false}};

Words renamed(Words words) {
    if (!words.empty() && (words[0] == "microhost" || words[0] == "micro"))
        words.erase(words.begin());
    if (words.empty()) return words;
    if (words[0] == "ls") words[0] = "list";
    if (words[0] == "?") words[0] = "help";
    if (words[0] == "services") words[0] = "list", words.insert(words.begin() + 1, "services");
    return words;
}

bool is_flag(std::string_view word) { return word.starts_with("-") && word.size() > 1; }

}  // namespace

Words expanded(Words words) {
    words = renamed(std::move(words));
    if (words.empty()) return words;
    const bool alone = std::all_of(words.begin() + 1, words.end(), is_flag);
    for (const Short& s : kShort)
        if (words[0] == s.verb && alone == s.alone && (alone || words[1] != s.rest) &&
            (alone || !is_flag(words[1]))) {
            words.insert(words.begin() + 1, std::string(s.rest));
            break;
        }
    return words;
}

std::vector<Words> completed(const Words& words, std::string_view prefix) {
    const Words given = renamed(words);
    std::vector<Words> out{given};
    if (!given.empty() && given[0] == "help") return {Words(given.begin() + 1, given.end())};
    for (const Short& s : kShort) {
        if (given.size() != 1 || given[0] != s.verb || (s.alone && !is_flag(prefix))) continue;
        Words longer{given[0], std::string(s.rest)};
        out.push_back(std::move(longer));
        break;
    }
    if (const Words longer = expanded(given); given.size() > 1 && longer != given)
        out.front() = longer;
    return out;
}

}  // namespace microhost::cli
