// SPDX-License-Identifier: Apache-2.0
/// One thread's engine: an edge-triggered epoll set, a timer wheel, and a queue through which other threads post work.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "loop/activity.hpp"
#include "loop/wheel.hpp"

namespace microhost {

/// Something with a file descriptor that is registered once for everything. Thread: its loop.
class Pollable {
  public:
    virtual void on_events(uint32_t events) = 0;

  protected:
    friend class Loop;
    /// Events of its own come soon, behind those of others: prefetches what they will touch beyond the object's first bytes.
    /// Asked once a step from kFetchSteps down to 1, with an event of another between each two: what one step asks for, the
    /// next may look into.
    virtual void fetch(unsigned /*step*/) const {}
    ~Pollable() = default;
    /// Of events that came together, its own are handled before those of others. They must not change who else is so.
    bool goes_first_ = false;
};

/// Posted work. run or drop is called exactly once, and frees it.
struct Task {
    Task* next = nullptr;
    void (*run)(Task*) = nullptr;
    void (*drop)(Task*) = nullptr;
};

class Loop {
  public:
    static constexpr unsigned kMaxLoops = 256;

    /// `index`: 0..n-1 for request loops, n for the control thread's.
    explicit Loop(unsigned index);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    unsigned index() const { return index_; }
    int epoll_fd() const { return epoll_fd_; }
    Wheel& wheel() { return wheel_; }
    /// The loop that runs on this thread, or null.
    static Loop* current();
    /// The living loop of that index, or null. Thread: any; loops outlive every module.
    static Loop* by_index(unsigned index);

    /// Nanoseconds of CLOCK_MONOTONIC, read once a turn; between turns, where Asio runs handlers of the control thread, each time.
    uint64_t now_ns() const { return in_turn_ ? now_ns_ : clock_ns(); }
    uint64_t now_ms() const { return now_ns() / 1'000'000; }
    /// The same clock, read now.
    static uint64_t clock_ns();
    void arm(Timer& t, uint64_t delay_ms) { wheel_.arm(t, now_ms(), delay_ms); }

    /// Registers a descriptor, edge-triggered for reading and writing unless `events` says otherwise.
    /// False with errno when the system refuses.
    bool add(int fd, Pollable* p, uint32_t events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    void modify(int fd, Pollable* p, uint32_t events);
    void remove(int fd);

    /// Hands work to the loop. False when it has stopped: then the task was dropped. Thread: any.
    bool post(Task* t);
    template <class F>
    bool post(F f) {
        return post(make_task(std::move(f)));
    }
    /// Work for the end of this turn on this thread, after all events: frees, flushes.
    void defer(void (*fn)(void*), void* arg) { deferred_.push_back({fn, arg}); }
    template <class T>
    void free_later(T* object) {
        defer([](void* p) { delete static_cast<T*>(p); }, object);
    }

    /// Makes this loop the calling thread's. Thread: the one that will turn it.
    void adopt_thread();
    /// Waits at most `max_wait_ms` (-1: as long as it takes) and handles what came.
    void turn(int max_wait_ms = -1);
    /// Milliseconds until a timer may be due, 0 when work waits, -1 when nothing does.
    int wait_hint() const;
    /// Turns until stop().
    void run();
    /// Thread: any.
    void stop();
    bool stopped() const { return stop_.load(std::memory_order_relaxed); }
    /// A word that changes when the loop begins to wait for events and when it goes on. Thread: any.
    uint64_t turn_stamp() const { return turn_stamp_.load(std::memory_order_relaxed); }
    /// Whether the loop was at work, not waiting, when that stamp was read.
    static constexpr bool busy(uint64_t stamp) { return stamp & 1; }
    static constexpr uint64_t turns(uint64_t stamp) { return (stamp + 1) / 2; }
    /// Whose hook the loop is in.
    Activity activity;
    /// The same of this thread, also of one without a loop.
    static Activity& activity_here();
    /// Once, before tell_next_turn(): what `watcher` does when it is told.
    void watch_from(Loop& watcher, void (*fn)(void*), void* arg) { watcher_ = {&watcher, fn, arg}; }
    /// The next turn of this loop tells the watcher, once. Thread: any.
    void tell_next_turn() { watched_.store(true, std::memory_order_release); }
    /// After the last turn: drops what is still queued and refuses more.
    void close_queue();

    static constexpr int kFetchSteps = 3;

  private:
    struct Deferred {
        void (*fn)(void*);
        void* arg;
    };
    template <class F>
    static Task* make_task(F f) {
        struct Bound : Task {
            explicit Bound(F fn) : f(std::move(fn)) {}
            F f;
        };
        auto* t = new Bound(std::move(f));
        t->run = [](Task* p) {
            std::unique_ptr<Bound> b(static_cast<Bound*>(p));
            b->f();
        };
        t->drop = [](Task* p) { delete static_cast<Bound*>(p); };
        return t;
    }
    static void run_first(epoll_event* events, int n);
    static void fetch_ahead(const epoll_event* events, int n, int i);
    void run_posted();
    void run_deferred();
    void tell_watcher();
    /// This thread alone writes it, so no locked instruction is needed.
    void stamp() {
        turn_stamp_.store(turn_stamp_.load(std::memory_order_relaxed) + 1,
                          std::memory_order_relaxed);
    }

    unsigned index_;
    int epoll_fd_;
    int wake_fd_;
    uint64_t now_ns_ = 0;
    bool in_turn_ = false;
    Wheel wheel_;
    std::vector<Deferred> deferred_, running_;
    std::atomic<Task*> posted_{
        nullptr};  // a stack, newest first; kClosed when nobody takes it any more
    std::atomic<bool> stop_{false};
    struct Watcher {
        Loop* loop;
        void (*fn)(void*);
        void* arg;
    } watcher_{};
    std::atomic<bool> watched_{false};     // the next turn tells watcher_
    std::atomic<uint64_t> turn_stamp_{0};  // odd: at work
};

}  // namespace microhost
