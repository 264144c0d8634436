// SPDX-License-Identifier: Apache-2.0
#include "paths.hpp"

#include <algorithm>

#include "text.hpp"

namespace microhost::shared {
namespace {

std::string join(const std::vector<std::string_view>& parts, size_t from, size_t to) {
    std::string out;
    for (size_t i = from; i < to; ++i) {
        if (i != from) out += '.';
        out += parts[i];
    }
    return out;
}

std::string method_name(const std::vector<std::string_view>& parts, size_t from) {
    std::string out;
    for (size_t i = from; i < parts.size(); ++i) {
        if (i != from) out += '.';
        out += camel(parts[i]);
    }
    return out;
}

/// ^[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*$
bool is_alias(std::string_view s) {
    bool word = false;
    for (const char c : s) {
        if (c == '-') {
            if (!word) return false;
            word = false;
        } else if (is_alnum(c)) {
            word = true;
        } else {
            return false;
        }
    }
    return word;
}

}  // namespace

std::vector<std::string_view> segments(std::string_view path) {
    std::vector<std::string_view> out;
    while (!path.empty()) {
        const size_t cut = std::min(path.find('/'), path.size());
        if (cut != 0) out.push_back(path.substr(0, cut));
        path.remove_prefix(std::min(cut + 1, path.size()));
    }
    return out;
}

bool is_version(std::string_view segment) {
    return segment.size() > 1 && segment[0] == 'v' &&
           std::all_of(segment.begin() + 1, segment.end(), is_digit);
}

std::string camel(std::string_view segment) {
    std::string out;
    out.reserve(segment.size());
    bool start = true;
    for (const char c : segment) {
        if (c == '-') {
            start = true;
            continue;
        }
        out += start ? upper(c) : c;
        // Go's strings.Title: every ASCII byte that is no letter, digit or underscore separates words.
        start = !is_alnum(c) && c != '_' && static_cast<unsigned char>(c) < 0x80;
    }
    return out;
}

RpcName api_route(std::string_view path) {
    const auto parts = segments(path);
    if (parts.empty()) return {};
    if (parts.size() <= 2) return {std::string(parts[0]), method_name(parts, 0)};
    const size_t last_two = parts.size() - 2;
    if (parts.size() == 3 && is_version(parts[0])) {
        return {join(parts, 0, 2), method_name(parts, last_two)};
    }
    return {join(parts, 0, last_two), method_name(parts, last_two)};
}

std::string endpoint_of(std::string_view service, const std::vector<std::string_view>& rest) {
    if (rest.size() >= 2) return method_name(rest, rest.size() - 2);
    if (rest.empty()) return camel(service);
    return service.empty() ? camel(rest[0]) : camel(service) + "." + camel(rest[0]);
}

std::string proxy_route(std::string_view path) {
    const auto parts = segments(path);
    if (parts.empty()) return {};
    if (parts.size() >= 2 && is_version(parts[0])) {
        return is_alias(parts[1]) ? join(parts, 0, 2) : std::string();
    }
    return is_alias(parts[0]) ? std::string(parts[0]) : std::string();
}

EventName event_route(std::string_view ns, std::string_view path) {
    const auto parts = segments(path);
    if (parts.empty()) return {std::string(ns), "event"};
    const size_t topic_parts = parts.size() >= 2 && is_version(parts[0]) ? 2 : 1;
    return {std::string(ns) + "." + join(parts, 0, topic_parts), join(parts, 1, parts.size())};
}

std::string join_namespace(std::string_view ns, std::string_view name) {
    ns = trim(ns);
    name = trim(name);
    std::string out(ns);
    if (!ns.empty() && ns.back() != '.' && ns.back() != '-') out += '.';
    out += name;
    if (!ns.empty() && ns.back() == '-') std::replace(out.begin(), out.end(), '.', '-');
    return out;
}

}  // namespace microhost::shared
