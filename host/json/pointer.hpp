// SPDX-License-Identifier: Apache-2.0
/// The escapes of a JSON pointer's steps (RFC 6901 section 3): ~0 is ~, ~1 is /.
#pragma once

#include <string>
#include <string_view>

namespace microhost::json {

inline std::string pointer_escape(std::string_view step) {
    std::string out;
    for (char c : step) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out += c;
        }
    }
    return out;
}

/// A ~ that begins no escape stays as it is.
inline std::string pointer_unescape(std::string_view step) {
    std::string out;
    for (std::size_t i = 0; i < step.size(); ++i) {
        const char next = i + 1 < step.size() ? step[i + 1] : '\0';
        if (step[i] == '~' && (next == '0' || next == '1')) {
            out += next == '0' ? '~' : '/';
            ++i;
        } else {
            out += step[i];
        }
    }
    return out;
}

}  // namespace microhost::json
