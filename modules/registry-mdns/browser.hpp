// SPDX-License-Identifier: Apache-2.0
/// Finds the nodes of others: asks for the list of names, then for each name, and listens. One thread.
#pragma once

#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "air.hpp"
#include "complaints.hpp"
#include "known.hpp"

namespace microhost::registry_mdns {

class Browser {
  public:
    static constexpr size_t kMostNames = 4096, kMostLookUps = 256;

    struct Reports {
        Known::Reports known;
        std::function<void()> synced;
        std::function<void(const std::string& name)> looked_up;
        /// A line for the log; `key`: whose fault, once for each.
        std::function<void(const std::string& key, const std::string& text)> complain;
        /// Nodes of this process are not told back to it.
        std::function<bool(std::string_view instance)> ours;
    };
    struct Waits {
        uint64_t interval_ms;  ///< between two lists
        uint64_t first_ms;     ///< for anybody to answer the first
    };
    Browser(Air& air, std::vector<std::string> domains, const Waits& waits, Reports reports);

    void begin(uint64_t now_ms);
    void stop();
    /// Asks for everything again, soon: an interface has come.
    void again(uint64_t now_ms);
    /// What was heard before it became ours, as when a module is reloaded, is forgotten.
    void forget_ours();
    void take(const Message& response, const Source& from, uint64_t now_ms);
    void look_up(const std::string& name, uint64_t now_ms);
    /// Sends what is due and ends what is over. Milliseconds until the next.
    int64_t work(uint64_t now_ms);
    /// Something waits for work().
    bool busy() const { return !queue_.empty() || known_.pending(); }
    const Known& known() const { return known_; }

  private:
    void ask(std::string_view name, uint64_t now_ms);
    void ask_list();
    void take_node(const Found& f, const Source& from, uint64_t now_ms);
    void take_name(const std::string& name, uint64_t now_ms);
    void learn(const Found& f, const std::string& ip, const std::string& domain, const Source& from,
               uint64_t now_ms);
    void answer_look_ups(const std::string& name);
    void end_look_ups(uint64_t now_ms);
    void ask_queued(uint64_t now_ms);
    void check_synced(uint64_t now_ms);
    uint16_t id() { return static_cast<uint16_t>(chance_()); }

    struct LookUp {
        uint64_t again_ms, until_ms;
    };
    Air& air_;
    const std::vector<std::string> domains_;
    const Waits waits_;
    Reports reports_;
    Known known_;
    std::map<std::string, LookUp> look_ups_;
    std::map<std::string, uint64_t> asked_;  // services, and when they were asked for last
    std::set<std::string> open_;   // names of the first list that nobody has answered for yet
    std::set<std::string> queue_;  // to be asked for
    uint64_t began_ms_ = 0, list_due_ms_ = 0;
    unsigned lists_ = 0;  // asked for since begin() or again()
    bool synced_ = false, running_ = false;
    Budget questions_{500};
    std::minstd_rand chance_{std::random_device{}()};
};

}  // namespace microhost::registry_mdns
