// SPDX-License-Identifier: Apache-2.0
/// Our own subscriptions, and the messages that came for them lately.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace microhost::broker_http {

/// Thread: any.
class Inbox {
  public:
    static constexpr size_t kRemembered = 4096;

    void open(std::string id, std::string topic);
    void close(std::string_view id);
    bool has(std::string_view id) const;
    /// Whether a subscription of that id takes messages of that topic.
    bool takes(std::string_view id, std::string_view topic) const;
    /// False when a message with that id came before: a publisher that knows us by several names sends it more than once. One
    /// without an id is always new.
    bool is_new(std::string_view topic, std::string_view message_id);

  private:
    mutable std::mutex mutex_;
    std::map<std::string, std::string, std::less<>> topics_;  // by id
    std::vector<std::string> ring_;  // of what is in seen_, the oldest at next_
    size_t next_ = 0;
    std::unordered_set<std::string> seen_;
};

}  // namespace microhost::broker_http
