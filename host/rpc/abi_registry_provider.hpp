// SPDX-License-Identifier: Apache-2.0
/// Sources of services that modules offer: the point at which they contribute, and the table through which they report.
#pragma once

#include <microhost/draft/registry_provider.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "module/contribution.hpp"
#include "observe/log.hpp"

namespace microhost::module {
struct HostSide;
}
namespace microhost::registry {
class Provider;
}

namespace microhost::rpc {

class Providers;

extern const module::Point kRegistryProviderPoint;
extern const mh_registry_sink kRegistrySinkTable;

/// Where the reports of one generation's provider come in, from any thread, as long as it is open.
class ReportDoor : public std::enable_shared_from_this<ReportDoor> {
  public:
    static constexpr uint32_t kMostWaiting = 100'000;
    using Report = std::function<void(registry::Provider& told, Providers& all)>;

    /// Thread: main, as are the destructor and close().
    static std::shared_ptr<ReportDoor> open(module::HostSide& side, const mh_registry_provider& p,
                                            registry::Provider& told, Providers& all,
                                            log::Domain log);
    ~ReportDoor();
    ReportDoor(const ReportDoor&) = delete;
    ReportDoor& operator=(const ReportDoor&) = delete;
    /// What waits is dropped, nothing more is taken.
    void close();

    /// Null for what is not open. Thread: any.
    static std::shared_ptr<ReportDoor> find(const mh_host* h, const mh_registry_provider* p);
    /// Does it on main, in the order of the calls. MH_E_BUSY when too much waits. Thread: any.
    mh_status post(Report report);
    /// A warning, at most one in ten seconds. Thread: any.
    void refuse(std::string_view why);

  private:
    ReportDoor(module::HostSide& side, registry::Provider& told, Providers& all, log::Domain log);

    module::HostSide& side_;
    const std::string name_;
    registry::Provider* told_;  // null: closed. Thread: main
    Providers& all_;
    log::Domain log_;
    std::atomic<uint32_t> waiting_{0};
    std::atomic<uint64_t> silent_until_ms_{0};
    std::atomic<uint64_t> unsaid_{0};
};

}  // namespace microhost::rpc
