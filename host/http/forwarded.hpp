// SPDX-License-Identifier: Apache-2.0
/// What a proxy says of the hop behind it in the field Forwarded, RFC 7239 section 4.
#pragma once

#include <string>
#include <string_view>

namespace microhost::http {

/// One element, such as `for="[2001:db8::1]";host="a.example:8080";proto=https`. `peer` is an address without a port, anything
/// else is unknown; an empty host is left out.
std::string forwarded_element(std::string_view peer, std::string_view host, bool tls);

}  // namespace microhost::http
