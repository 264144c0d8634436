// SPDX-License-Identifier: Apache-2.0
#include "browser.hpp"

#include <algorithm>

namespace microhost::registry_mdns {
namespace {

// Milliseconds.
constexpr uint64_t kLongestWaits = 5;  // times the first: for those whom the first list names
constexpr uint64_t kRepeat = 100, kGiveUp = 300;    // of a look-up
constexpr uint64_t kNotAgain = 1000;                // the same name within this
constexpr uint64_t kFirstRepeats[] = {1000, 3000};  // of the list, for what was lost
constexpr uint64_t kAging = 1000;

}  // namespace

Browser::Browser(Air& air, std::vector<std::string> domains, const Waits& waits, Reports reports)
    : air_(air),
      domains_(std::move(domains)),
      waits_(waits),
      reports_(std::move(reports)),
      known_(reports_.known) {}

void Browser::begin(uint64_t now_ms) {
    running_ = true;
    synced_ = false;
    began_ms_ = now_ms;
    again(now_ms);
}

void Browser::stop() {
    running_ = false;
    known_.clear();
    look_ups_.clear();
    asked_.clear();
    open_.clear();
    queue_.clear();
}

void Browser::again(uint64_t now_ms) {
    lists_ = 0;
    list_due_ms_ = now_ms;
}

void Browser::forget_ours() {
    known_.forget_if(reports_.ours);
    known_.flush(true);
}

void Browser::ask_list() {
    for (const std::string& d : domains_)
        air_.ask(write_message(query("_services." + d, id()), false));
}

void Browser::ask(std::string_view name, uint64_t now_ms) {
    asked_[std::string(name)] = now_ms;
    for (const std::string& d : domains_) {
        const std::string packet = write_message(query(name_of(name) + "." + d, id()), false);
        if (!packet.empty()) air_.ask(packet);
    }
}

void Browser::take(const Message& response, const Source& from, uint64_t now_ms) {
    if (!running_) return;
    for (const Found& f : nodes_of(response)) take_node(f, from, now_ms);
    for (const std::string& d : domains_)
        for (const std::string& name : names_of(response, d)) take_name(name, now_ms);
    known_.flush(false);
    ask_queued(now_ms);
    check_synced(now_ms);
}

void Browser::take_node(const Found& f, const Source& from, uint64_t now_ms) {
    const auto domain = std::find_if(domains_.begin(), domains_.end(), [&](const std::string& d) {
        return before(f.instance, d) && !before(f.instance, "_services." + d);
    });
    if (domain == domains_.end() || reports_.ours(f.instance)) return;
    if (f.ttl == 0) {
        known_.forget(f.instance);
        return;
    }
    const std::string* ip = nullptr;
    bool elsewhere = false;
    for (const std::string& a : f.ips) {
        if (is_loopback(a) && !from.here) elsewhere = true;
        if (is_useless(a) || (is_loopback(a) && !from.here)) continue;
        ip = &a;
        break;
    }
    if (ip) return learn(f, *ip, *domain, from, now_ms);
    if (!elsewhere) return;
    const std::string_view host = from.address.substr(0, from.address.rfind(':'));
    reports_.complain(
        "loopback " + std::string(host),
        "a node of " + std::string(host) +
            " is left out: it gives 127.0.0.1 as its "
            "address, where only that machine reaches it; start the service there with "
            "--server_address or --server_advertise and an address of its network");
}

void Browser::learn(const Found& f, const std::string& ip, const std::string& domain,
                    const Source& from, uint64_t now_ms) {
    std::string service;
    switch (known_.take(f, ip, domain, now_ms, service)) {
        case Known::Outcome::refused:
            return reports_.complain(
                "refused " + std::string(from.address.substr(0, from.address.rfind(':'))),
                "a node is left out: its text record is not Micro's, or has "
                "another name in it");
        case Known::Outcome::full:
            return reports_.complain("full", "there are more than " +
                                                 std::to_string(Known::kMostNodes) +
                                                 " nodes: those that come now are left out");
        default: break;
    }
    open_.erase(service);
    answer_look_ups(service);
}

void Browser::answer_look_ups(const std::string& name) {
    if (look_ups_.empty() || !look_ups_.erase(name)) return;
    known_.flush(true);  // the node is there before the answer
    reports_.looked_up(name);
}

void Browser::take_name(const std::string& name, uint64_t now_ms) {
    if (!is_clean_name(name) || !name_fits(name_of(name)) || known_.has(name)) return;
    const auto before_ms = asked_.find(name);
    if (before_ms != asked_.end() && now_ms - before_ms->second < kNotAgain) return;
    if (queue_.size() + asked_.size() >= kMostNames)
        return reports_.complain("names",
                                 "there are more than " + std::to_string(kMostNames) +
                                     " names of services: those that come now are left out");
    if (!synced_) open_.insert(name);
    queue_.insert(name);
}

void Browser::look_up(const std::string& name, uint64_t now_ms) {
    const bool askable = running_ && is_clean_name(name) && name_fits(name_of(name) + ".local");
    if (!askable || look_ups_.size() >= kMostLookUps) return reports_.looked_up(name);
    if (look_ups_.count(name)) return;  // one answer is for all
    look_ups_[name] = {now_ms + kRepeat, now_ms + kGiveUp};
    ask(name, now_ms);
}

void Browser::end_look_ups(uint64_t now_ms) {
    std::vector<std::string> over;
    for (auto& [name, l] : look_ups_) {
        if (now_ms >= l.until_ms) {
            over.push_back(name);
        } else if (now_ms >= l.again_ms) {
            l.again_ms = l.until_ms;
            ask(name, now_ms);
        }
    }
    for (const std::string& name : over) {
        look_ups_.erase(name);
        reports_.looked_up(name);
    }
}

void Browser::ask_queued(uint64_t now_ms) {
    while (!queue_.empty() && questions_.take(now_ms))
        ask(queue_.extract(queue_.begin()).value(), now_ms);
}

void Browser::check_synced(uint64_t now_ms) {
    if (synced_) return;
    const uint64_t waited = now_ms - began_ms_;
    if (waited < waits_.first_ms ||
        (waited < kLongestWaits * waits_.first_ms && (!open_.empty() || !queue_.empty())))
        return;
    synced_ = true;
    open_.clear();
    reports_.synced();
}

int64_t Browser::work(uint64_t now_ms) {
    if (!running_) return -1;
    if (now_ms >= list_due_ms_) {
        ask_list();
        list_due_ms_ = now_ms + (lists_ < std::size(kFirstRepeats) ? kFirstRepeats[lists_]
                                                                   : waits_.interval_ms);
        lists_++;
    }
    std::set<std::string> due;
    known_.age(now_ms, due);
    known_.flush(true);
    queue_.merge(due);
    ask_queued(now_ms);
    std::erase_if(asked_, [&](const auto& a) { return now_ms - a.second >= kNotAgain; });
    end_look_ups(now_ms);
    check_synced(now_ms);
    const bool soon = !queue_.empty() || !look_ups_.empty() || !synced_;
    const auto list = static_cast<int64_t>(list_due_ms_ - now_ms);
    return soon ? static_cast<int64_t>(kRepeat) : std::min(list, static_cast<int64_t>(kAging));
}

}  // namespace microhost::registry_mdns
