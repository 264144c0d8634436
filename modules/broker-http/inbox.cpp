// SPDX-License-Identifier: Apache-2.0
#include "inbox.hpp"

namespace microhost::broker_http {

void Inbox::open(std::string id, std::string topic) {
    std::scoped_lock lock(mutex_);
    topics_.insert_or_assign(std::move(id), std::move(topic));
}

void Inbox::close(std::string_view id) {
    std::scoped_lock lock(mutex_);
    if (const auto at = topics_.find(id); at != topics_.end()) topics_.erase(at);
}

bool Inbox::has(std::string_view id) const {
    std::scoped_lock lock(mutex_);
    return topics_.find(id) != topics_.end();
}

bool Inbox::takes(std::string_view id, std::string_view topic) const {
    std::scoped_lock lock(mutex_);
    const auto at = topics_.find(id);
    return at != topics_.end() && at->second == topic;
}

bool Inbox::is_new(std::string_view topic, std::string_view message_id) {
    if (message_id.empty()) return true;
    std::string key(topic);
    key.append(1, '\n').append(message_id);
    std::scoped_lock lock(mutex_);
    if (!seen_.insert(key).second) return false;
    if (ring_.size() < kRemembered) {
        ring_.push_back(std::move(key));
        return true;
    }
    seen_.erase(ring_[next_]);
    ring_[next_] = std::move(key);
    next_ = (next_ + 1) % kRemembered;
    return true;
}

}  // namespace microhost::broker_http
