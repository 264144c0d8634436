// SPDX-License-Identifier: Apache-2.0
/// The files of the page that is built into the module; embed.py makes the table.
#pragma once

#include <span>
#include <string_view>

namespace microhost::web {

struct Asset {
    std::string_view path;  ///< "index.html", "app-5F3K.js"
    std::string_view mime;
    std::string_view etag;  ///< with its quotes
    std::string_view gzip;  ///< the content, compressed
};

/// Empty: the module was built without the page (web_ui=disabled, or no npm).
std::span<const Asset> assets();

}  // namespace microhost::web
