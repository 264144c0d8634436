// SPDX-License-Identifier: Apache-2.0
#include "tool/module_commands.hpp"

#include <algorithm>
#include <set>

#include "command/words.hpp"
#include "module/plugin_dir.hpp"
#include "module/search.hpp"

namespace microhost::tool {

std::vector<ModuleCommand> module_commands(const std::vector<std::string>& module_path,
                                           std::vector<std::string>* damaged) {
    std::vector<ModuleCommand> out;
    std::set<std::string, std::less<>> seen;
    for (const std::string& folder : module_path)
        for (const std::string& path : module::PluginDir::files(folder)) {
            if (!seen.emplace(module::stem(path)).second) continue;
            const auto module = module::check_file(path);
            if (!module && damaged) damaged->push_back(module.error().what);
            if (!module) continue;
            for (const module::ManifestCommand& c : (*module)->manifest.commands)
                out.push_back({c.name, c.summary, *module});
        }
    std::ranges::stable_sort(out, {}, &ModuleCommand::name);
    return out;
}

std::vector<const ModuleCommand*> find_command(std::span<const ModuleCommand> all,
                                               std::span<const std::string> words) {
    std::vector<const ModuleCommand*> best;
    size_t used = 0;
    for (const ModuleCommand& c : all) {
        command::Definition d;
        d.name = c.name;
        const size_t n = command::matches(d, words);
        if (n == 0 || n < used) continue;
        if (n > used) best.clear();
        used = n;
        best.push_back(&c);
    }
    return best;
}

}  // namespace microhost::tool
