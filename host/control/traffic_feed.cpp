// SPDX-License-Identifier: Apache-2.0
#include "control/traffic_feed.hpp"

#include "module/generation.hpp"
#include "module/host_side.hpp"
#include "observe/metrics.hpp"
#include "observe/timestamp.hpp"

namespace microhost::control {
namespace {

constexpr uint64_t kStepNs = TrafficFeed::kStepMs * 1'000'000;

void end_listening(module::HostSide& side) {
    if (TrafficFeed* feed = TrafficFeed::current()) feed->end(side);
}

}  // namespace

TrafficFeed::TrafficFeed(Loop& main, Census& census, const observe::Metrics& metrics,
                         std::function<bool()> listens)
    : main_(main),
      census_(census),
      metrics_(metrics),
      listens_(std::move(listens)),
      round_(std::make_shared<uint64_t>(0)) {
    tick_.owner = this;
    tick_.fire = [](Timer& t) {
        TrafficFeed& feed = *static_cast<Tick&>(t).owner;
        feed.asked_ ? feed.take() : feed.ask();
    };
}

Reading TrafficFeed::read() const {
    return read_metrics(metrics_.collect(), Loop::clock_ns(), census_.total());
}

void TrafficFeed::start() {
    if (std::exchange(running_, true)) return;
    ask();
}

void TrafficFeed::stop() {
    asked_ = false;
    Wheel::disarm(tick_);
}

void TrafficFeed::wait_for_next() {
    const uint64_t due = began_ns_ + (taken_ + 1) * kStepNs, now = Loop::clock_ns();
    main_.arm(tick_, due <= now ? 0 : (due - now) / 1'000'000);
}

void TrafficFeed::ask() {
    asked_ = true;
    main_.arm(tick_, kAnswersMs);
    const uint64_t round = ++*round_;
    census_.ask(listens_(), [this, round, now = std::weak_ptr(round_)] {
        const auto current = now.lock();
        if (current && *current == round && asked_) take();
    });
}

void TrafficFeed::take() {
    asked_ = false;
    Reading now = read();
    if (!before_) {  // what was before: the first step begins
        began_ns_ = now.at_ns;
        before_ = std::move(now);
        return wait_for_next();
    }
    const uint64_t second = (now.at_ns - began_ns_) / kStepNs;
    const uint64_t missed = second > taken_ + 1 ? second - taken_ - 1 : 0;
    taken_ += missed + 1;
    traffic_.add(load_between(*before_, now), missed,
                 static_cast<int64_t>(observe::wall_now_us() / 1000));
    before_ = std::move(now);
    wait_for_next();
    tell();
}

mh_token TrafficFeed::watch(module::HostSide* side, Fn fn, void* user) {
    Watch w;
    w.side = side;
    w.fn = fn;
    w.user = user;
    const mh_token token = watches_.add(std::move(w));
    if (!token) return 0;
    if (side) side->generation.at_end(main_.index(), end_listening);
    start();
    return token;
}

void TrafficFeed::tell() {
    watches_.tell([](Watch& w) {
        if (w.side)
            module::guarded(*w.side, "metrics.watch", [&w] { w.fn(w.user); });
        else
            w.fn(w.user);
    });
}

}  // namespace microhost::control
