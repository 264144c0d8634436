// SPDX-License-Identifier: Apache-2.0
/// The sources of services that modules offer, from the publication of each to its end. Control thread only.
#pragma once

#include <microhost/draft/registry_provider.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "loop/wheel.hpp"
#include "module/contribution.hpp"
#include "observe/log.hpp"
#include "registry/provider.hpp"
#include "rpc/announced.hpp"
#include "rpc/unknown.hpp"

namespace microhost {
class Loop;
}

namespace microhost::rpc {

class ReportDoor;

struct ProvidersOptions {
    std::string state_dir;
    std::chrono::milliseconds wait{5000};
};

class Providers final : public Herald {
  public:
    /// All outlive it.
    Providers(Loop& control, registry::Table& table, Announced& announced, log::Domain log,
              ProvidersOptions options);
    ~Providers() override;
    Providers(const Providers&) = delete;
    Providers& operator=(const Providers&) = delete;

    /// After each change of what is published at MH_REGISTRY_PROVIDER: starts those that are new, has them announce what is
    /// announced, then stops those that they replace. What nobody provides any more goes, with its nodes. The generations that
    /// leave are still alive.
    void adopt(const module::Published& published);
    /// Calls back once when no provider has to be waited for: perhaps at once. Those that come later are not waited for.
    void when_settled(std::function<void()> fn);
    /// The process stops: no provider reports any more, their nodes stay. Withdraw what is announced before.
    void stop();
    /// All of the table, the host's own too.
    [[nodiscard]] std::vector<registry::ProviderRow> rows() const;

    /// One of them has synced, or nobody waits for it any more.
    void settle();
    /// A look_up() is done.
    void looked_up(std::string_view name);

    void announce(const Announcement& a) override;
    void withdraw(uint64_t key) override;

  private:
    struct Telling;
    struct Entry;
    struct Tick : Timer {
        Providers* owner;
    };

    Entry& entry(const std::string& name);
    void begin(Entry& e, const module::Contribution& c);
    void tick();
    void look_up(const std::string& name);

    Loop& control_;
    registry::Table& table_;
    Announced& announced_;
    log::Domain log_;
    ProvidersOptions options_;
    std::vector<std::unique_ptr<Entry>> entries_;
    Unknown unknown_;
    std::function<void()> settled_;
    bool hurried_ = false;  // nobody waits any more
    Tick tick_;
};

}  // namespace microhost::rpc
