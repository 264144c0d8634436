// SPDX-License-Identifier: Apache-2.0
#include "cors_origins.hpp"

#include <algorithm>

#include "text.hpp"

namespace microhost::shared {
namespace {

constexpr std::string_view kSeparator = "://";

bool is_host_char(char c) {
    return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == ':' || c == '[' || c == ']';
}

bool is_host(std::string_view host) {
    return !host.empty() && std::all_of(host.begin(), host.end(), is_host_char);
}

}  // namespace

bool CorsOrigins::add(std::string_view text) {
    if (text == "*") return any_ = true;
    if (text != "null") {
        const size_t at = text.find(kSeparator);
        if (at == 0 || at == text.npos) return false;
        const std::string_view host = text.substr(at + kSeparator.size());
        if (host.starts_with("*.")) {
            if (!is_host(host.substr(2))) return false;
            below_.push_back(
                {std::string(text.substr(0, at + kSeparator.size())), std::string(host.substr(1))});
            return true;
        }
        if (!is_host(host)) return false;
    }
    exact_.emplace_back(text);
    return true;
}

bool CorsOrigins::lists(std::string_view origin) const {
    if (std::find(exact_.begin(), exact_.end(), origin) != exact_.end()) return true;
    return std::any_of(below_.begin(), below_.end(), [&](const Below& b) {
        if (!origin.starts_with(b.scheme) || !origin.ends_with(b.suffix)) return false;
        if (origin.size() <= b.scheme.size() + b.suffix.size()) return false;
        const std::string_view label =
            origin.substr(b.scheme.size(), origin.size() - b.scheme.size() - b.suffix.size());
        return std::all_of(label.begin(), label.end(),
                           [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; });
    });
}

}  // namespace microhost::shared
