// SPDX-License-Identifier: Apache-2.0
/// The chat networks that this module has.
#pragma once

#include <microhost/config.h>

#include <memory>
#include <string_view>

#include "../input.hpp"

namespace microhost::bot {

/// Of the module's config. Throws mh::failure when there is no input of that name, or its options cannot work.
std::unique_ptr<Input> make_input(std::string_view name, const mh_config* config, Ears& ears);

}  // namespace microhost::bot
