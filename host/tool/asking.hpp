// SPDX-License-Identifier: Apache-2.0
/// One request over a socket of its own, waited for: the client of `microhost try`.
#pragma once

#include <string>
#include <vector>

#include "net/address.hpp"
#include "result.hpp"

namespace microhost::tool {

struct Reply {
    unsigned status = 0;
    std::vector<std::string> fields;  ///< "Name: value"
    std::string body;
};

/// `request`: head and body as they are sent; it must ask for "Connection: close". Blocks.
Result<Reply> ask(const net::Address& address, const std::string& request);

}  // namespace microhost::tool
