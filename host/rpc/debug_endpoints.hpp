// SPDX-License-Identifier: Apache-2.0
/// Debug.Health and Debug.Stats, which every service of Micro answers, for services of this process that do not.
#pragma once

#include <string>
#include <string_view>

namespace microhost::rpc {

/// False when it is neither of the two. `out` gets the reply in that content type (protobuf, else JSON).
bool answer_debug(std::string_view endpoint, std::string_view content_type, std::string& out);

}  // namespace microhost::rpc
