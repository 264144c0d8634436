// SPDX-License-Identifier: Apache-2.0
#include "command/complete.hpp"

#include <map>

#include "command/words.hpp"
#include "module/generation.hpp"

namespace microhost::command {
namespace {

/// Sorted, each word once.
using Candidates = std::map<std::string, std::string, std::less<>>;

/// The next words of names that begin with `words`.
void add_names(Candidates& out, const Table& table, const mh_principal* p, uint32_t surface,
               std::span<const std::string> words, std::string_view prefix) {
    std::string begin;
    for (const std::string& w : words) begin += w + " ";
    const EntriesPtr all = table.entries();
    for (const EntryPtr& e : *all) {
        const Definition& d = e->definition;
        if (!d.name.starts_with(begin) || !(d.surfaces & surface) || !allows(p, d.role)) continue;
        std::string next = d.name.substr(begin.size());
        const size_t space = next.find(' ');
        if (!next.starts_with(prefix)) continue;
        const bool last = space == next.npos;
        out.emplace(next.substr(0, space), last ? d.summary : std::string{});
    }
}

void add_values(Candidates& out, const Table& table, const Entry& entry, const Argument& a,
                std::string_view prefix) {
    auto add = [&](std::string_view word, std::string_view summary) {
        if (word.starts_with(prefix)) out.emplace(word, summary);
    };
    for (std::string_view choice : a.fixed_choices()) add(choice, {});
    if (a.type == MH_TYPE_BOOL)
        for (const char* word : {"true", "false"}) add(word, {});
    if (a.choices.starts_with('@') && table.known)
        for (const auto& [word, summary] : table.known(std::string_view(a.choices).substr(1)))
            add(word, summary);
    const mh_command_provider* p = entry.provider;
    if (!MH_FIELD_OK(p, complete)) return;
    auto candidate = [](void* to, mh_str word, mh_str summary) {
        static_cast<Candidates*>(to)->emplace(module::view(word), module::view(summary));
    };
    module::guarded(entry.generation->side(), "command.complete", [&] {
        p->complete(p->user, module::lend(a.name), module::lend(prefix), candidate, &out);
    });
}

/// The argument whose value stands at the end of `words`, or null: a flag may begin there.
const Argument* argument_at(const Definition& d, std::span<const std::string> words) {
    if (!words.empty() && words.back().starts_with("--")) {
        const Argument* flag = d.find(std::string_view(words.back()).substr(2));
        if (flag && flag->type != MH_TYPE_BOOL) return flag;
    }
    auto given = read_words(d, words);
    for (const Argument& a : d.args) {
        if (!a.positional()) continue;
        bool taken = false;
        if (given)
            for (const auto& [name, text] : *given) taken |= same_name(name, a.name);
        if (!taken || a.repeated()) return &a;
    }
    return nullptr;
}

void add_arguments(Candidates& out, const Table& table, const Entry& entry,
                   std::span<const std::string> words, std::string_view prefix) {
    const Definition& d = entry.definition;
    if (!prefix.starts_with("--")) {
        if (const Argument* a = argument_at(d, words)) add_values(out, table, entry, *a, prefix);
        return;
    }
    for (const Argument& a : d.args)
        if (const std::string flag = "--" + a.name; !a.positional() && flag.starts_with(prefix))
            out.emplace(flag, a.summary);
}

}  // namespace

void complete(const Table& table, const mh_principal* p, uint32_t surface, std::string_view line,
              size_t cursor, const std::function<void(std::string_view, std::string_view)>& fn) {
    const std::string_view before = line.substr(0, cursor);
    auto words = split(before);
    if (!words) return;  // within a quote: nothing that we know
    std::string prefix;
    if (!before.empty() && before.back() != ' ' && !words->empty()) {
        prefix = std::move(words->back());
        words->pop_back();
    }
    Candidates found;
    add_names(found, table, p, surface, *words, prefix);
    size_t used = 0;
    Refusal ignored;
    const EntryPtr entry = table.match(*words, surface, used, ignored);
    if (entry && allows(p, entry->definition.role))
        add_arguments(found, table, *entry, std::span(*words).subspan(used), prefix);
    for (const auto& [word, summary] : found) fn(word, summary);
}

}  // namespace microhost::command
