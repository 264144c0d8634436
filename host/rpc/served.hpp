// SPDX-License-Identifier: Apache-2.0
/// The handler of listeners that offer the services of this process: one call of Micro's wire protocol for each request.
///
/// Such a listener is one of HTTP/1.1 like every other: its bounds, its TLS, its filters. Calls on one connection run one after
/// the other, in order; go-micro's clients have one under way on each connection and know it by its id.
#pragma once

#include <microhost/draft/http_handler.h>
#include <microhost/draft/rpc_router.h>

#include "rpc/stream_in.hpp"

namespace microhost::module {
struct HostSide;
}

namespace microhost::rpc {

/// For the services of this process.
extern const mh_http_handler kServedHandler;

/// What mh_rpc_incoming.take does.
mh_status take_request(module::HostSide& side, mh_req* r, const mh_rpc_router& router, void* shard);

/// For the router of a module.
class RouterHandler {
  public:
    RouterHandler(const mh_rpc_router& router, module::Generation& generation);
    RouterHandler(const RouterHandler&) = delete;
    const mh_http_handler* handler() const { return &handler_; }
    /// With the module's shard on a loop.
    Taker taker(void* shard) const;

  private:
    const mh_rpc_router& router_;
    module::Generation& generation_;
    mh_http_handler handler_;
};

}  // namespace microhost::rpc
