// SPDX-License-Identifier: Apache-2.0
/// The nodes of this process: probed, announced three times, answered for, and withdrawn. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <random>
#include <string>
#include <vector>

#include "air.hpp"
#include "complaints.hpp"
#include "records.hpp"

namespace microhost::registry_mdns {

/// RFC 6762 section 17 allows 9000 bytes with the heads of IP and UDP, those of IPv6 taken.
constexpr size_t kMostDatagram = 9000 - 40 - 8;

class Announcer {
  public:
    Announcer(Air& air, std::string host, std::vector<std::string> domains, uint16_t port);

    /// A sentence when it cannot be announced; empty when it is. A key again replaces its node.
    std::string add(uint64_t key, const Node& n, uint64_t now_ms);
    void remove(uint64_t key);
    /// From the beginning, as after a start. `probe` false: somebody of ours was there a moment ago.
    void begin(bool probe, uint64_t now_ms);
    /// Tells everybody that all are gone, but keeps them for begin().
    void goodbye();
    void stop() { running_ = false; }

    /// Answers each question, in a packet of its own, as a Micro process has a server for each node.
    void answer(const Message& query, const Source& from, uint64_t now_ms);
    /// Sends what is due. Milliseconds until the next, or -1.
    int64_t work(uint64_t now_ms);
    bool owns(std::string_view instance) const;

  private:
    struct Row {
        uint64_t key;
        Offer offer;
        unsigned step;  // of kSteps: probes, announcements
        uint64_t due_ms;
    };
    static constexpr unsigned kProbes = 3, kSteps = 6;
    void send_step(Row& row, uint64_t now_ms);
    void send(const Row& row, const Message& m);
    void respond(const Question& q, const Source& from, Message m, bool own_port);
    uint64_t probe_pause();

    Air& air_;
    const std::string host_;
    const std::vector<std::string> domains_;
    const uint16_t port_;
    std::list<Row> rows_;
    bool running_ = false;
    Budget replies_{1000};
    std::minstd_rand chance_{std::random_device{}()};
};

}  // namespace microhost::registry_mdns
