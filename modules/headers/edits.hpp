// SPDX-License-Identifier: Apache-2.0
/// What is done to the fields of a request or response: groups of edits, those of responses with the statuses they are for.
#pragma once

#include <microhost/json.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "../shared/text_template.hpp"

namespace microhost::headers {

/// What a value can name: "${client_ip}".
enum Variable : int { client_ip, request_id, host, method, path, scheme, principal };

enum class Op : uint8_t { remove, set, add, fallback };

struct Edit {
    Op op;
    std::string name;
    shared::TextTemplate value;
};

/// Statuses that a group is for.
struct StatusRange {
    unsigned from, to;
    /// "404" or "4xx". False for other text.
    static bool parse(std::string_view text, StatusRange& out);
};

struct Group {
    std::vector<StatusRange> statuses;  ///< empty: all
    std::vector<Edit> edits;  ///< removals first, then what is set, added, and the defaults

    bool fits(unsigned status) const;
};

/// The groups of an option whose shape its schema has checked. Throws mh::failure, with `pointer` as the option's place.
std::vector<Group> parse_groups(mh::json_value list, const std::string& pointer, bool response);

/// Whether an edit of this field is refused: no name, or one that belongs to the connection.
bool untouchable(std::string_view name, bool response);

}  // namespace microhost::headers
