// SPDX-License-Identifier: Apache-2.0
/// The words of a command line, told apart into flags and words, before anybody knows what the flags mean.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "result.hpp"

namespace microhost::config {

struct Flag {
    std::string name;                  ///< without dashes, '-' written as '_'
    std::string spelled;               ///< "--api-handler", for messages
    std::optional<std::string> value;  ///< absent: a switch without a value
};

/// What follows a flag: a switch takes only "=true" and a next word that is true or false; an unknown flag takes the
/// next word when that does not begin with '-' (it may be a module's flag that is not known yet).
enum class Follows { value, nothing, unknown };
using Arity = std::function<Follows(std::string_view name)>;

struct CommandLine {
    std::vector<Flag> flags;
    std::vector<std::string> before;  ///< all words up to the verb
    std::vector<std::string> after;   ///< the verb and all words behind it, untouched
};

/// Forms: --name value, --name=value, --name, -h; '--' ends the flags; the first other word is the verb and ends them
/// too. `--load` also takes the words that end in ".so" behind its value, so that a shell pattern can be given.
/// (CLI11 is not used here: it wants all names before it parses, keeps '-' and '_' apart, and cannot tell where a value
/// came from, which is most of what this folder does.)
Result<CommandLine> split_command_line(std::span<const std::string> args, const Arity& arity);

std::string flag_form(std::string_view name);  ///< '-' to '_'

}  // namespace microhost::config
