// SPDX-License-Identifier: Apache-2.0
/// A short name for the bytes of a module's file.
#pragma once

#include <string>

#include "module/file.hpp"

namespace microhost::module {

/// 32 hexadecimal digits; the same for the same bytes everywhere. Tells builds apart, and is no proof against forgery.
/// Empty when the file cannot be read. Thread: any; it reads the whole file.
std::string fingerprint(const File& file);

}  // namespace microhost::module
