// SPDX-License-Identifier: Apache-2.0
/// `microhost token new`: a token that nobody can guess, as a line for the proxy's token_file.
#pragma once

#include "tool/verbs.hpp"

namespace microhost::tool {

/// The exit status: 2 wrongly asked.
int token(const Arguments& arguments);

}  // namespace microhost::tool
