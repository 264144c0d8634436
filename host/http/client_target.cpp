// SPDX-License-Identifier: Apache-2.0
#include "http/client_target.hpp"

#include <utility>

#include "http/client_tls.hpp"
#include "http/engine.hpp"
#include "module/host_side.hpp"
#include "net/resolver.hpp"
#include "net/tls.hpp"

namespace microhost::http {
namespace {

net::Resolver* client_resolver = nullptr;

// The same again and again is said once.
void warn(module::HostSide* side, const std::string& what) {
    static thread_local std::string said;
    if (side && std::exchange(said, what) != what) side->log.warn(what);
}

}  // namespace

void set_client_resolver(net::Resolver* resolver) { client_resolver = resolver; }

mh_status ClientTarget::take(const Asked& asked, module::HostSide* side) {
    if (module::broken(asked.address) || module::broken(asked.authority)) return MH_E_INVALID;
    const std::string_view address = view(asked.address);
    if (!parse_place(address, place_)) return MH_E_INVALID;
    authority_ = view(asked.authority);
    if (authority_.empty())
        authority_ = place_.is_unix ? "localhost"
                     : address.starts_with(':')
                         ? "localhost" + std::string(address)  // a port of this machine
                         : std::string(address);
    return asked.flags & MH_CLIENT_TLS ? take_tls(asked, side) : MH_OK;
}

mh_status ClientTarget::take_tls(const Asked& asked, module::HostSide* side) {
    for (const mh_str& s : {asked.server_name, asked.ca_file, asked.cert_file, asked.key_file})
        if (module::broken(s)) return MH_E_INVALID;
    tls_name_ = asked.server_name.len ? view(asked.server_name)
                : asked.authority.len ? host_of(authority_)
                                      : std::string_view(place_.host);
    const ClientTls wanted{std::string(view(asked.ca_file)), std::string(view(asked.cert_file)),
                           std::string(view(asked.key_file)), !(asked.flags & MH_CLIENT_NO_VERIFY)};
    auto context = client_tls(wanted);
    if (context) return tls_ = *context, MH_OK;
    // To the hook in which this happens, if it fails by it, and to the log: a timer or another callback reads no report.
    if (side) module::report(*side, MH_E_INVALID, {}, context.error().what);
    warn(side, context.error().what);
    return wanted.names_files() ? MH_E_INVALID : MH_E_UNAVAILABLE;
}

mh_status ClientTarget::find(std::function<void(const Result<>&)> ready) {
    if (!place_.addresses.empty()) return ready({}), MH_OK;
    if (!client_resolver) return MH_E_UNAVAILABLE;
    lookup_ = client_resolver->resolve(place_.host, place_.port,
                                       [this, ready = std::move(ready)](const net::Resolved& r) {
                                           lookup_ = nullptr;
                                           if (r) place_.addresses = *r;
                                           ready(r ? Result<>{} : Result<>{r.error()});
                                       });
    return MH_OK;
}

void ClientTarget::forget() {
    if (lookup_) lookup_->cancel();
    lookup_ = nullptr;
}

void ClientTarget::tell_tls_failure(const UpstreamFailure& f, module::HostSide* side) const {
    if (f.nothing_sent && !f.tls.empty())
        warn(side, fmt::format("tls to {}: {}", authority_, f.tls));
}

bool ClientTarget::start(Engine& e, Transaction& t, UpstreamRequest r, std::string_view request,
                         const char** why) {
    r.connect_timeout_ms = e.limits.connect_timeout_ms;
    Upstream& to = e.upstreams.get(place_.addresses[at_], tls_, tls_ ? tls_name_ : "");
    const iovec v{const_cast<char*>(request.data()), request.size()};
    return to.start(t, r, &v, 1, why);
}

}  // namespace microhost::http
