// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace microhost::shared {

/// A random one (RFC 9562, version 4), in lower case: for ids that must not meet, not for secrets. Thread: any.
std::string random_uuid();

}  // namespace microhost::shared
