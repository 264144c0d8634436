// SPDX-License-Identifier: Apache-2.0
#include "tool/build.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "module/check.hpp"

namespace microhost::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 14> kSources{".c",   ".h",    ".cc",      ".cpp",    ".hpp",
                                                    ".rs",  ".go",   ".toml",    ".build",  ".mk",
                                                    ".map", ".json", "Makefile", "makefile"};

bool has(const std::string& folder, const char* name) {
    return fs::exists(fs::path(folder) / name);
}

std::string shell_word(std::string_view word) {
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

/// Where cargo and meson leave what they build is one of these, or below.
constexpr std::array<std::string_view, 3> kOutputs{"", "build", "target/release"};

bool has_suffix(const fs::path& folder, std::string_view suffix) {
    std::error_code ec;
    for (const auto& e : fs::directory_iterator(folder, ec))
        if (e.path().extension() == suffix) return true;
    return false;
}

/// The one line of docs/plugins.md.
std::string compiler_command(const char* compiler, const char* sources, const std::string& folder) {
    fs::path whole = fs::absolute(folder).lexically_normal();
    if (whole.filename().empty()) whole = whole.parent_path();  // of "stamp/"
    return fmt::format(
        "{} -O2 -g $(pkg-config --cflags microhost) {} $(pkg-config --libs microhost) -o {}.so",
        compiler, sources, shell_word(whole.filename().string()));
}

}  // namespace

Result<std::string> build_command(const std::string& folder) {
    std::error_code ec;
    if (!fs::is_directory(folder, ec)) return error("{}: no such folder", folder);
    std::string command;
    if (has(folder, "Makefile") || has(folder, "makefile"))
        command = "make";
    else if (has(folder, "meson.build"))
        command = "{ [ -d build ] || meson setup build; } && ninja -C build";
    else if (has(folder, "Cargo.toml"))
        command = "cargo build --release";
    else if (has_suffix(folder, ".cpp"))
        command = compiler_command("c++ -std=c++20", "*.cpp", folder);
    else if (has_suffix(folder, ".c"))
        command = compiler_command("cc -std=c11", "*.c", folder);
    else
        return error("{}: no Makefile, meson.build, Cargo.toml, *.cpp or *.c in it", folder);
    return {boost::system::in_place_value, command};
}

int run_build(const std::string& folder, const std::string& command) {
    const int status =
        std::system(fmt::format("cd {} && {{ {}\n}}", shell_word(folder), command).c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<std::string> built_module(const std::string& folder) {
    fs::path newest;
    fs::file_time_type when{};
    for (const std::string_view output : kOutputs) {
        std::error_code ec;
        for (const auto& e : fs::directory_iterator(fs::path(folder) / output, ec)) {
            if (e.path().extension() != ".so" || !e.is_regular_file(ec)) continue;
            if (newest.empty() || e.last_write_time(ec) > when) {
                newest = e.path();
                when = e.last_write_time(ec);
            }
        }
    }
    if (newest.empty()) return error("{}: the build has left no NAME.so in it", folder);
    const std::string path = fs::absolute(newest).lexically_normal().string();
    if (auto verdict = module::check_file(path); !verdict) return verdict.error();
    return {boost::system::in_place_value, path};
}

bool is_source(const std::string& name) {
    return !name.starts_with('.') && std::ranges::any_of(kSources, [&](std::string_view s) {
        return s.starts_with('.') ? name.ends_with(s) : name == s;
    });
}

bool holds_sources(const std::string& name) {
    return !name.starts_with('.') && !name.starts_with("build") && name != "target";
}

}  // namespace microhost::tool
