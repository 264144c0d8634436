// SPDX-License-Identifier: Apache-2.0
#include "announcer.hpp"

#include <algorithm>
#include <set>

namespace microhost::registry_mdns {
namespace {

constexpr uint64_t kProbePause = 250;  // milliseconds, at most
constexpr uint64_t kAnnouncePause = 1000;

Air::Reach reach_of(const Node& n) {
    return is_loopback(n.ip) ? Air::Reach::machine : Air::Reach::link;
}

}  // namespace

Announcer::Announcer(Air& air, std::string host, std::vector<std::string> domains, uint16_t port)
    : air_(air), host_(std::move(host)), domains_(std::move(domains)), port_(port) {}

uint64_t Announcer::probe_pause() { return chance_() % kProbePause; }

std::string Announcer::add(uint64_t key, const Node& n, uint64_t now_ms) {
    std::vector<Offer> offers;
    for (const std::string& d : domains_) {
        Offer& o = offers.emplace_back(n, d, host_);
        if (!o.fits())
            return "its name or its node's id does not fit into a name of DNS: parts of at most 63 "
                   "bytes, 255 in all; give the service a shorter name";
        if (const size_t size = o.longest(); size > kMostDatagram)
            return "it needs a datagram of " + std::to_string(size) + " bytes, and mdns takes " +
                   std::to_string(kMostDatagram) +
                   "; give it fewer endpoints or smaller types, or use registry-etcd or the "
                   "directory";
    }
    const auto old = [&](const Row& r) { return r.key == key; };
    const bool same = std::all_of(rows_.begin(), rows_.end(),
                                  [&](const Row& r) { return !old(r) || r.offer.node == n; });
    if (same && std::any_of(rows_.begin(), rows_.end(), old)) return {};
    if (!same) remove(key);
    for (Offer& o : offers) rows_.push_back({key, std::move(o), 0, now_ms});
    return {};
}

void Announcer::remove(uint64_t key) {
    for (auto it = rows_.begin(); it != rows_.end();) {
        const auto here = it++;
        if (here->key != key) continue;
        if (running_) send(*here, here->offer.announcement(0));
        rows_.erase(here);
    }
}

void Announcer::begin(bool probe, uint64_t now_ms) {
    running_ = true;
    for (Row& r : rows_) {
        r.step = probe ? 0 : kProbes;
        r.due_ms = now_ms;
    }
}

void Announcer::goodbye() {
    if (!running_) return;
    for (const Row& r : rows_) send(r, r.offer.announcement(0));
}

void Announcer::send(const Row& row, const Message& m) {
    air_.tell(write_message(m, false), reach_of(row.offer.node));
}

void Announcer::send_step(Row& row, uint64_t now_ms) {
    const unsigned step = row.step++;
    if (step < kProbes) {
        send(row, row.offer.probe(static_cast<uint16_t>(chance_())));
        row.due_ms = now_ms + probe_pause();
        return;
    }
    send(row, row.offer.announcement(kTtl));
    row.due_ms = now_ms + (kAnnouncePause << (step - kProbes));
}

int64_t Announcer::work(uint64_t now_ms) {
    if (!running_) return -1;
    int64_t next = -1;
    for (Row& r : rows_) {
        if (r.step < kSteps && r.due_ms <= now_ms) send_step(r, now_ms);
        if (r.step >= kSteps) continue;
        const auto left = static_cast<int64_t>(r.due_ms > now_ms ? r.due_ms - now_ms : 0);
        next = next < 0 ? left : std::min(next, left);
    }
    return next;
}

bool Announcer::owns(std::string_view instance) const {
    return std::any_of(rows_.begin(), rows_.end(),
                       [&](const Row& r) { return same_name(r.offer.instance, instance); });
}

void Announcer::respond(const Question& q, const Source& from, Message m, bool own_port) {
    const std::string packet = write_message(m, true);
    air_.reply(from, packet);
    // Who asks from the port of mdns shares it with others of that machine: it may not be the one whom the reply reaches.
    if (own_port && !(q.klass & kTopBit)) air_.tell(packet, Air::Reach::link);
}

void Announcer::answer(const Message& query, const Source& from, uint64_t now_ms) {
    if (!running_) return;
    for (const Question& q : query.questions) {
        const uint16_t klass = q.klass & static_cast<uint16_t>(~kTopBit);
        if (klass != kIn && klass != kAny) continue;
        std::set<std::string_view> listed;
        for (const Row& r : rows_) {
            const Offer& o = r.offer;
            const bool hidden = is_loopback(o.node.ip) && !from.here;
            auto m = hidden ? std::nullopt : o.answer(q);
            if (!m && !hidden && listed.insert(o.listed).second) m = o.list_answer(q);
            if (!m) continue;
            if (!replies_.take(now_ms)) return;
            if (q.klass & kTopBit) m->id = query.id;
            const bool own_port = from.port == port_ && !is_loopback(o.node.ip);
            respond(q, from, std::move(*m), own_port);
        }
    }
}

}  // namespace microhost::registry_mdns
