// SPDX-License-Identifier: Apache-2.0
#include "assets.hpp"

namespace microhost::web {

std::span<const Asset> assets() { return {}; }

}  // namespace microhost::web
