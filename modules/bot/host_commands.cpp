// SPDX-License-Identifier: Apache-2.0
#include "host_commands.hpp"

#include <microhost/host.hpp>

#include <algorithm>

#include "../shared/text.hpp"
#include "table.hpp"

namespace microhost::bot {
namespace {

std::string text(const char* s) { return s ? s : ""; }

HostCommand copy_of(const mh_command_info& i) {
    HostCommand out{text(i.name), text(i.summary), text(i.help), text(i.examples), {}, {}};
    out.needs = i.role ? shared::role_of(i.role) : shared::Role::nobody;
    // A role that we do not know is not one that anybody has.
    if (i.role && *i.role && out.needs == shared::Role::nobody) out.needs = shared::Role::admin;
    const auto* at = reinterpret_cast<const char*>(i.args);
    for (uint32_t k = 0; k < i.n_args; ++k, at += i.stride) {
        const auto& a = *reinterpret_cast<const mh_command_arg*>(at);
        out.args.push_back(
            {text(a.name), text(a.summary), text(a.value), text(a.choices), a.type, a.flags});
    }
    return out;
}

/// "-" and "_" are the same.
bool same_name(std::string_view a, std::string_view b) {
    const auto plain = [](char c) { return c == '_' ? '-' : c; };
    return std::ranges::equal(a, b, {}, plain, plain);
}

const HostArgument* find_flag(const HostCommand& c, std::string_view name) {
    const auto at =
        std::ranges::find_if(c.args, [&](const auto& a) { return same_name(a.name, name); });
    return at == c.args.end() ? nullptr : &*at;
}

/// The argument that the word at this place belongs to.
const HostArgument* at_place(const HostCommand& c, size_t place) {
    const HostArgument* last = nullptr;
    for (const HostArgument& a : c.args) {
        if (!a.positional()) continue;
        last = &a;
        if (place-- == 0 || (a.flags & MH_ARG_REPEATED)) return last;
    }
    return nullptr;
}

}  // namespace

std::string HostCommand::usage() const {
    std::string out = name;
    for (const HostArgument& a : args) {
        if (!a.positional()) continue;
        std::string word = a.name;
        std::ranges::transform(word, word.begin(), shared::upper);
        if (a.flags & MH_ARG_REPEATED) word += "...";
        out += a.flags & MH_ARG_REQUIRED ? " " + word : " [" + word + "]";
    }
    return out;
}

SecretArguments HostCommand::secrets() const {
    return {[this](std::string_view flag) {
                const HostArgument* a = find_flag(*this, flag);
                return a && (a->flags & MH_ARG_SECRET);
            },
            [this](size_t place) {
                const HostArgument* a = at_place(*this, place);
                return a && (a->flags & MH_ARG_SECRET);
            },
            [this](std::string_view flag) {
                const HostArgument* a = find_flag(*this, flag);
                return !a || a->type != MH_TYPE_BOOL;
            }};
}

std::string HostCommand::details() const {
    std::string out;
    if (!help.empty()) out += help + "\n";
    for (const HostArgument& a : args) {
        std::string shown = a.name;
        if (a.positional())
            std::ranges::transform(shown, shown.begin(), shared::upper);
        else
            shown = "--" + shown;
        out += "\t" + shown + "\t" + a.summary;
        if (!a.choices.empty() && a.choices[0] != '@') out += " (" + a.choices + ")";
        if (!a.value.empty()) out += "; " + a.value + " without";
        out += "\n";
    }
    if (!examples.empty()) out += "such as:\n";
    shared::for_each_item(examples, '\n', [&](std::string_view line) {
        for (const std::string_view own : {"microhost ", "micro "})
            if (line.starts_with(own)) line.remove_prefix(own.size());
        out += "\t" + std::string(line) + "\n";
    });
    if (needs != shared::Role::nobody)
        out += "needs the role " + std::string(shared::name_of(needs)) + "\n";
    return out;
}

std::vector<HostCommand> host_commands() {
    static constexpr char kAdmin[] = "admin";
    const mh_str role = mh::lend(kAdmin);
    mh_principal everybody{};
    everybody.size = sizeof everybody;
    everybody.roles = &role;
    everybody.n_roles = 1;
    std::vector<HostCommand> out;
    mh::use<mh_command>().each(
        mh::the_host, &everybody, MH_SURFACE_CHAT,
        [](void* user, const mh_command_info* i) {
            mh::guarded("each", [&] {
                static_cast<std::vector<HostCommand>*>(user)->push_back(copy_of(*i));
                return MH_OK;
            });
        },
        &out);
    return out;
}

const HostCommand* match_host(const std::vector<HostCommand>& all, const Words& words,
                              size_t& used) {
    const HostCommand* best = nullptr;
    used = 0;
    for (const HostCommand& c : all) {
        size_t n = 0;
        bool same = true;
        shared::for_each_item(c.name, ' ', [&](std::string_view word) {
            same = same && n < words.size() && words[n] == word;
            ++n;
        });
        if (!same || n <= used) continue;
        best = &c;
        used = n;
    }
    return best;
}

}  // namespace microhost::bot
