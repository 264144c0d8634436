// SPDX-License-Identifier: Apache-2.0
/// The nodes that this process announces: those of its services, and those that modules announce through mh.registry/1 until
/// they withdraw them or end. Control thread only.
#pragma once

#include <microhost/base.h>

#include <map>
#include <string_view>

#include "registry/model.hpp"
#include "result.hpp"

namespace microhost::module {
struct HostSide;
}
namespace microhost::registry {
class Publisher;
}

namespace microhost::rpc {

class Announced {
  public:
    static constexpr uint32_t kDefaultTtl = 60;  // seconds

    explicit Announced(registry::Publisher* publisher) : publisher_(publisher) {}
    ~Announced();
    Announced(const Announced&) = delete;
    Announced& operator=(const Announced&) = delete;

    /// The calling thread's, or null.
    static Announced* current();
    void adopt_thread();

    /// MH_E_INVALID and a report to `side` for what is no service with one node; MH_E_IO when it cannot be announced.
    mh_status enlist(module::HostSide& side, std::string_view service_json, uint32_t ttl_s,
                     mh_token& out);
    mh_status deregister(mh_token t);
    /// For the host itself: a service with one node, until deregister(). `before`: the token of the same node as it was
    /// announced until now, which keeps it; else 0.
    Result<mh_token> offer(registry::Service service, uint32_t ttl_s, mh_token before = 0);
    void end(const module::HostSide& side);

  private:
    struct Row {
        const module::HostSide* side;  // null: the host's
        registry::Service service;
    };
    registry::Publisher* publisher_;
    std::map<mh_token, Row> rows_;
    mh_token tokens_ = 0;
};

}  // namespace microhost::rpc
