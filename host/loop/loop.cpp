// SPDX-License-Identifier: Apache-2.0
#include "loop/loop.hpp"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "loop/prefetch.hpp"

namespace microhost {
namespace {

thread_local Loop* current_loop = nullptr;
thread_local Activity loopless;
// Tokens name a loop by number from any thread, so loops must be found without a reference to anything.
std::array<std::atomic<Loop*>, Loop::kMaxLoops> loops_by_index;

Task closed_queue;  // its address marks a queue that takes no more

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

Loop::Loop(unsigned index)
    : index_(index),
      epoll_fd_(epoll_create1(EPOLL_CLOEXEC)),
      wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      now_ns_(clock_ns()),
      wheel_(now_ns_ / 1'000'000) {
    if (epoll_fd_ < 0) fail("epoll_create1");
    if (wake_fd_ < 0) fail("eventfd");
    // Level would do as well, but edge spares the read of the counter.
    if (!add(wake_fd_, nullptr, EPOLLIN | EPOLLET)) fail("epoll_ctl");
    loops_by_index[index].store(this, std::memory_order_release);
}

Loop::~Loop() {
    close_queue();
    run_deferred();
    loops_by_index[index_].store(nullptr, std::memory_order_release);
    if (current_loop == this) current_loop = nullptr;
    close(wake_fd_);
    close(epoll_fd_);
}

uint64_t Loop::clock_ns() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

Loop* Loop::current() { return current_loop; }

Loop* Loop::by_index(unsigned index) {
    return index < kMaxLoops ? loops_by_index[index].load(std::memory_order_acquire) : nullptr;
}

bool Loop::add(int fd, Pollable* p, uint32_t events) {
    epoll_event e{};
    e.events = events;
    e.data.ptr = p;
    return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &e) == 0;
}

void Loop::modify(int fd, Pollable* p, uint32_t events) {
    epoll_event e{};
    e.events = events;
    e.data.ptr = p;
    epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &e);
}

void Loop::remove(int fd) { epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr); }

bool Loop::post(Task* t) {
    Task* head = posted_.load(std::memory_order_relaxed);
    do {
        if (head == &closed_queue) {
            if (t->drop) t->drop(t);
            return false;
        }
        t->next = head;
    } while (!posted_.compare_exchange_weak(head, t, std::memory_order_release,
                                            std::memory_order_relaxed));
    if (!head) {  // whoever filled the empty queue wakes the loop; the others ride along
        uint64_t one = 1;
        [[maybe_unused]] ssize_t n = write(wake_fd_, &one, sizeof one);
    }
    return true;
}

void Loop::run_posted() {
    Task* newest = posted_.load(std::memory_order_relaxed);
    if (!newest || newest == &closed_queue) return;
    newest = posted_.exchange(nullptr, std::memory_order_acquire);
    Task* oldest = nullptr;
    while (newest) {
        Task* next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        Task* t = oldest;
        oldest = t->next;
        t->run(t);
    }
}

void Loop::close_queue() {
    Task* t = posted_.exchange(&closed_queue, std::memory_order_acq_rel);
    while (t && t != &closed_queue) {
        Task* next = t->next;
        if (t->drop) t->drop(t);
        t = next;
    }
}

void Loop::run_deferred() {
    while (!deferred_.empty()) {
        running_.swap(deferred_);
        for (Deferred& d : running_) d.fn(d.arg);
        running_.clear();
    }
}

Activity& Loop::activity_here() { return current_loop ? current_loop->activity : loopless; }

void Loop::tell_watcher() {
    if (!watched_.exchange(false, std::memory_order_acquire)) return;
    watcher_.loop->post([w = watcher_] { w.fn(w.arg); });
}

void Loop::adopt_thread() { current_loop = this; }

int Loop::wait_hint() const {
    if (posted_.load(std::memory_order_relaxed) || !deferred_.empty()) return 0;
    return wheel_.next_timeout_ms(now_ns_ / 1'000'000);  // as of this turn: it is over just now
}

void Loop::turn(int max_wait_ms) {
    int wait = wait_hint();
    if (max_wait_ms >= 0) wait = wait < 0 ? max_wait_ms : std::min(wait, max_wait_ms);
    if (busy(turn_stamp())) stamp();
    std::array<epoll_event, 512> events;
    int n = epoll_wait(epoll_fd_, events.data(), events.size(), wait);
    stamp();
    now_ns_ = clock_ns();
    in_turn_ = true;
    if (watched_.load(std::memory_order_relaxed)) tell_watcher();
    if (n > 1) run_first(events.data(), n);
    for (int i = 0; i < n; i++) {
        fetch_ahead(events.data(), n, i);
        if (auto* p = static_cast<Pollable*>(events[i].data.ptr)) p->on_events(events[i].events);
    }
    run_posted();
    wheel_.advance(now_ms());
    run_deferred();
    in_turn_ = false;
}

// What they are told may change what the others may do; they hear it once.
void Loop::run_first(epoll_event* events, int n) {
    for (int i = 0; i < n; i++) {
        auto* p = static_cast<Pollable*>(events[i].data.ptr);
        if (!p || !p->goes_first_) continue;
        events[i].data.ptr = nullptr;
        p->on_events(events[i].events);
    }
}

// With many connections each finds its memory cold, line after line. Those whose turn is next have it fetched meanwhile.
void Loop::fetch_ahead(const epoll_event* events, int n, int i) {
    constexpr size_t kObject = 320;  // most of a connection
    if (i + kFetchSteps + 1 < n) prefetch(events[i + kFetchSteps + 1].data.ptr, kObject);
    for (int step = std::min(kFetchSteps, n - 1 - i); step > 0; step--)
        if (const auto* p = static_cast<Pollable*>(events[i + step].data.ptr))
            p->fetch(static_cast<unsigned>(step));
}

void Loop::run() {
    adopt_thread();
    while (!stopped()) turn();
}

void Loop::stop() {
    stop_.store(true, std::memory_order_relaxed);
    post([] {});
}

}  // namespace microhost
