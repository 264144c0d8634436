// SPDX-License-Identifier: Apache-2.0
/// How streams that modules accept make TLS connections: a context for each combination of files, shared by all loops.
#pragma once

#include <memory>
#include <string>

#include "net/tls.hpp"
#include "result.hpp"

namespace microhost::net {

struct ServerTls {
    std::string certificate, key, client_ca;  ///< paths of PEM files; see mh_net_options
    std::string alpn;
    auto operator<=>(const ServerTls&) const = default;
};

/// The context for these files, made by the first call and again once one of them has changed. An error names the file and what
/// is wrong with it. Blocks on the disk. Thread: any.
Result<std::shared_ptr<const TlsServerContext>> server_tls(const ServerTls& wanted);

}  // namespace microhost::net
