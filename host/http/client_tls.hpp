// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/client_tls.hpp"

namespace microhost::http {

using net::client_tls;
using net::ClientTls;

}  // namespace microhost::http
