// SPDX-License-Identifier: Apache-2.0
#include "json_span.hpp"

#include <algorithm>
#include <map>

#include "text.hpp"

namespace microhost::shared {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

void skip_space(std::string_view& s) {
    s.remove_prefix(std::min(s.find_first_not_of(kSpace), s.size()));
}

bool take(std::string_view& s, char c) {
    skip_space(s);
    if (s.empty() || s.front() != c) return false;
    s.remove_prefix(1);
    return true;
}

/// Length of the string at the front, quotes included.
size_t string_length(std::string_view s) {
    size_t i = 1;
    while (i < s.size() && s[i] != '"') i += s[i] == '\\' ? 2 : 1;
    return std::min(i + 1, s.size());
}

/// Length of the value at the front; a bracket is balanced by counting, since the parser has checked the kinds.
size_t value_length(std::string_view s) {
    if (s.empty()) return 0;
    if (s.front() == '"') return string_length(s);
    if (s.front() != '{' && s.front() != '[')
        return std::min(s.find_first_of(",]} \t\r\n"), s.size());
    size_t depth = 0;
    for (size_t i = 0; i < s.size(); ++i) {
        if (s[i] == '"') {
            i += string_length(s.substr(i)) - 1;
        } else if (s[i] == '{' || s[i] == '[') {
            ++depth;
        } else if ((s[i] == '}' || s[i] == ']') && --depth == 0) {
            return i + 1;
        }
    }
    return s.size();
}

std::string_view take_value(std::string_view& s) {
    skip_space(s);
    const std::string_view value = s.substr(0, value_length(s));
    s.remove_prefix(value.size());
    return value;
}

/// fn(name with its quotes, value) for each member of an object.
template <class Fn>
void for_each_member(std::string_view json, Fn fn) {
    if (!take(json, '{')) return;
    do {
        skip_space(json);
        const std::string_view name = take_value(json);
        if (name.size() < 2 || !take(json, ':')) return;
        const std::string_view value = take_value(json);
        if (value.empty()) return;
        fn(name, value);
    } while (take(json, ','));
}

std::string folded(std::string_view name) {
    std::string out(name);
    for (char& c : out) c = lower(c);
    return out;
}

/// By name without case, the last of several.
using Members = std::map<std::string, std::string_view>;

Members members(std::string_view json) {
    Members out;
    for_each_member(
        json, [&](std::string_view name, std::string_view value) { out[folded(name)] = value; });
    return out;
}

bool is_object(std::string_view value) { return value.starts_with('{'); }

}  // namespace

std::string_view member_text(std::string_view json, std::string_view key) {
    std::string_view found;
    for_each_member(json, [&](std::string_view name, std::string_view value) {
        if (iequals(name.substr(1, name.size() - 2), key)) found = value;
    });
    return found;
}

std::string merge_objects(std::string_view under, std::string_view over) {
    const Members lower = members(under), upper = members(over);
    std::string out = "{";
    const auto put = [&out](std::string_view name, std::string_view value) {
        if (out.size() > 1) out += ',';
        out.append(name).append(":").append(value);
    };
    for_each_member(under, [&](std::string_view name, std::string_view value) {
        const auto other = upper.find(folded(name));
        if (other == upper.end())
            put(name, value);
        else if (is_object(value) && is_object(other->second))
            put(name, merge_objects(value, other->second));
    });
    for_each_member(over, [&](std::string_view name, std::string_view value) {
        const auto other = lower.find(folded(name));
        const bool merged = other != lower.end() && is_object(other->second) && is_object(value);
        if (!merged) put(name, value);
    });
    return out + "}";
}

std::string_view first_element_text(std::string_view json) {
    if (!take(json, '[')) return {};
    skip_space(json);
    if (!json.empty() && json.front() == ']') return {};
    return take_value(json);
}

}  // namespace microhost::shared
