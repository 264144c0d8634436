// SPDX-License-Identifier: Apache-2.0
#include "tool/completion.hpp"

#include <charconv>
#include <map>
#include <optional>

#include "command/complete.hpp"
#include "command/words.hpp"
#include "tool/command_line.hpp"
#include "tool/here.hpp"
#include "tool/module_commands.hpp"
#include "tool/options.hpp"
#include "tool/remote.hpp"
#include "tool/settings.hpp"

namespace microhost::tool {
namespace {

constexpr std::string_view kBash = R"(# microhost: source <(microhost completion bash)
_microhost() {
    local IFS=$'\n'
    COMPREPLY=($("${COMP_WORDS[0]}" __complete "$COMP_LINE" "$COMP_POINT" 2>/dev/null))
}
complete -o default -F _microhost microhost
)";

constexpr std::string_view kZsh = R"(#compdef microhost
# microhost: source <(microhost completion zsh)
_microhost() {
    local -a found
    local line="${(j: :)words[1,CURRENT]}"
    found=("${(@f)$("${words[1]}" __complete "$line" "${#line}" 2>/dev/null)}")
    [[ -n "$found" ]] && compadd -- "${found[@]}" || _files
}
compdef _microhost microhost
)";

using Candidates = std::map<std::string, std::string, std::less<>>;

/// The word of `name` behind `words`, where it begins so.
std::optional<std::string> next_word(std::string_view name, std::span<const std::string> words) {
    for (const std::string& w : words) {
        if (!name.starts_with(w + " ")) return std::nullopt;
        name.remove_prefix(w.size() + 1);
    }
    return std::string(name.substr(0, name.find(' ')));
}

/// What stands before the cursor, cut up.
struct TypedLine {
    config::Scan scan;   ///< of the words that are whole
    std::string prefix;  ///< of the one that is not
    Words words() const {
        Words out;
        if (!scan.verb.empty()) out.push_back(scan.verb);
        out.insert(out.end(), scan.args.begin(), scan.args.end());
        return out;
    }
};

std::optional<TypedLine> read_line(std::string_view before) {
    auto words = command::split(before);
    if (!words || words->empty()) return std::nullopt;
    TypedLine out;
    const char last = before.back();
    if (last != ' ' && last != '\t') {
        out.prefix = words->back();
        words->pop_back();
    }
    if (words->empty()) return std::nullopt;  // the program's own name
    auto scan = config::scan(std::span(*words).subspan(1));
    if (!scan) return std::nullopt;
    out.scan = std::move(*scan);
    return out;
}

}  // namespace

std::string shell_quoted(const std::string& word) {
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

int completion(const Arguments& arguments) {
    std::string shell;
    Options options(arguments, "source <(microhost completion bash)");
    options.word("SHELL", shell, "bash or zsh");
    if (auto status = options.parse()) return *status;
    if (shell == "bash") return print(kBash);
    if (shell == "zsh") return print(kZsh);
    return options.refuse(shell + " is neither bash nor zsh");
}

int complete_line(const Arguments& arguments) {
    const Words& given = arguments.scan.args;
    if (given.size() != 2) return 0;
    size_t cursor = 0;
    std::from_chars(given[1].data(), given[1].data() + given[1].size(), cursor);
    auto typed = read_line(std::string_view(given[0]).substr(0, cursor));
    if (!typed) return 0;
    // What there is in a remote environment is not asked for: a key must not wait for a network.
    RemoteFlags flags;
    if (!flags.take(typed->scan.flags)) return 0;
    const auto remote = find_remote(flags, arguments.surroundings);
    const bool local = remote && !*remote;
    const Arguments then{arguments.verb, typed->scan, arguments.surroundings};
    const auto early = settings(then);
    if (!early) return 0;
    const Words words = typed->words();
    Candidates found;
    const auto add = [&](std::string_view name, std::string_view summary) {
        const auto next = next_word(name, words);
        if (next && next->starts_with(typed->prefix)) found.emplace(*next, summary);
    };
    for (const Verb& v : verbs())
        if (!v.summary.empty()) add(v.name, v.summary);
    const std::vector<ModuleCommand> all = module_commands(early->host.module_path);
    for (const ModuleCommand& c : all) add(c.name, c.summary);
    std::string line;
    for (const std::string& w : words) line += shell_quoted(w) + " ";
    if (!typed->prefix.empty()) line += shell_quoted(typed->prefix);
    if (const auto command = find_command(all, words); local && command.size() == 1)
        complete_here(
            then, *early, command[0]->module, line,
            [&](std::string_view word, std::string_view summary) { found.emplace(word, summary); });
    std::string out;
    for (const auto& [word, summary] : found) out += word + "\n";
    return print(out);
}

}  // namespace microhost::tool
