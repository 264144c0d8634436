// SPDX-License-Identifier: Apache-2.0
/// Files that are their owner's business: read only when nobody else has a hand in them, written as a whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "result.hpp"

namespace microhost::tool {

enum class Privacy : uint8_t {
    mine,   ///< nobody else may have written it
    secret  ///< nobody else may read it either
};

/// Nothing: there is no such file. Refused: what is no file, belongs to somebody else than this user or root (root himself reads any), others may write
/// (or read), or is longer than 1 MiB. Errors name the file and what mends it.
Result<std::optional<std::string>> read_private(const std::string& path, Privacy privacy);

/// Replaces the file, with mode 0600 and the owner that it had; a symbolic link stays. Whoever reads meanwhile sees the old
/// content or the new one.
Result<> write_private(const std::string& path, std::string_view content);

}  // namespace microhost::tool
