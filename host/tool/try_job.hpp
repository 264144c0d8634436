// SPDX-License-Identifier: Apache-2.0
/// What `microhost try` is asked to do. The child gets the same words as its parent.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tool/verbs.hpp"

namespace microhost::tool {

constexpr const char* kTryVerb = "try-child";

struct TryJob {
    std::string file, path;
    std::string config = "{}";  ///< of the filter instance
    std::string method;         ///< empty: GET, or POST with a body
    std::vector<std::string> headers;
    std::string body;
    unsigned status = 200;  ///< what the handler behind the filter answers
    std::vector<std::string> response_headers;
    std::string response_body = "hello\n";
    unsigned repeat = 1;
    unsigned limit_ms = 4000;
    bool json = false;
};

/// Empty: go on. Else the exit status.
std::optional<int> read_job(const Arguments& arguments, TryJob& job);

}  // namespace microhost::tool
