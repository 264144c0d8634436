// SPDX-License-Identifier: Apache-2.0
/// The parent under --supervise. It loads no module and has one thread; it keeps what must not be lost, and replaces workers.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "serve/instance_folder.hpp"
#include "supervise/crash_count.hpp"
#include "supervise/desk.hpp"
#include "supervise/journal.hpp"
#include "supervise/worker.hpp"

namespace microhost::supervise {

class Supervisor {
  public:
    Supervisor(const config::HostSettings& host, Recipe recipe);
    ~Supervisor();

    /// Until it was told to stop, or the first worker could not start. The exit status. Thread: the only one.
    int run();

  private:
    Result<> open();
    Result<> start_worker(bool overlaps);
    void wait_for_something();
    void take_signals();
    void stop(int number);
    void ask_upgrade(std::string reason, uint64_t who);
    void end_upgrade(const Result<std::string>& how);
    void serve_desk(uint64_t who, std::string_view line);
    void hear(Worker& w);
    void heed(Worker& w, Message& m);
    void on_ready(Worker& w);
    void keep(Worker& w);
    void bury();
    void on_end(Worker& w, int status);
    void current_ended(Worker& w, int status);
    void count_crash(const Worker& w);
    void look_at_clock();
    void check(Worker& w, uint64_t now);
    uint64_t patience(uint64_t now) const;

    static uint64_t now_ms();

    const config::HostSettings host_;
    Recipe recipe_;
    Journal log_;
    serve::InstanceFolder folder_;
    Desk desk_;
    CrashCount crashes_;
    int signals_ = -1;
    std::vector<Kept> kept_;
    std::vector<std::unique_ptr<Worker>> workers_;
    Worker* current_ = nullptr;  // who serves, or will as soon as it is ready
    Worker* next_ = nullptr;     // who is to replace that one
    std::string upgrade_reason_;
    std::vector<uint64_t> waiting_;  // for the upgrade, at the desk
    uint64_t restart_ms_ = 0;        // when current_ is to be started again; 0: it is there
    unsigned quick_ends_ = 0;
    bool was_ready_ = false, stopping_ = false, over_ = false;
    int status_ = 0;
};

}  // namespace microhost::supervise
