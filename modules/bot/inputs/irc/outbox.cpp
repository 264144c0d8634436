// SPDX-License-Identifier: Apache-2.0
#include "outbox.hpp"

#include <algorithm>

namespace microhost::bot::irc {

ms Pace::wait(ms now) const {
    const ms ahead = paid_until_ + pause_ - now;
    return std::max(ms(0), ahead - pause_ * burst_);
}

bool Pace::take(ms now) {
    if (wait(now) > ms(0)) return false;
    charge(now);
    return true;
}

void Pace::charge(ms now) {
    // Whoever makes us answer at once cannot silence the rest for longer than two bursts.
    paid_until_ = std::min(std::max(paid_until_, now) + pause_, now + pause_ * burst_ * 2);
}

bool Outbox::push(Item item) {
    const bool full = items_.size() >= kMost;
    if (full) {
        items_.pop_front();
        ++dropped_;
    }
    items_.push_back(std::move(item));
    return !full;
}

std::optional<Outbox::Item> Outbox::take(
    ms now, const std::function<bool(std::string_view target)>& ready) {
    expire(now);
    const auto it =
        std::find_if(items_.begin(), items_.end(), [&](const Item& i) { return ready(i.target); });
    if (it == items_.end()) return {};
    Item out = std::move(*it);
    items_.erase(it);
    return out;
}

bool Outbox::any(const std::function<bool(std::string_view target)>& ready) const {
    return std::any_of(items_.begin(), items_.end(),
                       [&](const Item& i) { return ready(i.target); });
}

void Outbox::drop_if(const std::function<bool(const Item&)>& gone) {
    dropped_ += std::erase_if(items_, gone);
}

void Outbox::rename(std::string_view from, std::string_view to,
                    const std::function<bool(std::string_view, std::string_view)>& same) {
    for (Item& i : items_)
        if (same(i.target, from)) i.target = to;
}

void Outbox::expire(ms now) {
    drop_if([now](const Item& i) { return now - i.at > kLongestWait; });
}

}  // namespace microhost::bot::irc
