// SPDX-License-Identifier: Apache-2.0
/// A bounded pool of threads for blocking work of modules.
#pragma once

#include <microhost/base.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace microhost {
class Loop;
}

namespace microhost::module {

struct HostSide;

class WorkPool {
  public:
    using Run = void (*)(void* arg);
    using Done = void (*)(void* arg, mh_status s);

    /// Threads are started with the first job.
    WorkPool(unsigned threads, size_t queue);
    /// Jobs that did not begin end with MH_E_CANCELLED; waits for those that run.
    ~WorkPool();
    WorkPool(const WorkPool&) = delete;
    WorkPool& operator=(const WorkPool&) = delete;

    /// run on a worker, then done on `home`. MH_E_BUSY, and no call, when the queue is full. `side` may be null for work of
    /// the host. Thread: any.
    mh_status submit(HostSide* side, Loop& home, Run run, Done done, void* arg);
    /// Cancels what waits and ends the threads. Thread: main.
    void stop();
    /// Whether the calling thread is a worker.
    static bool on_worker();

  private:
    struct Job;
    void work();
    void start_threads();

    const unsigned wanted_;
    const size_t limit_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job*> waiting_;
    std::vector<std::thread> threads_;
    bool stopping_ = false;
};

}  // namespace microhost::module
