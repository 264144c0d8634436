// SPDX-License-Identifier: Apache-2.0
/// Answers of the proxy itself, in the form in which Micro's sidecar gave them.
#pragma once

#include <microhost/request.hpp>

#include <string_view>

#include "../shared/method.hpp"

namespace microhost::proxy {

using shared::refuse_method;

inline constexpr std::string_view kJsonType = "application/json";

/// One line of plain text, as Go's http.Error writes it.
void answer_text(mh::request r, unsigned status, std::string_view line);

/// 200 with nothing in it.
void answer_done(mh::request r);

/// Micro's error object.
void answer_error(mh::request r, unsigned status, std::string_view id, std::string_view detail);

}  // namespace microhost::proxy
