// SPDX-License-Identifier: Apache-2.0
/// Modules that have work of their own when nothing listens.
#pragma once

#include <algorithm>

#include "module/contribution.hpp"
#include "module/generation.hpp"

namespace microhost::module {

/// One of those that contribute says "background": true in its manifest: a chat bot needs no listener of this process.
inline bool works_unheard(const Published& all) {
    return std::any_of(all.begin(), all.end(), [](const Contribution& c) {
        return c.generation->manifest()
            .document.root()
            .find("background")
            .as_bool()
            .value_or(false);
    });
}

}  // namespace microhost::module
