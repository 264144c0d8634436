// SPDX-License-Identifier: Apache-2.0
/// Which domain is written from which level on: "info,host/http=debug".
#pragma once

#include "observe/record.hpp"
#include "result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace microhost::log {

struct Levels {
    Level standard = Level::info;
    std::vector<std::pair<std::string, Level>> exceptions;

    static Result<Levels> parse(std::string_view text);
    /// The longest exception that names the domain or a parent of it ("host" for "host/http")
    /// decides.
    Level of(std::string_view domain) const;
};

}  // namespace microhost::log
