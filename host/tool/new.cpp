// SPDX-License-Identifier: Apache-2.0
#include "tool/new.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "json/nearest.hpp"
#include "module/manifest.hpp"
#include "tool/options.hpp"

namespace microhost::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = "@ID@";

std::string filled(std::string text, std::string_view id) {
    for (size_t at = 0; (at = text.find(kMark, at)) != text.npos; at += id.size())
        text.replace(at, kMark.size(), id);
    return text;
}

fs::path templates(const config::Surroundings& in) {
    return fs::path(in.program_dir).parent_path() / "share/microhost/template";
}

/// The languages of which there is a template, or an error.
Result<std::vector<std::string>> languages(const fs::path& folder) {
    std::vector<std::string> out;
    std::error_code ec;
    for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
        if (it->is_directory()) out.push_back(it->path().filename().string());
    if (out.empty())
        return error("no templates in {}; install microhost with its SDK", folder.string());
    std::ranges::sort(out);
    return out;
}

Result<> plant_file(const fs::path& from, const fs::path& to, std::string_view id) {
    std::ifstream in(from, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    std::ofstream out(to, std::ios::binary);
    out << filled(text, id);
    out.close();
    if (!in || !out) return error("{}: cannot be written", to.string());
    std::error_code ec;
    fs::permissions(to, fs::status(from, ec).permissions() | fs::perms::owner_write, ec);
    return {};
}

Result<> plant(const fs::path& from, const fs::path& to, std::string_view id) {
    std::error_code ec;
    if (!fs::create_directory(to, ec))
        return error("{}: cannot be made: {}", to.string(),
                     ec ? ec.message() : "it is there already");
    for (const auto& entry : fs::directory_iterator(from, ec)) {
        const fs::path target = to / filled(entry.path().filename().string(), id);
        const Result<> copied = entry.is_directory() ? plant(entry.path(), target, id)
                                                     : plant_file(entry.path(), target, id);
        if (!copied) return copied;
    }
    if (ec) return error("{}: {}", from.string(), ec.message());
    return {};
}

std::string next_steps(const fs::path& folder, const std::string& id) {
    return fmt::format(
        "{0}: a filter in a folder of its own, with a test. Next:\n"
        "  make -C {0}\n"
        "  make -C {0} check\n"
        "  microhost check --trial {0}/{1}.so\n",
        folder.string(), id);
}

}  // namespace

int new_plugin(const Arguments& arguments) {
    std::string kind, id, language = "c", dir;
    Options options(arguments, "microhost new plugin com.acme.tenant --lang cpp");
    options.word("KIND", kind, "what to make: plugin")
        .word("ID", id, "its id: letters a-z, digits and -, best behind your domain: com.acme.name")
        .value("--lang", language, "c|cpp|rust", "language [c]")
        .value("--dir", dir, "DIR", "the new folder [./ID]");
    if (auto status = options.parse()) return *status;
    if (kind != "plugin")
        return options.refuse(
            fmt::format("{} cannot be made, only a plugin", json::quote_short(kind)));
    if (!module::is_module_id(id))
        return options.refuse(
            fmt::format("{} is no id: letters a-z, digits and -, or a reverse domain like "
                        "com.acme.name, at most 64 long",
                        json::quote_short(id)));
    const fs::path from = templates(arguments.surroundings);
    const auto known = languages(from);
    if (!known) return no(known.error());
    if (std::ranges::find(*known, language) == known->end())
        return options.refuse(fmt::format("no template for --lang {}, only for {}",
                                          json::quote_short(language), fmt::join(*known, ", ")));
    const fs::path folder = dir.empty() ? fs::path(id) : fs::path(dir);
    std::error_code ec;
    if (fs::exists(fs::symlink_status(folder, ec)))
        return options.refuse(
            fmt::format("{} is there already; name another folder with --dir", folder.string()));
    if (auto ok = plant(from / language, folder, id); !ok) {
        fs::remove_all(folder, ec);
        return no(ok.error());
    }
    return print(next_steps(folder, id));
}

}  // namespace microhost::tool
