// SPDX-License-Identifier: Apache-2.0
/// To which requests a rule applies, and where it sends them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "path_rule.hpp"
#include "target.hpp"

namespace microhost::router {

/// A field or a parameter that must be there; "*" is any value.
struct Wanted {
    std::string name, value;
    bool fits(std::string_view is) const { return value == "*" ? !is.empty() : is == value; }
};

/// What a rule looks at. `header` answers the first field of a name, empty for none.
struct Facts {
    std::string_view method, authority, path, query;
    std::function<std::string_view(std::string_view name)> header;
};

struct Rule {
    std::string name;  ///< label of logs and metrics
    std::vector<std::string> methods;
    std::vector<std::string> hosts;  ///< without port; "*.example.com" is every subdomain
    PathRule path;
    std::vector<Wanted> headers, query;
    std::vector<Target> targets;  ///< one or more
    std::string by;  ///< of several: what decides, "client-ip" or "header:NAME"; empty: chance

    /// Everything that is given must fit. `parts` are those of the path then.
    bool matches(const Facts& f, std::vector<std::string_view>& parts) const;

    /// Where to, of several by their weights: the same number goes to the same one.
    const Target& choose(uint64_t number) const;
};

/// The first that matches, or null.
const Rule* first_match(const std::vector<Rule>& rules, const Facts& f,
                        std::vector<std::string_view>& parts);

/// The same text gives the same number, on every loop and after a restart.
uint64_t number_of(std::string_view text);

}  // namespace microhost::router
