// SPDX-License-Identifier: Apache-2.0
#include "module/environment.hpp"

#include "loop/loop.hpp"
#include "module/abi/metrics.hpp"
#include "module/abi/tables.hpp"
#include "module/event_bus.hpp"
#include "module/file_watch.hpp"
#include "module/health.hpp"
#include "module/kv_store.hpp"
#include "module/rate_limit.hpp"
#include "module/timers.hpp"
#include "module/work_pool.hpp"

namespace microhost::module {
namespace {

/// Posts `done` when the last copy is gone: whether the work ran, or was dropped with a loop that has stopped.
class Countdown {
  public:
    Countdown(Loop& control, std::function<void()> done)
        : control_(control), done_(std::move(done)) {}
    ~Countdown() {
        if (done_) control_.post(std::move(done_));
    }
    Countdown(const Countdown&) = delete;
    Countdown& operator=(const Countdown&) = delete;

  private:
    Loop& control_;
    std::function<void()> done_;
};

}  // namespace

Environment::Environment(log::Log& l, observe::Metrics& m, Loop& c,
                         std::vector<Loop*> request_loops, const EnvironmentOptions& options)
    : version(options.version),
      log(l),
      metrics(m),
      control(c),
      loops(std::move(request_loops)),
      cache(options.module_cache, options.map_in_place),
      events(std::make_unique<EventBus>()),
      health(std::make_unique<HealthBoard>()),
      kv(std::make_unique<KvStore>(options.state_dir.empty() ? "" : options.state_dir + "/kv",
                                   l.domain("host/kv"))),
      limits(std::make_unique<RateLimits>()),
      timers(std::make_unique<Timers>(control_index() + 1)),
      files(std::make_unique<FileWatch>(c, l.domain("host/module"))),
      work(std::make_unique<WorkPool>(options.workers, options.work_queue)) {
    set_current_metrics(&metrics);
    offer_basics(interfaces);
}

Environment::~Environment() { set_current_metrics(nullptr); }

void Environment::on_every_loop(std::function<void(unsigned)> fn, std::function<void()> done) {
    auto countdown = std::make_shared<Countdown>(control, std::move(done));
    for (Loop* loop : loops) loop->post([fn, countdown, index = loop->index()] { fn(index); });
}

}  // namespace microhost::module
