// SPDX-License-Identifier: Apache-2.0
#include "page_token.hpp"

#include <algorithm>

namespace microhost::web {

Fetch Fetch::of(const mh::request& r) {
    return {r.header(MH_H_SEC_FETCH_SITE), r.header(MH_H_SEC_FETCH_MODE),
            r.header("Sec-Fetch-Dest"), r.header(MH_H_ORIGIN)};
}

bool needs_token(const Fetch& f, const Asked& a) {
    if (!f.by_browser() && !a.cookie) return false;
    if (!a.reads) return true;
    // Somebody typed it: no script can make a window go somewhere so that this is said.
    if (f.to_window() && f.site == "none") return false;
    if (!a.page) return true;
    return f.by_browser() && !f.to_window();
}

bool may_tell_token(const Fetch& f, bool trusted) {
    if (f.site.empty()) return !trusted;
    return f.to_window();
}

// A worker controls the paths below its script's: one at "/NAME" all of the origin, one at "/NAME/x" those of the web service.
bool takes_over_origin(const mh::request& r, std::string_view base) {
    return !base.empty() && r.path() == base && !r.header("Service-Worker").empty();
}

std::string local_path(std::string_view next) {
    constexpr size_t kLongest = 2048;
    const bool plain = std::all_of(next.begin(), next.end(),
                                   [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
    const bool good =
        plain && next.size() <= kLongest && next.starts_with('/') && !next.starts_with("//");
    return good ? std::string(next) : "/";
}

}  // namespace microhost::web
