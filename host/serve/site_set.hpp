// SPDX-License-Identifier: Apache-2.0
/// The listeners of the process: opened once, served on every loop by handlers and filters of the modules.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/peer_counts.hpp"
#include "http/site.hpp"
#include "net/address.hpp"
#include "net/listener.hpp"
#include "serve/absent.hpp"
#include "serve/filter_chain.hpp"
#include "serve/redirect.hpp"
#include "serve/request_loop.hpp"

namespace microhost::net {
class TlsServerContext;
}

namespace microhost::serve {

/// What a listener serves, before it is installed on the loops. Shared, and but for the counts immutable from then on.
struct SitePlan {
    http::ListenerCounts counts;  // the loops share it
    std::string name, module;
    std::string redirect_of;  // the listener that its requests are sent to
    net::Address address;     // the real one, once it is open
    const mh_http_handler* handler = nullptr;
    module::Generation* generation = nullptr;
    std::vector<FilterPtr> chain;
    http::Limits limits;
    bool proxy_protocol = false;
    bool rfc7239 = false;
    bool trust_all = false;
    std::shared_ptr<const net::PrefixSet> trusted;
    std::optional<config::Tls> tls_files;
    std::shared_ptr<const net::TlsServerContext> tls;  // the loops have copies of their own
    std::unique_ptr<Redirect> redirect;                // of the plain-text side of a TLS listener
    std::string problem;                               // why its module does not answer here
    std::vector<int> fds;                              // one a loop, or more
};

/// A site with its acceptor, as it lives on one loop.
struct LiveSite;

class SiteSet {
  public:
    explicit SiteSet(std::vector<std::unique_ptr<RequestLoop>>& loops);
    ~SiteSet();

    /// Decides which listeners there are. Errors: an unknown module, handler or filter.
    Result<> plan(const config::Config& config, const module::ModuleSet& modules,
                  const FilterSet& filters, std::shared_ptr<const net::PrefixSet> trusted);
    /// Binds all of them, or none. What the service manager handed over is taken before anything is bound.
    Result<> open();
    /// Reads the certificates again and uses them for new connections. Errors: the old ones stay.
    Result<std::vector<std::string>> reload_certificates();
    /// Limits and trusted proxies as they are now, for new connections and requests. They are checked before.
    void refresh(const config::Config& config, std::shared_ptr<const net::PrefixSet> trusted);
    /// About certificates, for the log.
    const std::vector<std::string>& warnings() const { return warnings_; }
    /// Installs them on every loop, then `done` on main: connections are accepted from there on.
    void install(Loop& control, std::function<void()> done);
    /// No new connections; on every loop, then `done` on main. The idle ones are closed, unless `gently`: then each has one
    /// more request.
    void stop_accepting(Loop& control, bool gently, std::function<void()> done);
    /// Frees the sites and the shards of their filters, then `done`. No request may be left.
    void remove(Loop& control, std::function<void()> done);

    /// Calls fn for each site of that loop. Thread: that loop.
    void each(unsigned loop, const std::function<void(const http::Site&)>& fn) const;
    const std::vector<std::shared_ptr<SitePlan>>& sites() const { return sites_; }

  private:
    Result<> add_redirect(const SitePlan& tls_site, const config::Listener& l);
    Result<> add(const config::Listener& l, const module::ModuleSet& modules,
                 const FilterSet& filters, std::string_view handler, const std::string* why_absent);
    void tell_supervisor() const;
    void on_every_loop(Loop& control, std::function<void(RequestLoop&)> fn,
                       std::function<void()> done);

    std::vector<std::unique_ptr<RequestLoop>>& loops_;
    std::vector<std::shared_ptr<SitePlan>> sites_;
    std::shared_ptr<const net::PrefixSet> trusted_;
    AbsentHandler absent_;
    std::vector<std::string> warnings_;
    std::vector<std::vector<std::unique_ptr<LiveSite>>> live_;  // by loop
};

/// The bounds of a listener as http wants them.
http::Limits limits_of(const config::Limits& c);

}  // namespace microhost::serve
