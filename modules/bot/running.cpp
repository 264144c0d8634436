// SPDX-License-Identifier: Apache-2.0
#include "running.hpp"

#include <utility>

namespace microhost::bot {

Running::Running(Limits limits, std::function<uint64_t()> now_ms)
    : limits_(limits), now_(std::move(now_ms)) {}

Running::~Running() = default;

bool Running::submit(Task t) {
    if (stopped_ || waiting_ >= limits_.waiting_all) return false;
    Queue& q = queues_[t.owner];
    if (q.waiting.size() >= limits_.waiting) return false;
    const std::string owner = t.owner;
    q.waiting.push_back(std::move(t));
    ++waiting_;
    ready_.push_back(owner);
    pump();
    return true;
}

// Whoever is called from here may submit, cancel or end something: then this loop goes on, not a second one.
void Running::pump() {
    if (std::exchange(pumping_, true)) return;
    while (!ready_.empty() && !stopped_ && jobs_.size() < limits_.at_once) {
        const std::string owner = std::move(ready_.front());
        ready_.pop_front();
        begin(owner);
    }
    pumping_ = false;
}

void Running::begin(const std::string& owner) {
    const auto at = queues_.find(owner);
    if (at == queues_.end()) return;
    Queue& q = at->second;
    if (q.front != 0 || q.running >= limits_.per_user) return;
    if (q.waiting.empty()) {
        if (q.running == 0) queues_.erase(at);
        return;
    }
    const uint64_t id = ++last_;
    auto job = std::make_unique<Job>(Job{std::move(q.waiting.front()), now_()});
    q.waiting.pop_front();
    --waiting_;
    ++q.running;
    q.front = id;
    Work& work = *job->task.work;
    jobs_.emplace(id, std::move(job));
    work.begin([this, id](Result r) { finish(id, std::move(r)); });
}

void Running::finish(uint64_t id, Result r) {
    const auto at = jobs_.find(id);
    if (at == jobs_.end()) return;
    // It leaves the table before anybody is told, and lives until everybody was.
    const std::unique_ptr<Job> job = std::move(at->second);
    jobs_.erase(at);
    const std::string owner = job->task.owner;
    Queue& q = queues_[owner];
    --q.running;
    if (q.front == id) q.front = 0;
    job->task.on_done(std::move(r), job->task.work->output, now_() - job->began_ms);
    ready_.push_back(owner);
    pump();
}

void Running::tick() {
    const uint64_t now = now_();
    std::vector<uint64_t> late, slow;
    for (const auto& [id, job] : jobs_) {
        const uint64_t age = now - job->began_ms;
        if (age >= static_cast<uint64_t>(limits_.timeout.count()))
            late.push_back(id);
        else if (!job->slow && age >= static_cast<uint64_t>(limits_.progress_after.count()))
            slow.push_back(id);
    }
    for (const uint64_t id : slow) {
        const auto at = jobs_.find(id);
        if (at == jobs_.end()) continue;
        at->second->slow = true;
        const std::string owner = at->second->task.owner;
        if (Queue& q = queues_[owner]; q.front == id) q.front = 0;
        const auto tell = at->second->task.on_slow;
        if (tell) tell(id);
        ready_.push_back(owner);
    }
    for (const uint64_t id : late) {
        const std::string seconds = std::to_string((limits_.timeout.count() + 999) / 1000);
        finish(id, {Verdict::timeout, "it did not end within " + seconds + " s"});
    }
    pump();
}

Running::Cancelled Running::cancel(uint64_t id, std::string_view owner, bool anybodys) {
    const auto at = jobs_.find(id);
    if (at == jobs_.end()) return Cancelled::unknown;
    if (!anybodys && at->second->task.owner != owner) return Cancelled::not_yours;
    finish(id, {Verdict::cancelled, "cancelled"});
    return Cancelled::yes;
}

std::vector<Running::Shown> Running::list(std::string_view owner) const {
    std::vector<Shown> out;
    for (const auto& [id, job] : jobs_)
        if (owner.empty() || job->task.owner == owner)
            out.push_back({id, now_() - job->began_ms, job->task.text});
    return out;
}

void Running::stop(Verdict v, const std::string& why) {
    stopped_ = true;
    std::vector<Task> dropped;
    for (auto& [owner, q] : queues_) {
        for (Task& t : q.waiting) dropped.push_back(std::move(t));
        q.waiting.clear();
    }
    waiting_ = 0;
    while (!jobs_.empty()) finish(jobs_.begin()->first, {v, why});
    for (const Task& t : dropped)
        if (t.on_drop) t.on_drop();
}

}  // namespace microhost::bot
