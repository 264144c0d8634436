// SPDX-License-Identifier: Apache-2.0
/// The host's commands over HTTP, as over the control socket: GET PREFIX lists them, POST PREFIX/NAME runs one and answers with a line of
/// JSON for each piece of its output.
#pragma once

#include <microhost/request.hpp>

#include <string_view>

#include "access.hpp"

namespace microhost::shared {

struct CommandPage {
    std::string_view prefix;  ///< "/v1/commands"
    std::string_view name;    ///< of the module in error objects
    uint32_t surface;         ///< MH_SURFACE_*
    bool needs_credential;    ///< to come from this machine is not enough
};

/// Whether the path is the page's.
bool is_command(const CommandPage& page, std::string_view path);

/// Answers it. What runs ends with the request; free_ongoing() in on_done frees it.
mh_status answer_command(const CommandPage& page, mh::request r, const Asker& who,
                         std::string_view path);

}  // namespace microhost::shared
