// SPDX-License-Identifier: Apache-2.0
// A request target from any bytes: in normal form or refused; normalising again changes nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/path.hpp"

using namespace microhost::http;

namespace {

void require(bool good) {
    if (!good) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string target(reinterpret_cast<const char*>(bytes), size);
    std::string out(size * 3, '\0');
    PathParts parts;
    if (normalise_target(target, out.data(), out.size(), parts)) return 0;
    const std::string path(parts.path);
    for (const std::string_view never : {"//", "/../", "/./", "\\", "#", " "})
        require(path.find(never) == std::string::npos);
    require(path == "*" || path.front() == '/');
    require(!path.ends_with("/..") && !path.ends_with("/."));
    for (const char c : path) require(c > 0x20 && c < 0x7f);

    std::string once = path;
    if (parts.has_query) once.append("?").append(parts.query);
    std::string space(once.size() * 3, '\0');
    PathParts again;
    require(!normalise_target(once, space.data(), space.size(), again));
    require(again.path == path && again.has_query == parts.has_query);
    require(again.query == std::string_view(once).substr(once.size() - again.query.size()));
    return 0;
}
