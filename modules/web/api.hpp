// SPDX-License-Identifier: Apache-2.0
/// What the page asks for, and curl may: GET /_/api/... (README.md has the shapes).
#pragma once

#include <microhost/request.hpp>

#include <string_view>

namespace microhost::web {

inline constexpr std::string_view kApiPrefix = "/_/api/";

/// Answers `path`, which begins with kApiPrefix. Whoever asks is a viewer already.
mh_status answer_api(mh::request r, std::string_view path);

}  // namespace microhost::web
