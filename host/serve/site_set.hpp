// SPDX-License-Identifier: Apache-2.0
/// The listeners of the process, as they live on every loop. A change of what they serve is staged beside what runs and
/// published by one step on each loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serve/live_site.hpp"
#include "serve/request_loop.hpp"
#include "serve/site_plan.hpp"

namespace microhost::serve {

/// Plans, and the programs that were made of them on each loop.
struct StagedSites {
    std::vector<SitePlanPtr> wanted;
    std::vector<std::vector<std::unique_ptr<LiveProgram>>> programs;  // by loop; null: as it was
};
using StagedSitesPtr = std::shared_ptr<StagedSites>;

/// Thread: main, unless a member says otherwise.
class SiteSet {
  public:
    SiteSet(std::vector<std::unique_ptr<RequestLoop>>& loops, Loop& control);
    ~SiteSet();

    /// Gives listeners that are open already their sockets, by address, and binds the others: all of them, or none. The
    /// first time, what the service manager handed over is taken before anything is bound.
    Result<> open(const std::vector<SitePlanPtr>& wanted);
    /// Makes the programs that differ from those that run, on every loop. `done` gets them, or why a filter has no shard:
    /// then they are gone again.
    void stage(std::vector<SitePlanPtr> wanted, std::function<void(Result<StagedSitesPtr>)> done);
    /// Drops what is not to be published, on every loop, then `done`.
    void abandon(StagedSitesPtr staged, std::function<void()> done);
    /// What was staged holds from now on: new listeners accept, those that are wanted no more close. Thread: each loop.
    void publish(StagedSites& staged, RequestLoop& loop);
    /// After publish() on every loop.
    void published(const StagedSites& staged);

    /// Reads the certificates again and uses them for new connections. Errors: the old ones stay.
    Result<std::vector<std::string>> reload_certificates();
    /// No new connections; on every loop, then `done` on main. The idle ones are closed, unless `gently`, when
    /// another worker serves: then each has one more request, and modules accept none where they listen themselves.
    void stop_accepting(bool gently, std::function<void()> done);
    /// Frees the sites and the shards of their filters, then `done`. No request may be left.
    void remove(std::function<void()> done);

    /// Calls fn for each site of that loop. Thread: that loop.
    void each(unsigned loop, const std::function<void(const http::Site&)>& fn) const;
    const std::vector<SitePlanPtr>& sites() const { return sites_; }
    /// Runs fn on every request loop, then `done` on main.
    void on_every_loop(std::function<void(RequestLoop&)> fn, std::function<void()> done);

  private:
    using Live = std::vector<std::unique_ptr<LiveSite>>;
    SitePlanPtr open_already(const SitePlan& wanted) const;
    void tell_supervisor() const;
    static LiveSite* find(const Live& live, const SitePlan& plan);

    std::vector<std::unique_ptr<RequestLoop>>& loops_;
    Loop& control_;
    std::vector<SitePlanPtr> sites_;
    std::vector<net::Adopted> adopted_;  // until the first open()
    std::vector<Live> live_, leaving_;   // by loop
};

}  // namespace microhost::serve
