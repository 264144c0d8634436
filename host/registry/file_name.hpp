// SPDX-License-Identifier: Apache-2.0
/// The name of a node's file: its id, percent-encoded, and ".json".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace microhost::registry {

/// Letters, digits, "-", "_", "~" and "." stay; all else becomes %XX, and so does a leading dot: the
/// result has no '/', is not hidden and is not "..". May be longer than a file system allows (255).
std::string file_name_of(std::string_view node_id);

/// The id, or nothing for a name that no node file has (temporary ones, other endings).
std::optional<std::string> node_id_of(std::string_view file_name);

}  // namespace microhost::registry
