// SPDX-License-Identifier: Apache-2.0
#include "control/log_desk.hpp"

#include <algorithm>
#include <deque>

#include "module/generation.hpp"
#include "module/host_side.hpp"

namespace microhost::control {
namespace {

using module::lend;

void end_reading(module::HostSide& side) {
    if (LogDesk* desk = LogDesk::current()) desk->end(side);
}

/// The newest `most` of those that are wanted.
template <class Wanted>
std::deque<log::Entry> entries(const log::Log& log, uint64_t since, size_t most, Wanted wanted) {
    std::deque<log::Entry> out;
    log.each(since, [&](uint64_t sequence, const log::Record& r) {
        if (!wanted(sequence, r)) return;
        out.push_back(log::entry_of(sequence, r));
        if (out.size() > most) out.pop_front();
    });
    return out;
}

}  // namespace

LogDesk::LogDesk(const log::Log& log, Loop& main) : log_(log), main_(main) {
    tick_.owner = this;
    tick_.fire = [](Timer& t) { static_cast<Tick&>(t).owner->look(); };
}

std::vector<log::Entry> LogDesk::recent(const LogFilter& filter, uint64_t since,
                                        size_t most) const {
    auto found =
        entries(log_, since, most, [&](uint64_t, const log::Record& r) { return filter.takes(r); });
    return {std::make_move_iterator(found.begin()), std::make_move_iterator(found.end())};
}

mh_token LogDesk::follow(module::HostSide* side, LogFilter filter, Fn fn, void* user) {
    Follow f;
    f.side = side;
    f.filter = std::move(filter);
    f.fn = fn;
    f.user = user;
    f.seen = log_.newest();
    const mh_token token = follows_.add(std::move(f));
    if (!token) return 0;
    if (side) side->generation.at_end(main_.index(), end_reading);
    arm();
    return token;
}

void LogDesk::arm() {
    if (!tick_.armed()) main_.arm(tick_, kLookAgainMs);
}

void LogDesk::look() {
    const log::Echo echo;
    follows_.tell([this](Follow& f) { tell(f); });
    if (!follows_.empty()) arm();
}

void LogDesk::tell(Follow& f) {
    constexpr size_t kMore = kMostPerSecond * kLookAgainMs / 1000;
    f.left = std::min(f.left + kMore, kMostPerSecond);
    // The log's writer waits while its tail is looked at: nobody is called meanwhile.
    const auto found = entries(log_, f.seen, f.left, [&f](uint64_t sequence, const log::Record& r) {
        f.seen = sequence;
        return !r.echo && f.filter.takes(r);
    });
    for (const log::Entry& e : found) {
        if (f.over) return;
        f.left--;
        if (f.side)
            module::guarded(*f.side, "log.follow", [&] { show(e, f.fn, f.user); });
        else
            show(e, f.fn, f.user);
    }
}

void show(const log::Entry& entry, LogDesk::Fn fn, void* user) {
    std::vector<mh_kv> fields;
    mh_log_record r{};
    r.size = sizeof r;
    r.level = static_cast<int32_t>(entry.level);
    r.seq = entry.sequence;
    r.time_ms = static_cast<int64_t>(entry.time_us / 1000);
    r.module = lend(entry.module);
    r.request_id = lend("");
    r.text = lend(entry.message);
    for (const auto& [key, value] : entry.fields) {
        if (is_request_key(key) && r.request_id.len == 0)
            r.request_id = lend(value);
        else
            fields.push_back({lend(key), lend(value)});
    }
    r.fields = fields.data();
    r.n_fields = static_cast<uint32_t>(fields.size());
    fn(user, &r);
}

}  // namespace microhost::control
