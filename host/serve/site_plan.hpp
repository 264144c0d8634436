// SPDX-License-Identifier: Apache-2.0
/// Which listeners there are, and what each serves: decided from the configuration and what modules contribute, before
/// anything is opened or touched.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "http/peer_counts.hpp"
#include "http/site.hpp"
#include "module/module_set.hpp"
#include "net/address.hpp"
#include "serve/filter_chain.hpp"
#include "serve/redirect.hpp"

namespace microhost::net {
class TlsServerContext;
}

namespace microhost::rpc {
class RouterHandler;
}

namespace microhost::serve {

/// The sockets of a listener. They stay when what it serves changes.
struct Sockets {
    http::ListenerCounts counts;  // the loops share it
    net::Address address;         // the real one, once it is open
    std::vector<int> fds;         // one a loop, or more
    bool accepting = false;       // acceptors own them

    Sockets() = default;
    Sockets(const Sockets&) = delete;
    ~Sockets();
};

/// What the requests of a listener pass. Immutable; the generations that it points to outlive the programs made of it.
struct ProgramPlan {
    std::string module;
    const mh_http_handler* handler = nullptr;  // null: requests are answered 503
    module::Generation* generation = nullptr;  // null: the handler is the host's
    std::string problem;                       // why there is no handler
    std::vector<FilterPtr> chain;
    std::shared_ptr<const Redirect> redirect;          // of the plain-text side of a TLS listener
    std::shared_ptr<const rpc::RouterHandler> router;  // of a module that takes rpc
    bool beside_http =
        false;  // the module has a router beside its HTTP handler, which hands calls to it

    bool operator==(const ProgramPlan&) const = default;
};

/// A listener as it is wanted. Immutable once it is published.
struct SitePlan {
    std::string name, module;
    std::string redirect_of;  // the listener that its requests are sent to
    net::Address asked;       // as the configuration says; port 0: any
    std::shared_ptr<Sockets> sockets;
    std::shared_ptr<const ProgramPlan> program;
    http::Limits limits;
    bool proxy_protocol = false;
    bool rfc7239 = false;
    bool speaks_rpc = false;
    bool offers = false;     // the services of this process, rather than a module's router
    bool for_tools = false;  // offers them to the tools of this user alone; nobody is told
    bool trust_all = false;
    std::shared_ptr<const net::PrefixSet> trusted;
    std::optional<config::Tls> tls_files;
    std::shared_ptr<const net::TlsServerContext> tls;

    const net::Address& address() const { return sockets->address; }
};
using SitePlanPtr = std::shared_ptr<SitePlan>;

struct SitePlans {
    std::vector<SitePlanPtr> sites;
    std::vector<std::string> warnings;  // about certificates, for the log
};

/// `tools_socket`: where the services of this process answer the tools of its user, when they are offered nowhere else; empty:
/// nowhere. `before`: certificates of a listener whose files are named as they were are not read again. Errors: an unknown module,
/// handler or filter, a bad address, two listeners of one address, certificates that cannot be read.
Result<SitePlans> plan_sites(const config::Config& config, const module::Published& published,
                             const FilterSet& filters, const std::vector<AbsentModule>& absent,
                             const std::shared_ptr<const net::PrefixSet>& trusted,
                             const std::vector<SitePlanPtr>& before,
                             const std::string& tools_socket = {});

/// Reads certificates and keys.
Result<std::shared_ptr<const net::TlsServerContext>> load_tls(const config::Tls& c);

/// The bounds of a listener as http wants them.
http::Limits limits_of(const config::Limits& c);

}  // namespace microhost::serve
