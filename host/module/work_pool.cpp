// SPDX-License-Identifier: Apache-2.0
#include "module/work_pool.hpp"

#include <algorithm>
#include <csignal>

#include "loop/loop.hpp"
#include "module/host_side.hpp"
#include "supervise/crash_line.hpp"

namespace microhost::module {
namespace {

thread_local bool is_worker = false;

}  // namespace

struct WorkPool::Job : Task {
    HostSide* side;
    Loop* home;
    WorkPool::Run work;
    WorkPool::Done done;
    void* arg;
    mh_status status = MH_OK;
    uint64_t took_ns = 0;

    void execute() {
        const uint64_t begun = observe::ModuleCost::clock_ns();
        if (side)
            status = guarded(*side, "work.run", mh_status{MH_E_PANIC}, [&] {
                work(arg);
                return mh_status{MH_OK};
            });
        else
            work(arg);
        took_ns = std::max<uint64_t>(observe::ModuleCost::clock_ns() - begun, 1);
    }
    /// Ends the job: the module hears of it exactly once, also when its loop has stopped.
    void finish() {
        if (side) {
            // Its own thread has nothing to count in.
            if (auto* own = took_ns ? side->costs.find("work.run") : nullptr)
                own->cost.add(took_ns);
            guarded(*side, "work.done", [&] { done(arg, status); });
            side->outstanding.fetch_sub(1, std::memory_order_release);
        } else {
            done(arg, status);
        }
        delete this;
    }
};

WorkPool::WorkPool(unsigned threads, size_t queue)
    : wanted_(threads ? threads : 1), limit_(queue) {}

WorkPool::~WorkPool() { stop(); }

bool WorkPool::on_worker() { return is_worker; }

mh_status WorkPool::submit(HostSide* side, Loop& home, Run run, Done done, void* arg) {
    auto job = std::make_unique<Job>();
    job->side = side;
    job->home = &home;
    job->work = run;
    job->done = done;
    job->arg = arg;
    job->run = [](Task* t) { static_cast<Job*>(t)->finish(); };
    job->drop = [](Task* t) {
        static_cast<Job*>(t)->status = MH_E_CANCELLED;
        static_cast<Job*>(t)->finish();
    };
    {
        std::scoped_lock lock(mutex_);
        if (stopping_) return MH_E_UNAVAILABLE;
        if (waiting_.size() >= limit_) return MH_E_BUSY;
        if (threads_.empty()) start_threads();
        if (side) side->outstanding.fetch_add(1, std::memory_order_relaxed);
        waiting_.push_back(job.release());
    }
    wake_.notify_one();
    return MH_OK;
}

void WorkPool::start_threads() {
    // Signals are the control thread's.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned i = 0; i < wanted_; i++) threads_.emplace_back([this] { work(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void WorkPool::work() {
    is_worker = true;
    const supervise::CrashStack stack;
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
        Job* job = waiting_.front();
        waiting_.pop_front();
        lock.unlock();
        job->execute();
        job->home->post(static_cast<Task*>(job));
        lock.lock();
    }
}

void WorkPool::stop() {
    std::deque<Job*> cancelled;
    {
        std::scoped_lock lock(mutex_);
        stopping_ = true;
        cancelled.swap(waiting_);
    }
    wake_.notify_all();
    for (std::thread& t : threads_) t.join();
    threads_.clear();
    for (Job* job : cancelled) {
        job->status = MH_E_CANCELLED;
        job->home->post(static_cast<Task*>(job));
    }
}

}  // namespace microhost::module
