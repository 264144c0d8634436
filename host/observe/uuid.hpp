// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace microhost::observe {

/// A random one (RFC 9562, version 4), in lower case. Thread: any.
std::string random_uuid();

}  // namespace microhost::observe
