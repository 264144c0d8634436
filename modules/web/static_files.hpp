// SPDX-License-Identifier: Apache-2.0
/// The page and its files: GET /_/ui/NAME.
#pragma once

#include <microhost/request.hpp>

#include <string_view>

#include "settings.hpp"

namespace microhost::web {

inline constexpr std::string_view kFilesPrefix = "/_/ui/";

/// Whether there is a page: built in, or in a folder for who works on it.
bool has_page(const Settings& s);
/// Whether a browser that opens `path` gets the page, which shows it; else the plain pages answer.
bool wants_page(const mh::request& r, std::string_view path);

mh_status answer_the_page(mh::request r, const Settings& s);
/// `path` begins with kFilesPrefix.
mh_status answer_file(mh::request r, const Settings& s, std::string_view path);

}  // namespace microhost::web
