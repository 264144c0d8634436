// SPDX-License-Identifier: Apache-2.0
/// The module itself: settings, what it contributes, and what belongs to the control thread. One per generation.
#pragma once

#include <microhost/draft/rpc_listener.h>

#include <memory>

#include "../shared/access.hpp"
#include "../shared/token_file.hpp"
#include "enlisted.hpp"
#include "foreign_app.hpp"
#include "settings.hpp"
#include "topics.hpp"
#include "watchers.hpp"

namespace microhost::proxy {

class Proxy {
  public:
    /// Throws mh::failure.
    explicit Proxy(Settings s);
    Proxy(const Proxy&) = delete;

    /// Handler, router and listener.
    mh_status contribute();
    /// The foreign app of the settings, if there is one.
    void register_app();
    /// The next generation has taken over what was registered, or the process stops.
    void drain();

    const Settings settings;
    shared::TokenFile token_file;
    Enlisted enlisted;                ///< [main]
    std::unique_ptr<ForeignApp> app;  ///< [main]
    mh_rpc_router router{};

  private:
    mh_http_handler handler_{};
    mh_http_listener listener_{};
};

/// One for each loop.
struct Shard {
    Proxy& proxy;
    shared::Access access;
    Watchers watchers;
    Topics topics;
    std::string list;  ///< of all services, as JSON
    uint64_t list_revision = 0;

    explicit Shard(Proxy& p) : proxy(p), access(p.settings.access, p.token_file.tokens) {}
};

// mh_http_handler and mh_rpc_router; dispatch.cpp and router.cpp.
mh_status on_request(void* shard, void* user, mh_req* r, const mh_header* h, uint32_t n);
void on_done(void* shard, void* user, mh_req* r, mh_status outcome);
mh_status on_call(void* shard, void* user, mh_rpc_in* in, const mh_rpc_head* head,
                  void** call_user);
void on_call_end(void* call_user, mh_rpc_in* in, mh_status s);

}  // namespace microhost::proxy
