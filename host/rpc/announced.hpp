// SPDX-License-Identifier: Apache-2.0
/// The nodes that this process announces, until they are withdrawn: those that modules enlist through mh.registry/1, and its own.
/// Control thread only.
#pragma once

#include <microhost/base.h>

#include <cstdint>
#include <map>
#include <string>
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

/// One node of this process.
struct Announcement {
    uint64_t key = 0;  // never used again
    std::string service, node_id;
    registry::Service content;  // with this one node
    uint32_t ttl_s = 0;

    /// Micro's Service JSON for who announces it in `registry`, which its metadata then names where it named the folder.
    [[nodiscard]] std::string json_in(std::string_view registry) const;
};

/// Who tells the world, besides the registry folder.
class Herald {
  public:
    virtual void announce(const Announcement& a) = 0;
    virtual void withdraw(uint64_t key) = 0;

  protected:
    virtual ~Herald() = default;
};

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
    /// Hears of what comes and goes from now on; all() is what there is. Null: nobody.
    void set_herald(Herald* herald) { herald_ = herald; }

    /// The host's own: a service with exactly one node, which has an address; announced until deregister() or withdraw_all().
    /// `ttl_s` 0: kDefaultTtl. Errors: what no reader would take, and what the registry folder refuses.
    Result<mh_token> offer(registry::Service service, uint32_t ttl_s);
    /// The same in a folder that only the tools of this user read, and no herald hears of it.
    Result<mh_token> offer_locally(registry::Service service, registry::Publisher& folder);
    /// MH_E_INVALID and a report to `side` for what is no service with one node; MH_E_IO when it cannot be announced.
    mh_status enlist(module::HostSide& side, std::string_view service_json, uint32_t ttl_s,
                     mh_token& out);
    mh_status deregister(mh_token t);
    void end(const module::HostSide& side);
    /// The process stops: everything is taken back, and nothing is announced any more (MH_E_GONE).
    void withdraw_all();

    /// By key.
    [[nodiscard]] const std::map<uint64_t, Announcement>& all() const { return announcements_; }
    [[nodiscard]] bool has(std::string_view node_id) const;

  private:
    struct Row {
        const module::HostSide* side;  // null: the host's own
        registry::Service service;
        registry::Publisher* folder;
    };
    mh_token add(const module::HostSide* side, registry::Service service, uint32_t ttl_s);
    void take_back(mh_token t, const Row& row);

    registry::Publisher* publisher_;
    Herald* herald_ = nullptr;
    std::map<mh_token, Row> rows_;
    std::map<uint64_t, Announcement> announcements_;
    mh_token tokens_ = 0;
    bool over_ = false;
};

}  // namespace microhost::rpc
