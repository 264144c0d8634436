// SPDX-License-Identifier: Apache-2.0
/// The stream of events that keeps open pages current: what changes is told once, to all who look.
///
/// The control thread watches the registry, the log, the metrics and the modules, while anybody looks; it makes each event once and hands it
/// to the loops, which write it to the streams of theirs. Who joins gets the state as it is, then what changes.
#pragma once

#include <microhost/draft/log_read.h>
#include <microhost/draft/registry.h>
#include <microhost/request.hpp>

#include <memory>
#include <set>
#include <string>

#include "records.hpp"

namespace microhost::web {

enum Topic : uint32_t {
    kServices = 1,
    kTraffic = 2,
    kModules = 4,
    kLogs = 8,
    kAllTopics = 15,
};

/// "services,logs"; 0: one of them is none.
uint32_t topics_of(std::string_view list);

/// Where a stream broke off: Last-Event-ID, as it stands in the ids of events. "" and what is none is 0.
uint64_t log_cursor(std::string_view last_event_id, std::string_view boot);

/// [main]
class Feed {
  public:
    Feed();
    ~Feed();
    Feed(const Feed&) = delete;

    /// The events that bring somebody up to date who has seen the log up to `log_after` (0: wants none of its past).
    std::string join(uint64_t stream, uint32_t topics, uint64_t log_after);
    void leave(uint64_t stream);

    const std::string& boot() const { return boot_; }

  private:
    void begin();
    void end();
    void tick();
    void tell(Topic topic, std::string_view name, const std::string& data);
    std::string event(std::string_view name, std::string_view data) const;

    static void on_registry(void* user, const mh_registry_view* view);
    static void on_line(void* user, const mh_log_record* r);
    static void on_traffic(void* user);
    static void on_tick(void* arg);

    std::string boot_;  ///< of the process: numbers of log lines begin anew with it
    std::set<uint64_t> streams_;
    mh_token registry_ = 0, log_ = 0, metrics_ = 0, timer_ = 0;
    ServiceRows services_;
    int64_t generation_ = 0;
    uint64_t revision_ = 0, log_seen_ = 0, log_told_ = 0, log_lost_ = 0;
    std::string lines_, signature_;  ///< lines that the next tick tells
    bool first_ = false;
    uint32_t ticks_ = 0;
};

}  // namespace microhost::web
