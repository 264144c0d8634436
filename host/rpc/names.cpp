// SPDX-License-Identifier: Apache-2.0
#include "rpc/names.hpp"

#include <algorithm>
#include <cstring>

#include "registry/address.hpp"

namespace microhost::rpc {
namespace {

constexpr uint64_t kFreshMs = 30'000;  // asked for anew afterwards
constexpr uint64_t kKnownMs =
    300'000;  // used while nobody can tell it anew: a name server that rests for a minute hurts nobody
constexpr uint64_t kAgainMs = 5'000;  // after a failure
constexpr size_t kMostNames = 1024;
constexpr size_t kMostAddresses = 8;  // of one name

bool same(const net::Address& a, const net::Address& b) {
    return a.len == b.len && std::memcmp(a.get(), b.get(), a.len) == 0;
}

bool is_permutation(const std::vector<net::Address>& a, const std::vector<net::Address>& b) {
    return std::is_permutation(a.begin(), a.end(), b.begin(), b.end(), same);
}

}  // namespace

NameWait::NameWait() {
    late_.owner = this;
    late_.fire = [](Timer& t) {
        NameWait* w = static_cast<Late&>(t).owner;
        w->stop_waiting();
        w->on_name("its name was not resolved in time");
    };
}

void NameWait::stop_waiting() {
    Wheel::disarm(late_);
    if (!link_) return;
    *link_ = next_;
    if (next_) next_->link_ = link_;
    link_ = nullptr;
    next_ = nullptr;
}

Names::~Names() {
    for (auto& [place, e] : entries_) {
        while (e->waiting) e->waiting->stop_waiting();
        if (e->lookup) e->lookup->cancel();
    }
}

Names::Entry* Names::known(std::string_view place) {
    auto it = entries_.find(place);
    if (it == entries_.end() || it->second->addresses.empty()) return nullptr;
    return loop_.now_ms() < it->second->known_until_ms ? it->second.get() : nullptr;
}

const net::Address* Names::find(std::string_view place) {
    Entry* e = known(place);
    if (!e) return nullptr;
    if (loop_.now_ms() >= e->fresh_until_ms && !e->lookup) ask(*e);
    return &e->addresses.front();
}

size_t Names::pass_over(std::string_view place, const net::Address& failed) {
    Entry* e = known(place);
    if (!e) return 0;
    // Of several that failed on it at once the first one has moved it.
    if (same(e->addresses.front(), failed))
        std::rotate(e->addresses.begin(), e->addresses.begin() + 1, e->addresses.end());
    return e->addresses.size();
}

bool Names::wait(NameWait& w, std::string_view place, uint32_t ms) {
    w.stop_waiting();
    Entry* e = resolver ? entry_of(place) : nullptr;
    if (!e) return false;
    if (!e->lookup) ask(*e);
    w.next_ = e->waiting;
    if (w.next_) w.next_->link_ = &w.next_;
    w.link_ = &e->waiting;
    e->waiting = &w;
    loop_.arm(w.late_, std::max<uint32_t>(ms, 1));
    return true;
}

void Names::prepare(std::string_view place) {
    Entry* e = resolver ? entry_of(place) : nullptr;
    if (e && !e->lookup) ask(*e);
}

Names::Entry* Names::entry_of(std::string_view place) {
    if (auto it = entries_.find(place); it != entries_.end()) return it->second.get();
    Result<registry::Address> parsed = registry::parse_address(place);
    if (!parsed) return nullptr;
    if (entries_.size() >= kMostNames) make_room();
    if (entries_.size() >= kMostNames) return nullptr;
    auto e = std::make_unique<Entry>();
    e->host = std::move(parsed->host);
    e->port = parsed->port;
    return entries_.emplace(std::string(place), std::move(e)).first->second.get();
}

// Names that nobody waits for can be asked for again.
void Names::make_room() {
    std::erase_if(entries_, [](const auto& e) { return !e.second->lookup && !e.second->waiting; });
}

void Names::ask(Entry& e) {
    if (!resolver) return;
    e.lookup =
        resolver->resolve(e.host, e.port, [this, &e](const net::Resolved& r) { take(e, r); });
}

void Names::take(Entry& e, const net::Resolved& r) {
    e.lookup = nullptr;
    const uint64_t now = loop_.now_ms();
    e.fresh_until_ms = now + (r ? kFreshMs : kAgainMs);
    if (r) {
        e.known_until_ms = now + kKnownMs;
        std::vector<net::Address> found(
            r->begin(),
            r->begin() + static_cast<std::ptrdiff_t>(std::min(r->size(), kMostAddresses)));
        // The order that failures have taught is kept.
        if (!is_permutation(e.addresses, found)) e.addresses = std::move(found);
    } else if (now >= e.known_until_ms) {
        e.addresses.clear();
    }
    const std::string why = e.addresses.empty() ? r.error().what : std::string();
    // Taken over as a whole: who is told may wait for this name again.
    NameWait* all = e.waiting;
    e.waiting = nullptr;
    if (all) all->link_ = &all;
    while (all) {
        NameWait* w = all;
        w->stop_waiting();
        w->on_name(why.empty() ? nullptr : why.c_str());
    }
}

}  // namespace microhost::rpc
