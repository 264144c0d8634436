// SPDX-License-Identifier: Apache-2.0
/// How requests and streams of modules make TLS connections: a context for each combination of files, shared by all loops.
#pragma once

#include <string>

#include "net/tls.hpp"
#include "result.hpp"

namespace microhost::net {

struct ClientTls {
    std::string ca, certificate, key;  ///< paths of PEM files; see mh_http_out
    bool verify = true;

    bool names_files() const { return !ca.empty() || !certificate.empty() || !key.empty(); }
    auto operator<=>(const ClientTls&) const = default;
};

/// The context for these files, made by the first call and again once one of them has changed. It stays for as long as the
/// process, because connections are kept by it. An error names the file and what is wrong with it. Blocks on the disk.
/// Thread: any.
Result<const TlsClientContext*> client_tls(const ClientTls& wanted);

}  // namespace microhost::net
