// SPDX-License-Identifier: Apache-2.0
#include "observe/writer.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <system_error>

namespace microhost::observe {

/// Shared with the thread, which is left behind when its file system hangs for longer than the exit
/// may take.
struct Writer::State {
    State(Sink s, std::shared_ptr<LineSource> from, milliseconds limit)
        : sink(std::move(s)),
          source(std::move(from)),
          exit_limit(limit),
          event_fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (event_fd < 0)
            throw std::system_error(errno, std::generic_category(), "log writer: eventfd");
    }
    ~State() { ::close(event_fd); }

    void ring_bell() const noexcept {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t n = ::write(event_fd, &one, sizeof one);
    }
    bool past_deadline() const noexcept {
        return stop.load(std::memory_order_acquire) && std::chrono::steady_clock::now() >= deadline;
    }
    void write_batches();
    void report_lost();
    void sleep();
    std::uint64_t flushes_asked();
    void flushes_done(std::uint64_t asked);

    Sink sink;
    std::shared_ptr<LineSource> source;
    const milliseconds exit_limit;
    const int event_fd;
    std::string batch;
    std::uint64_t lost_bytes = 0;
    int lost_reason = 0;

    std::atomic<std::uint32_t> sleeping{0};
    std::atomic<bool> stop{false};
    std::atomic<bool> reopen{false};
    std::atomic<std::uint64_t> failures{0};
    std::chrono::steady_clock::time_point deadline{};  // written before `stop` is set

    std::mutex mutex;  // below: flush and exit only, never a line
    std::condition_variable changed;
    std::uint64_t asked = 0;
    std::uint64_t done = 0;
    bool finished = false;
};

void Writer::State::write_batches() {
    if (reopen.exchange(false, std::memory_order_acq_rel)) {
        if (const auto reopened = sink.reopen(); !reopened) source->trouble(reopened.error().what);
    }
    while (!past_deadline()) {
        batch.clear();
        source->drain(batch);
        if (batch.empty()) return;
        errno = 0;
        if (sink.write(batch, [this] { return past_deadline(); })) {
            report_lost();
        } else {
            lost_reason = errno;
            lost_bytes += batch.size();
            failures.fetch_add(1, std::memory_order_relaxed);
        }
    }
}

/// Only once lines can be written again: a line about a failure must not cause the next failure.
void Writer::State::report_lost() {
    if (lost_bytes == 0) return;
    source->trouble(fmt::format("about {} bytes of lines could not be written: {}", lost_bytes,
                                std::strerror(lost_reason)));
    lost_bytes = 0;
}

void Writer::State::sleep() {
    // Both sides exchange the same word: either the producer sees 1 and rings, or its record is
    // seen here.
    sleeping.exchange(1, std::memory_order_acq_rel);
    if (source->empty() && !stop.load(std::memory_order_acquire) &&
        !reopen.load(std::memory_order_acquire)) {
        pollfd bell{event_fd, POLLIN, 0};
        ::poll(&bell, 1, -1);
    }
    sleeping.exchange(0, std::memory_order_acq_rel);
    std::uint64_t ignored = 0;
    [[maybe_unused]] const ssize_t n = ::read(event_fd, &ignored, sizeof ignored);
}

std::uint64_t Writer::State::flushes_asked() {
    const std::lock_guard lock(mutex);
    return asked;
}

void Writer::State::flushes_done(std::uint64_t upto) {
    const std::lock_guard lock(mutex);
    if (upto == done) return;
    done = upto;
    changed.notify_all();
}

void Writer::run(const std::shared_ptr<State>& state) {
    for (;;) {
        const bool last = state->stop.load(std::memory_order_acquire);
        const std::uint64_t asked = state->flushes_asked();
        state->write_batches();
        state->flushes_done(asked);
        if (last) break;
        state->sleep();
    }
    const std::lock_guard lock(state->mutex);
    state->finished = true;
    state->changed.notify_all();
}

Writer::Writer(Sink sink, std::shared_ptr<LineSource> source, milliseconds exit_limit)
    : state_(std::make_shared<State>(std::move(sink), std::move(source), exit_limit)) {
    // Signals belong to the control thread; and with SIGPIPE blocked a closed pipe is an error and
    // not the end.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([state = state_] { run(state); });
    pthread_setname_np(thread_.native_handle(), "log-writer");
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Writer::~Writer() {
    state_->deadline = std::chrono::steady_clock::now() + state_->exit_limit;
    state_->stop.store(true, std::memory_order_release);
    state_->ring_bell();
    std::unique_lock lock(state_->mutex);
    // A little longer than the thread itself may try, so that it normally ends first.
    const bool ended = state_->changed.wait_for(lock, state_->exit_limit + milliseconds(300),
                                                [this] { return state_->finished; });
    lock.unlock();
    ended ? thread_.join() : thread_.detach();
}

void Writer::wake() noexcept {
    if (state_->sleeping.exchange(0, std::memory_order_acq_rel) == 1) state_->ring_bell();
}

bool Writer::flush(milliseconds limit) {
    std::unique_lock lock(state_->mutex);
    const std::uint64_t mine = ++state_->asked;
    state_->ring_bell();
    return state_->changed.wait_for(lock, limit, [&] { return state_->done >= mine; });
}

void Writer::reopen() noexcept {
    state_->reopen.store(true, std::memory_order_release);
    state_->ring_bell();
}

std::uint64_t Writer::failures() const noexcept {
    return state_->failures.load(std::memory_order_relaxed);
}

}  // namespace microhost::observe
