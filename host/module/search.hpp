// SPDX-License-Identifier: Apache-2.0
/// Finds a module's file by name in the module path. Nothing is scanned, except to say what else lies there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "result.hpp"

namespace microhost::module {

/// "stamp" and "stamp.so" are looked up in the folders, in order; a name with a "/" is a path. The error lists where it looked
/// and the nearest name. Thread: any, it blocks on the disk.
Result<std::string> find_module(std::string_view name, const std::vector<std::string>& module_path);

/// "/a/b/stamp.so" -> "stamp".
std::string_view stem(std::string_view path);

}  // namespace microhost::module
