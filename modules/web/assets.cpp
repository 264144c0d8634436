// SPDX-License-Identifier: Apache-2.0
#include "assets.hpp"

#include <embedded.hpp>

namespace microhost::web {

std::span<const Asset> assets() { return kEmbedded; }

}  // namespace microhost::web
