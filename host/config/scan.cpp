// SPDX-License-Identifier: Apache-2.0
#include "config/scan.hpp"

#include "config/flags.hpp"
#include "config/keys.hpp"

namespace microhost::config {
namespace {

struct Action {
    std::string_view name;
    bool Scan::*wanted;
};

constexpr Action kActions[] = {{"help", &Scan::help},
                               {"version", &Scan::version},
                               {"check_config", &Scan::check_config},
                               {"print_schema", &Scan::print_schema}};

const Action* find_action(std::string_view name) {
    for (const Action& a : kActions)
        if (a.name == name) return &a;
    return nullptr;
}

Follows host_arity(std::string_view name) {
    // --insecure belongs to --remote before a verb: the verb must not be taken for its value.
    if (find_action(name) || name == "insecure") return Follows::nothing;
    if (name == "config" || name == "load") return Follows::value;
    const Key* key = find_flag(name);
    if (!key) return Follows::unknown;
    return key->type == Type::boolean ? Follows::nothing : Follows::value;
}

}  // namespace

Result<Scan> scan(std::span<const std::string> args) {
    auto line = split_command_line(args, host_arity);
    if (!line) return line.error();
    Scan out;
    for (const Flag& flag : line->flags) {
        if (const Action* action = find_action(flag.name))
            out.*action->wanted = flag.value != "false";
        if (flag.name != "config") continue;
        if (flag.value->empty()) return error("{} needs a file", flag.spelled);
        out.config = *flag.value;
    }
    out.flags = std::move(line->before);
    if (line->after.empty()) return out;
    out.verb = line->after.front();
    out.args.assign(line->after.begin() + 1, line->after.end());
    return out;
}

}  // namespace microhost::config
