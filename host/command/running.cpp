// SPDX-License-Identifier: Apache-2.0
#include "command/running.hpp"

#include <map>

#include "command/table.hpp"
#include "json/document.hpp"
#include "module/environment.hpp"
#include "module/generation.hpp"
#include "module/work_pool.hpp"

namespace microhost::command {
namespace {

constexpr int32_t kExitTimeout = 124;  // as timeout(1)
constexpr size_t kLongestError = 4096;

/// All that run in the process. Handles and tokens are their numbers, so that a stale one finds nothing.
struct Registry {
    std::mutex mutex;
    std::map<uint64_t, RunningPtr> all;
    uint64_t last = 0;
};
Registry& registry() {
    static Registry r;
    return r;
}

uint64_t next_id() {
    std::scoped_lock lock(registry().mutex);
    return ++registry().last;
}

}  // namespace

Running::Running(Table& table, EntryPtr entry, Values values, const mh_command_run& asked,
                 Receiver receiver)
    : table_(table),
      entry_(std::move(entry)),
      values_(std::move(values)),
      principal_(asked.principal),
      receiver_(receiver),
      id_(next_id()),
      surface_(asked.surface),
      timeout_ms_(asked.timeout_ms) {
    deadline_.owner = this;
    deadline_.fire = [](Timer& t) {
        Running& r = *static_cast<Deadline&>(t).owner;
        r.stop(MH_E_TIMEOUT, fmt::format("\"{}\" did not end within {} ms",
                                         r.entry_->definition.name, r.timeout_ms_));
    };
    if (timeout_ms_) deadline_ns_ = Loop::clock_ns() + uint64_t{timeout_ms_} * 1'000'000;
    if (receiver_.caller) receiver_.caller->pin(receiver_.home.index());
}

RunningPtr Running::make(Table& table, EntryPtr entry, Values values, const mh_command_run& asked,
                         Receiver receiver) {
    RunningPtr r(new Running(table, std::move(entry), std::move(values), asked, receiver));
    std::scoped_lock lock(registry().mutex);
    registry().all.emplace(r->id_, r);
    return r;
}

RunningPtr Running::find(uint64_t id) {
    std::scoped_lock lock(registry().mutex);
    auto at = registry().all.find(id);
    return at == registry().all.end() ? nullptr : at->second;
}

std::vector<RunningPtr> Running::all(const Table& table) {
    std::vector<RunningPtr> out;
    std::scoped_lock lock(registry().mutex);
    for (const auto& [id, r] : registry().all)
        if (&r->table_ == &table) out.push_back(r);
    return out;
}

void Running::forget_when_over() {
    {
        std::scoped_lock lock(mutex_);
        if (!ended_ || !received_) return;
    }
    std::scoped_lock lock(registry().mutex);
    registry().all.erase(id_);
}

Loop& Running::main() const { return table_.environment().control; }

bool Running::right_thread() const {
    return blocking() ? worker_.load() == std::this_thread::get_id() : Loop::current() == &main();
}

uint32_t Running::time_left_ms() const {
    if (!timeout_ms_) return UINT32_MAX;
    const uint64_t now = Loop::clock_ns();
    return now >= deadline_ns_ ? 0 : static_cast<uint32_t>((deadline_ns_ - now) / 1'000'000);
}

// ---- who puts out

mh_status Running::put(Output o) {
    if (!right_thread()) return MH_E_WRONG_THREAD;
    const size_t size = o.bytes();
    if (size > kLargest) return MH_E_LIMIT;
    std::unique_lock lock(mutex_);
    auto fits = [&] { return bytes_ == 0 || bytes_ + size <= kWindow; };
    if (blocking()) room_.wait(lock, [&] { return gone_ || fits(); });
    if (gone_ || ended_) return MH_E_GONE;
    if (entry_->provider && !fits()) {
        busy_told_ = true;
        return MH_E_BUSY;
    }
    bytes_ += size;
    waiting_.push_back(std::move(o));
    deliver_soon();
    return MH_OK;
}

mh_status Running::columns(std::vector<std::string> names) {
    if (n_columns_ || names.empty()) return MH_E_INVALID;
    Output o{Output::Kind::columns};
    const auto n = static_cast<uint32_t>(names.size());
    o.names = std::move(names);
    const mh_status s = put(std::move(o));
    if (s == MH_OK) n_columns_ = n;
    return s;
}

mh_status Running::row(std::vector<Cell> cells) {
    if (cells.empty() || cells.size() != n_columns_) return MH_E_INVALID;
    Output o{Output::Kind::row};
    o.cells = std::move(cells);
    return put(std::move(o));
}

mh_status Running::text(std::string_view text) {
    return put({Output::Kind::text, std::string(text)});
}

// A module's JSON is read once: what is broken must not break the stream it travels in.
mh_status Running::json(std::string_view json) {
    auto parsed = json::Document::parse(json);
    if (!parsed) return MH_E_INVALID;
    return put({Output::Kind::json, parsed->text()});
}

mh_status Running::note(std::string_view line) {
    return put({Output::Kind::note, std::string(line.substr(0, kLongestError))});
}

bool Running::keeps_up() {
    std::scoped_lock lock(mutex_);
    return bytes_ < kWindow;
}

mh_status Running::end(mh_status s, int32_t exit_code, std::string_view error) {
    if (!right_thread()) return MH_E_WRONG_THREAD;
    bool heard;
    {
        std::scoped_lock lock(mutex_);
        if (ended_) return MH_E_GONE;
        ended_ = true;
        heard = !gone_;
        if (heard) {
            Output o{Output::Kind::end, std::string(error.substr(0, kLongestError))};
            o.status = s;
            o.exit_code = s < 0 && exit_code == 0 ? 1 : exit_code;
            waiting_.push_back(std::move(o));
            deliver_soon();
        }
    }
    forget_when_over();
    if (!blocking()) finished();
    return heard ? MH_OK : MH_E_GONE;
}

// ---- who receives

void Running::deliver_soon() {
    if (posted_ || received_ || !go_) return;
    posted_ = true;
    if (receiver_.home.post([self = shared_from_this()] { self->deliver(); })) return;
    gone_ = received_ = true;  // its loop has stopped
}

void Running::deliver() {
    std::unique_lock lock(mutex_);
    posted_ = false;
    while (!received_ && go_ && !waiting_.empty()) {
        const Output o = std::move(waiting_.front());
        waiting_.pop_front();
        const bool last = o.kind == Output::Kind::end;
        if (last)
            received_ = true;
        else
            bytes_ -= o.bytes();
        lock.unlock();
        auto give = [&] { o.give(receiver_.sink, receiver_.user); };
        if (receiver_.caller)
            module::guarded(receiver_.caller->side(), "command.sink", give);
        else
            give();
        if (last) let_go_of_caller();
        lock.lock();
    }
    const bool wake = bytes_ <= kWindow / 2;
    lock.unlock();
    if (wake) wake_writer();
    forget_when_over();
}

void Running::let_go_of_caller() {
    if (module::Generation* g = std::exchange(receiver_.caller, nullptr))
        g->unpin(receiver_.home.index());
}

void Running::wake_writer() {
    if (blocking()) return room_.notify_all();
    {
        std::scoped_lock lock(mutex_);
        if (!std::exchange(busy_told_, false) || ended_ || gone_) return;
    }
    main().post([self = shared_from_this()] {
        const mh_command_provider* p = self->entry_->provider;
        {
            std::scoped_lock lock(self->mutex_);
            if (self->ended_ || self->gone_) return;
        }
        if (MH_FIELD_OK(p, on_writable))
            module::guarded(self->entry_->generation->side(), "command.on_writable",
                            [&] { p->on_writable(p->user, self->handle()); });
    });
}

mh_status Running::cancel() {
    if (Loop::current() != &receiver_.home) return MH_E_WRONG_THREAD;
    {
        std::scoped_lock lock(mutex_);
        if (received_) return MH_E_GONE;
        received_ = gone_ = true;
        waiting_.clear();
        bytes_ = 0;
    }
    room_.notify_all();
    let_go_of_caller();
    main().post([self = shared_from_this()] { self->tell_gone(MH_E_CANCELLED); });
    forget_when_over();
    return MH_OK;
}

mh_status Running::flow(bool go) {
    if (Loop::current() != &receiver_.home) return MH_E_WRONG_THREAD;
    std::scoped_lock lock(mutex_);
    if (received_) return MH_E_GONE;
    go_ = go;
    if (go && !waiting_.empty()) deliver_soon();
    return MH_OK;
}

// ---- its life, on main

void Running::start() {
    self_ = shared_from_this();
    {
        std::scoped_lock lock(mutex_);
        if (gone_) ended_ = true;
    }
    if (ended_) {
        forget_when_over();
        return finished();
    }
    if (timeout_ms_) main().arm(deadline_, timeout_ms_);
    const RunningPtr keep = self_;  // an end within the call lets go of self_
    if (entry_->action) return entry_->action(keep);
    entry_->generation->pin(main().index());
    pinned_ = true;
    if (blocking())
        run_on_worker();
    else
        call_run();
}

void Running::refuse(std::string_view error) {
    stop(MH_E_UNAVAILABLE, error);
    {
        std::scoped_lock lock(mutex_);
        ended_ = true;
    }
    forget_when_over();
}

void Running::call_run() {
    const mh_command_provider& p = *entry_->provider;
    module::HostSide& side = entry_->generation->side();
    module::take_report(side);  // what somebody else left behind on this thread is not ours
    const RunningPtr keep = shared_from_this();
    const mh_status s = module::guarded(side, "command.run", mh_status{MH_E_PANIC},
                                        [&] { return p.run(p.user, handle()); });
    if (s >= 0) return;
    std::string why = module::take_report(side);
    if (why.empty())
        why = s == MH_E_PANIC
                  ? "an exception came out of the command; the log of the process has it"
                  : fmt::format("the command failed: {}", module::status_name(s));
    end(s, 1, why);
}

void Running::run_on_worker() {
    auto work = [](void* arg) {
        Running& r = *static_cast<Running*>(arg);
        r.worker_ = std::this_thread::get_id();
        {
            std::scoped_lock lock(r.mutex_);
            if (r.gone_) r.ended_ = true;
        }
        if (!r.ended_) {
            r.call_run();
            r.end(MH_E_INVALID, 1, "the command returned without an end");  // unless it has one
        }
        r.worker_ = std::thread::id{};
    };
    auto done = [](void* arg, mh_status s) {
        Running& r = *static_cast<Running*>(arg);
        if (s != MH_OK) {  // it never ran
            r.worker_ = std::this_thread::get_id();
            r.end(s, 1, "the process stops");
        }
        r.forget_when_over();
        r.finished();
    };
    const mh_status s =
        table_.environment().work->submit(&entry_->generation->side(), main(), work, done, this);
    if (s == MH_OK) return;
    worker_ = std::this_thread::get_id();
    end(s, 1, "too much blocking work is waiting already; try again later");
    finished();
}

void Running::stop(mh_status s, std::string_view error) {
    {
        std::scoped_lock lock(mutex_);
        if (ended_ || gone_) return;
        gone_ = true;
        Output o{Output::Kind::end, std::string(error)};
        o.status = s;
        o.exit_code = s == MH_E_TIMEOUT ? kExitTimeout : 1;
        waiting_.push_back(std::move(o));
        deliver_soon();
    }
    tell_gone(s);
}

// Nobody waits any more. Without on_cancel the command finds out with its next output.
void Running::tell_gone(mh_status why) {
    {
        std::scoped_lock lock(mutex_);
        if (ended_) return;
    }
    room_.notify_all();
    if (const auto gone = std::exchange(on_gone, nullptr)) return gone();
    const mh_command_provider* p = entry_->provider;
    if (blocking() || !MH_FIELD_OK(p, on_cancel) || !pinned_) return;
    const RunningPtr keep = shared_from_this();
    module::guarded(entry_->generation->side(), "command.on_cancel",
                    [&] { p->on_cancel(p->user, handle(), why); });
    {
        std::scoped_lock lock(mutex_);
        if (ended_) return;  // it did call end()
        ended_ = true;
    }
    forget_when_over();
    finished();
}

void Running::finished() {
    const RunningPtr keep = std::move(self_);
    if (!keep) return;
    Wheel::disarm(deadline_);
    if (std::exchange(pinned_, false)) entry_->generation->unpin(main().index());
}

}  // namespace microhost::command
