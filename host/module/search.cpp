// SPDX-License-Identifier: Apache-2.0
#include "module/search.hpp"

#include <filesystem>

#include "json/nearest.hpp"

namespace microhost::module {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kSuffix = ".so";

std::vector<std::string> names_in(const std::vector<std::string>& folders) {
    std::vector<std::string> out;
    for (const std::string& folder : folders) {
        std::error_code ec;
        fs::directory_iterator it(folder, ec), end;
        for (size_t seen = 0; !ec && it != end && seen < 10'000; it.increment(ec), seen++) {
            const std::string name = it->path().filename().string();
            if (name.ends_with(kSuffix)) out.emplace_back(stem(name));
        }
    }
    return out;
}

std::string joined(const std::vector<std::string>& items) {
    std::string out;
    for (const std::string& s : items) out += (out.empty() ? "" : ", ") + s;
    return out;
}

/// A link that leads nowhere counts: opening it says what is wrong.
bool is_there(const std::string& path) {
    std::error_code ec;
    return fs::exists(fs::symlink_status(path, ec));
}

}  // namespace

std::string_view stem(std::string_view path) {
    if (const auto slash = path.rfind('/'); slash != std::string_view::npos)
        path.remove_prefix(slash + 1);
    if (path.ends_with(kSuffix)) path.remove_suffix(kSuffix.size());
    return path;
}

Result<std::string> find_module(std::string_view name,
                                const std::vector<std::string>& module_path) {
    if (name.empty()) return error("a module without a name; write --load NAME or --load PATH.so");
    if (name.find('/') != std::string_view::npos) {
        std::string path(name);
        if (!is_there(path)) return error("{}: no such file", path);
        return {boost::system::in_place_value, path};
    }
    const std::string_view wanted = stem(name);
    for (const std::string& folder : module_path) {
        std::string path =
            (fs::path(folder) / (std::string(wanted) + std::string(kSuffix))).string();
        if (is_there(path)) return {boost::system::in_place_value, path};
    }
    const auto known = names_in(module_path);
    const std::string nearest =
        json::did_you_mean(wanted, std::vector<std::string_view>(known.begin(), known.end()));
    if (module_path.empty())
        return error(
            "module \"{}\" not found: the module path is empty; set --module_path or write a path "
            "with a /",
            wanted);
    return error("module \"{}\" not found: no {}.so in {}{}", wanted, wanted, joined(module_path),
                 nearest.empty() ? "; set --module_path or write a path with a /" : nearest);
}

}  // namespace microhost::module
