// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include "module/loader.hpp"
#include "serve/offered.hpp"
#include "tool/judged.hpp"

namespace microhost::tool {
namespace {

namespace fs = std::filesystem;

/// The modules in a folder, by name; hidden and unfinished files ("x.so.tmp") are nobody's plugin.
std::vector<std::string> modules_in(const std::string& folder) {
    std::vector<std::string> out;
    std::error_code ec;
    for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
        const std::string name = it->path().filename().string();
        if (name.ends_with(".so") && !name.starts_with('.')) out.push_back(it->path().string());
    }
    std::ranges::sort(out);
    return out;
}

void warn_about(Judged& f) {
    const module::Elf& elf = f.module->elf;
    if (elf.exported.size() > 1)
        f.warnings.push_back(
            {"exports", fmt::format("exports {} symbols beside mh_module_entry, {} among them; "
                                    "link it with $(pkg-config --libs microhost)",
                                    elf.exported.size() - 1,
                                    elf.exported[elf.exported[0] == "mh_module_entry"])});
    if (elf.build_id.empty())
        f.warnings.push_back({"build id",
                              "has none, so debuggers cannot tell its versions apart; "
                              "link it with -Wl,--build-id"});
}

Judged judge(const std::string& path) {
    Judged f;
    f.path = path;
    auto module = module::check_file(path);
    if (!module) {
        f.refuse(module.error().what);
        return f;
    }
    f.module = *module;
    warn_about(f);
    return f;
}

Judged nothing_in(const std::string& folder) {
    Judged f;
    f.path = folder;
    f.refuse(fmt::format("{}: a folder without a module; put NAME.so into it", folder));
    return f;
}

std::vector<std::string> names_of_good(const std::vector<Judged>& files) {
    std::vector<std::string> out;
    for (const Judged& f : files)
        if (f.good()) out.push_back(f.path);
    return out;
}

/// Whom the sentence is about: it begins with the path. Null: with that of a module that they require.
Judged* blamed(std::vector<Judged>& files, std::string_view sentence) {
    for (Judged& f : files)
        if (f.good() && sentence.starts_with(f.path + ": ")) return &f;
    return nullptr;
}

}  // namespace

std::vector<Judged> judge_files(std::span<const std::string> paths) {
    std::vector<Judged> out;
    for (const std::string& path : paths) {
        std::error_code ec;
        if (!fs::is_directory(path, ec)) {
            out.push_back(judge(path));
            continue;
        }
        const auto inside = modules_in(path);
        for (const std::string& file : inside) out.push_back(judge(file));
        if (inside.empty()) out.push_back(nothing_in(path));
    }
    return out;
}

// The loader plans all of them, as it would at a start. Whom it refuses is taken out until it refuses nobody.
void judge_together(std::vector<Judged>& files, const std::vector<std::string>& module_path) {
    std::vector<std::string> folders;
    for (const Judged& f : files) {
        std::string folder = fs::path(f.path).parent_path().string();
        if (folder.empty()) folder = ".";
        if (std::ranges::find(folders, folder) == folders.end())
            folders.push_back(std::move(folder));
    }
    folders.insert(folders.end(), module_path.begin(), module_path.end());
    const module::Loader loader(folders, serve::offered_interfaces());
    // A name without a slash would be looked up in the module path.
    auto plan = [&](std::vector<std::string> names) {
        for (std::string& n : names)
            if (n.find('/') == n.npos) n.insert(0, "./");
        return loader.plan(names);
    };
    for (;;) {
        const auto names = names_of_good(files);
        const auto together = plan(names);
        if (together) return;
        std::string why = together.error().what;
        if (why.starts_with("./") && !blamed(files, why)) why.erase(0, 2);
        Judged* guilty = blamed(files, why);
        for (Judged& f : files)
            if (!guilty && f.good() && !plan({f.path})) guilty = &f;
        if (!guilty) guilty = &*std::ranges::find_if(files, &Judged::good);
        const bool own = why.starts_with(guilty->path + ": ");
        guilty->refuse(own ? why : fmt::format("{}: {}", guilty->path, why));
    }
}

void judge_trials(std::vector<Judged>& files, const module::TrialOptions& options) {
    for (Judged& f : files) {
        if (!f.good()) continue;
        auto trial = module::try_module(f.path, options);
        if (!trial) {
            f.refuse(trial.error().what);
            continue;
        }
        f.trial = std::move(*trial);
        f.refuse(f.trial->reason);
        f.warnings.insert(f.warnings.end(), f.trial->findings.begin(), f.trial->findings.end());
        if (!f.trial->untried.empty())
            f.warnings.push_back(
                {"untried", fmt::format("only its constructors were run: {}; give it a "
                                        "configuration with --config",
                                        f.trial->untried)});
    }
}

}  // namespace microhost::tool
