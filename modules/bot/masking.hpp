// SPDX-License-Identifier: Apache-2.0
/// Arguments as a log may have them.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "words.hpp"

namespace microhost::bot {

/// What a command says of its arguments; either may be empty.
struct SecretArguments {
    std::function<bool(std::string_view flag)> flag;  ///< --FLAG has a secret as its value
    std::function<bool(size_t place)> place;          ///< and so has the word at this place
    std::function<bool(std::string_view flag)> takes_value;
};

/// The words from `from` on, on one short line. Secrets are "***": those that the command declares, and the values of words such as
/// password=X, --token X and "secret": "X", whatever the command.
std::string masked(const Words& words, size_t from, const SecretArguments& secret);

}  // namespace microhost::bot
