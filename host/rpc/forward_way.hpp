// SPDX-License-Identifier: Apache-2.0
/// Where a forwarded request goes: an address or a node of a service, and what is tried when no connection comes about.
#pragma once

#include <microhost/draft/http_forward.h>

#include <string_view>

#include "http/forward.hpp"
#include "registry/selector.hpp"
#include "rpc/names.hpp"

namespace microhost::rpc {

class Engine;

/// Lives in the request's arena once it has gone.
struct Way {
    Engine* engine;
    http::Exchange* x;
    registry::Pick pick{};  // its node is of the snapshot of that time: not to be used later
    std::string_view service{}, version{};
    std::string_view place{};  // "name:port"; empty: it has one address
    std::string_view host{};   // for Host; empty: the upstream's own name
    const net::TlsClientContext* tls = nullptr;
    http::Upstream* upstream = nullptr;  // null: the name is not resolved
    unsigned tries = 0;                  // addresses of the name
    bool moved = false;                  // to a second node

    /// MH_OK, or why this host cannot go there; `secure`: over TLS.
    mh_status to_address(std::string_view text, bool secure);
    mh_status to_node(const registry::LiveNode& node);
    /// Reports that the node could not be reached and turns to another one. False: there is none, and nothing was reported.
    bool to_other_node(uint64_t latency_ns);
    void report(registry::Outcome outcome, uint64_t latency_ns);
    /// More than one address that cannot change: then it has to stay where it is as long as the request.
    bool has_choice() const { return pick || !place.empty(); }
    /// Begins; where the name is not resolved, later.
    void go(const mh_http_forward_to& to);
    http::ForwardWay for_forward();

  private:
    mh_status to_place(std::string_view text);
};

}  // namespace microhost::rpc
