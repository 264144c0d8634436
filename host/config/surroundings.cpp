// SPDX-License-Identifier: Apache-2.0
#include "config/surroundings.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "json/nearest.hpp"

extern char** environ;

namespace microhost::config {
namespace {

constexpr std::size_t kLargestFile = 1024 * 1024;

/// An XDG folder for this program, or the one below the home directory that stands for it.
std::string user_folder(const Surroundings& in, std::string_view variable,
                        std::string_view below_home) {
    if (const auto xdg = in.variable(variable); xdg.starts_with('/'))
        return std::string(xdg) + "/microhost";
    const auto home = in.variable("HOME");
    if (home.empty()) return {};
    return fmt::format("{}/{}/microhost", home, below_home);
}

Folder runtime_folder(const Surroundings& in) {
    if (const auto xdg = in.variable("XDG_RUNTIME_DIR"); xdg.starts_with('/'))
        return {std::string(xdg) + "/microhost", {Source::environment, "XDG_RUNTIME_DIR", 0}};
    if (in.root()) return {"/run/microhost", {}};
    return {fmt::format("{}/microhost-{}", in.temp_dir, in.uid), {}};
}

/// A service manager may name several folders, separated by colons; the first is ours.
Folder state_folder(const Surroundings& in) {
    const auto given = in.variable("STATE_DIRECTORY");
    if (given.starts_with('/'))
        return {std::string(given.substr(0, given.find(':'))),
                {Source::environment, "STATE_DIRECTORY", 0}};
    if (const auto xdg = in.variable("XDG_STATE_HOME"); xdg.starts_with('/'))
        return {std::string(xdg) + "/microhost", {Source::environment, "XDG_STATE_HOME", 0}};
    if (in.root()) return {"/var/lib/microhost", {}};
    if (const auto home = in.variable("HOME"); home.starts_with('/'))
        return {std::string(home) + "/.local/state/microhost", {}};
    return {fmt::format("{}/microhost-{}/state", in.temp_dir, in.uid), {}};
}

/// Empty when there is no such file; other failures are errors.
Result<std::optional<std::string>> contents(const std::string& path) {
    std::error_code wrong;
    const auto status = std::filesystem::status(path, wrong);
    if (status.type() == std::filesystem::file_type::not_found) return std::optional<std::string>{};
    if (wrong) return error("{}: {}", path, wrong.message());
    if (std::filesystem::is_directory(status)) return error("{}: is a directory, not a file", path);
    std::ifstream in(path, std::ios::binary);
    if (!in) return error("{}: {}", path, std::strerror(errno));
    std::string text;
    char piece[16 * 1024];
    while (text.size() <= kLargestFile && in.read(piece, sizeof piece).gcount() > 0)
        text.append(piece, static_cast<std::size_t>(in.gcount()));
    if (in.bad()) return error("{}: cannot be read", path);
    return std::optional{std::move(text)};
}

Folder plugin_folder(const Surroundings& in) {
    if (in.root()) return {"/etc/microhost/plugins", {}};
    const std::string user = user_config_folder(in);
    return {user.empty() ? "" : user + "/plugins", {}};
}

}  // namespace

Surroundings Surroundings::here() {
    Surroundings out;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (equals == text.npos) continue;
        out.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    out.uid = geteuid();
    std::error_code ignored;
    out.program_dir =
        std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path().string();
    if (const auto temp = out.variable("TMPDIR"); temp.starts_with('/')) out.temp_dir = temp;
    return out;
}

std::string_view Surroundings::variable(std::string_view name) const {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string_view{} : found->second;
}

Folder default_folder(std::string_view key, const Surroundings& in) {
    if (key == "plugin_dir") return plugin_folder(in);
    if (key == "runtime_dir") return runtime_folder(in);
    if (key == "state_dir") return state_folder(in);
    const auto beside = std::filesystem::path(in.program_dir) / ".." / "lib" / "microhost";
    return {in.program_dir.empty() ? "" : beside.lexically_normal().string(), {}};
}

std::string user_config_folder(const Surroundings& in) {
    return user_folder(in, "XDG_CONFIG_HOME", ".config");
}

Result<File> parse_file(std::string path, std::string_view text) {
    json::Options options;
    options.comments = options.lines = true;
    options.nul = false;  // values become C strings
    options.max_bytes = kLargestFile;
    auto document = json::Document::parse(text, options);
    if (!document) return error("{}:{}", path, document.error().what);
    if (!document->root().is_object())
        return error("{}: the configuration must be an object, but is {}", path,
                     json::name(document->root().kind()));
    return File{std::move(path), std::move(*document)};
}

Result<File> read_file(std::string_view flag, const Surroundings& in) {
    std::string named(!flag.empty() ? flag : in.variable("MICROHOST_CONFIG"));
    if (!named.empty()) {
        auto text = contents(named);
        if (!text) return text.error();
        if (*text) return parse_file(std::move(named), **text);
        return error("{}: no such file, but {} names it", named,
                     flag.empty() ? "MICROHOST_CONFIG" : "--config");
    }
    const std::string user = user_config_folder(in);
    for (const std::string& folder : {user, std::string("/etc/microhost")}) {
        if (folder.empty()) continue;
        std::string path = folder + "/microhost.json";
        auto text = contents(path);
        if (!text) return text.error();
        if (*text) return parse_file(std::move(path), **text);
    }
    return File{"", *json::Document::parse("{}")};
}

}  // namespace microhost::config
