// SPDX-License-Identifier: Apache-2.0
/// Websockets that are told of every change of the registry: {"Action":"create|update|delete","Service":{...}}. One for each loop.
#pragma once

#include <microhost/request.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace microhost::proxy {

class Watchers {
  public:
    /// The most text that waits for one slow reader; then it is let go (1013).
    static constexpr size_t kMostWaiting = 4u << 20;

    Watchers() = default;
    ~Watchers();
    Watchers(const Watchers&) = delete;
    Watchers& operator=(const Watchers&) = delete;

    /// Accepts the upgrade.
    mh_status add(mh::request r);

  private:
    struct Watcher {
        Watchers* owner;
        mh_ws* socket;
        std::deque<std::shared_ptr<const std::string>> waiting;
        size_t bytes = 0;
    };
    using Known = std::map<std::pair<std::string, std::string>, std::string>;

    static void on_registry(void* user, const mh_registry_view* view);
    static void on_message(void* user, mh_ws* w, int32_t opcode, mh_seg message);
    static void on_writable(void* user, mh_ws* w);
    static void on_close(void* user, mh_ws* w, uint32_t code, mh_str reason);
    static Known read(const mh_registry_view* view);

    void tell_changes(Known now);
    void tell(std::string_view action, const std::string& service);
    static void flush(Watcher& w);

    std::map<mh_ws*, std::unique_ptr<Watcher>> all_;
    Known known_;  ///< service JSON by name and version; only while somebody watches
    mh_token watch_ = 0;
    bool first_ = false;  ///< the next call tells what there is, not what changed
};

}  // namespace microhost::proxy
