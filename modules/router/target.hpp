// SPDX-License-Identifier: Apache-2.0
/// Where a rule sends a request: to a service, to a URL, to another path, or back with an answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../shared/text_template.hpp"

namespace microhost::router {

struct Target {
    enum class Kind : uint8_t { forward, call, answer, redirect, rewrite };
    Kind kind = Kind::answer;
    uint64_t weight = 1;

    std::string service, version, endpoint;  ///< forward, call
    std::string address;                     ///< forward: of a URL
    std::string base;                        ///< forward: path of a URL, without a "/" at its end
    bool tls = false;
    bool keep_host = false;
    bool has_path = false;
    shared::TextTemplate text;  ///< the new path, or where a redirect leads

    uint32_t status = 200;  ///< answer, redirect
    std::string content_type, body;
    std::vector<std::pair<std::string, std::string>> headers;
};

/// What a template of a target can name beside the parts of the rule's path, whose numbers begin at kFirstPart.
enum Named : int { kPath, kQuery, kHost, kFirstPart };

/// The number of a variable; -1 for none.
int named(std::string_view name, const std::vector<std::string>& parts);

/// "http://host:port/base", "https://host", "unix:/path": fills address, base, tls. False for other text.
bool parse_url(std::string_view url, Target& out);

/// What such a number stands for.
struct Values {
    std::string_view path, query, host;
    const std::vector<std::string_view>* parts;
    std::string_view operator()(int id) const;
};

/// The filled template, fit for a request line or a Location: no backslash, which browsers take for a slash.
std::string expanded(const Target& t, const Values& v);

}  // namespace microhost::router
