// SPDX-License-Identifier: Apache-2.0
/// `microhost passwd`: users and passwords for the dashboard and auth-basic, in a htpasswd file.
#pragma once

#include <string>
#include <string_view>

#include "tool/verbs.hpp"

namespace microhost::tool {

/// The exit status: 1 the file cannot be read or written, 2 wrongly asked.
int passwd(const Arguments& arguments);

/// The content with that user's hash: in the place of the one that is there, with what stands behind it, or in a line of its own. A role
/// that is not empty stands behind the hash, instead of what did.
std::string with_user(std::string_view content, std::string_view user, std::string_view hash,
                      std::string_view role = {});

}  // namespace microhost::tool
