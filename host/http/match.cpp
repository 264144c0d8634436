// SPDX-License-Identifier: Apache-2.0
#include "http/match.hpp"

#include <algorithm>

#include "http/names.hpp"

namespace microhost::http {
namespace {

template <class Test>
bool any_of(const std::vector<std::string>& list, Test test) {
    for (const std::string& s : list)
        if (test(std::string_view(s))) return true;
    return list.empty();
}

// "/admin" means /admin and what is below it, not /administrator.
bool below(std::string_view path, std::string_view prefix) {
    if (!path.starts_with(prefix)) return false;
    return prefix.ends_with('/') || path.size() == prefix.size() || path[prefix.size()] == '/';
}

std::string_view without_port(std::string_view host) {
    size_t colon = host.rfind(':');
    bool port = colon != host.npos && host.find(']', colon) == host.npos;
    return port ? host.substr(0, colon) : host;
}

bool has_field(const Headers& h, std::string_view wanted) {
    size_t colon = wanted.find(':');
    std::string_view name = wanted.substr(0, colon);
    for (uint32_t i = 0; i < h.count; i++) {
        if (!iequals(view(h.fields[i].name), name)) continue;
        if (colon == wanted.npos || view(h.fields[i].value) == trim(wanted.substr(colon + 1)))
            return true;
    }
    return false;
}

// What all of them begin with. Case counts: where it does not, those that differ in it begin with less.
MatchHint::Word common_head(const std::vector<std::string>& texts) {
    if (texts.empty()) return {};
    std::string_view common = texts.front();
    for (const std::string_view t : texts) {
        const auto differ = std::mismatch(common.begin(), common.end(), t.begin(), t.end());
        common = common.substr(0, static_cast<size_t>(differ.first - common.begin()));
    }
    common = common.substr(0, sizeof(uint64_t));
    const char ones[] = "\xff\xff\xff\xff\xff\xff\xff\xff";
    return {MatchHint::head(common), MatchHint::head({ones, common.size()})};
}

}  // namespace

MatchHint MatchHint::of(const Match& m) {
    MatchHint hint{common_head(m.path.empty() ? m.path_prefix : m.path), common_head(m.method),
                   common_head(m.host)};
    hint.host.want = folded(hint.host.want) & hint.host.mask;
    return hint;
}

std::string_view mismatch(const Match& m, const MatchSubject& s) {
    if (!any_of(m.path, [&](auto p) { return s.path == p; })) return "path";
    if (!any_of(m.path_prefix, [&](auto p) { return below(s.path, p); })) return "path_prefix";
    if (!any_of(m.method, [&](auto v) { return s.method == v; })) return "method";
    if (!any_of(m.host, [&](auto h) { return iequals(without_port(s.authority), h); }))
        return "host";
    if (!any_of(m.header, [&](auto h) { return has_field(s.headers, h); })) return "header";
    return {};
}

}  // namespace microhost::http
