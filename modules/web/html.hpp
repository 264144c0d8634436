// SPDX-License-Identifier: Apache-2.0
/// Pages that need no script: what a text browser, curl and a test read.
#pragma once

#include <string>
#include <string_view>

namespace microhost::web {

/// Text between tags and in quoted attributes.
std::string escaped(std::string_view text);

/// A whole page. `body` is HTML.
std::string page(std::string_view title, std::string_view body);

/// "<a href=...>text</a>"; `href` is a path of ours.
std::string link(std::string_view href, std::string_view text);

/// One element of a path, percent-encoded.
std::string path_element(std::string_view text);

}  // namespace microhost::web
