// SPDX-License-Identifier: Apache-2.0
/// Where something of a module goes, a request or a websocket: the addresses one after the other, and the TLS on the way.
#pragma once

#include <microhost/base.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/client_request.hpp"
#include "http/upstream.hpp"

namespace microhost::module {
struct HostSide;
}
namespace microhost::net {
class Lookup;
class Resolver;
}  // namespace microhost::net

namespace microhost::http {

/// Who turns host names into addresses for modules; null: names are not available. Thread: main, before and after the loops.
void set_client_resolver(net::Resolver* resolver);

/// Thread: the loop of its connection.
class ClientTarget {
  public:
    /// As in mh_http_out.
    struct Asked {
        uint32_t flags;
        mh_str address, authority, ca_file, cert_file, key_file, server_name;
    };
    ~ClientTarget() { forget(); }

    /// Checks and copies. What is wrong with TLS files is told to `side`, which may be null.
    mh_status take(const Asked& asked, module::HostSide* side);
    std::string_view authority() const { return authority_; }
    /// Calls `ready` once the addresses are known: from within, where no name has to be looked up. MH_E_UNAVAILABLE, and no
    /// call, where names cannot be looked up.
    mh_status find(std::function<void(const Result<>&)> ready);
    /// `ready` will not be called any more.
    void forget();
    /// Begins at the present address. False: it failed at once, and `why` says how, until the next attempt.
    bool start(Engine& e, Transaction& t, UpstreamRequest r, std::string_view request,
               const char** why);
    /// Goes on to the next address. False: there is none.
    bool next() { return ++at_ < place_.addresses.size(); }
    /// One line in the log of `side`, which may be null, about a handshake of TLS that failed.
    void tell_tls_failure(const UpstreamFailure& f, module::HostSide* side) const;

  private:
    mh_status take_tls(const Asked& asked, module::HostSide* side);

    Place place_;
    std::string authority_, tls_name_;
    const net::TlsClientContext* tls_ = nullptr;
    std::shared_ptr<net::Lookup> lookup_;
    size_t at_ = 0;
};

}  // namespace microhost::http
