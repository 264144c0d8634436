// SPDX-License-Identifier: Apache-2.0
#include "rule.hpp"

#include <algorithm>

#include "../shared/text.hpp"
#include "../shared/url_encoding.hpp"

namespace microhost::router {
namespace {

using shared::iequals;

std::string_view without_port(std::string_view authority) {
    const size_t colon = authority.rfind(':');
    const bool port = colon != authority.npos && authority.find(']', colon) == authority.npos;
    return port ? authority.substr(0, colon) : authority;
}

bool host_fits(std::string_view wanted, std::string_view host) {
    if (!wanted.starts_with("*.")) return iequals(wanted, host);
    const size_t n = wanted.size() - 1;
    return host.size() > n && iequals(host.substr(host.size() - n), wanted.substr(1));
}

bool query_fits(const std::vector<Wanted>& wanted, std::string_view query) {
    std::vector<shared::FormPair> pairs;
    if (!shared::parse_form(query, pairs)) return false;
    return std::all_of(wanted.begin(), wanted.end(), [&](const Wanted& w) {
        return std::any_of(pairs.begin(), pairs.end(), [&](const shared::FormPair& p) {
            return p.key == w.name && (w.value == "*" || p.value == w.value);
        });
    });
}

}  // namespace

bool Rule::matches(const Facts& f, std::vector<std::string_view>& parts) const {
    if (!methods.empty() && std::find(methods.begin(), methods.end(), f.method) == methods.end())
        return false;
    if (!hosts.empty()) {
        const std::string_view host = without_port(f.authority);
        if (std::none_of(hosts.begin(), hosts.end(),
                         [&](const std::string& h) { return host_fits(h, host); }))
            return false;
    }
    if (!path.matches(f.path, parts)) return false;
    for (const Wanted& w : headers) {
        if (!w.fits(f.header(w.name))) return false;
    }
    return query.empty() || query_fits(query, f.query);
}

const Target& Rule::choose(uint64_t number) const {
    uint64_t total = 0;
    for (const Target& t : targets) total += t.weight;
    uint64_t at = total ? number % total : 0;
    for (const Target& t : targets) {
        if (at < t.weight) return t;
        at -= t.weight;
    }
    return targets.front();
}

const Rule* first_match(const std::vector<Rule>& rules, const Facts& f,
                        std::vector<std::string_view>& parts) {
    for (const Rule& r : rules) {
        if (r.matches(f, parts)) return &r;
    }
    return nullptr;
}

// FNV-1a, and a last mixing: its low bits alone follow the text too closely.
uint64_t number_of(std::string_view text) {
    uint64_t h = 14695981039346656037ULL;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdULL;
    return h ^ (h >> 33);
}

}  // namespace microhost::router
