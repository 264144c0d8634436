// SPDX-License-Identifier: Apache-2.0
#include "records.hpp"

#include <algorithm>
#include <map>

#include "txt.hpp"

namespace microhost::registry_mdns {
namespace {

constexpr uint16_t kPriority = 10, kWeight = 1, kListPort = 9999;

std::string joined(std::string_view a, std::string_view b) {
    return std::string(a) + "." + std::string(b);
}

Record record(std::string_view name, uint16_t type, uint32_t ttl) {
    Record r;
    r.name = name;
    r.type = type;
    r.ttl = ttl;
    return r;
}

Record pointer(std::string_view name, std::string_view target) {
    Record r = record(name, kPtr, kTtl);
    r.target = target;
    return r;
}

Record server(std::string_view name, std::string_view host, uint16_t port, uint32_t ttl) {
    Record r = record(name, kSrv, ttl);
    r.priority = kPriority;
    r.weight = kWeight;
    r.port = port;
    r.target = host;
    return r;
}

Record address(std::string_view host, std::string_view ip, uint32_t ttl) {
    Record r = record(host, ip.size() == 4 ? kA : kAaaa, ttl);
    r.address = ip;
    return r;
}

Message reply(const Question& q, std::vector<Record> answers) {
    Message m;
    m.flags = kResponse | kAuthoritative;
    m.questions = {q};
    m.answers = std::move(answers);
    return m;
}

bool asks(const Question& q, uint16_t type) { return q.type == type || q.type == kAny; }

/// Of `all` those that the question wants; with SRV the address comes along, as in Micro.
std::vector<Record> wanted(const Question& q, std::vector<Record> all) {
    std::erase_if(all, [&](const Record& r) {
        const bool is_address = r.type == kA || r.type == kAaaa;
        return !asks(q, r.type) && !(q.type == kSrv && is_address);
    });
    return all;
}

bool usable(const Record& r) { return (r.klass & ~kTopBit) == kIn; }

}  // namespace

Offer::Offer(const Node& n, std::string_view domain, std::string_view host_name)
    : node(n),
      service(joined(name_of(n.service), domain)),
      instance(joined(name_of(n.id), service)),
      list(joined("_services", domain)),
      listed(joined(name_of(n.service), list)),
      host(host_name),
      texts(encode_txt(txt_json(n))) {}

bool Offer::fits() const { return name_fits(instance) && name_fits(listed) && name_fits(host); }

std::vector<Record> Offer::records(uint32_t ttl) const {
    Record text = record(instance, kTxt, ttl);
    text.texts = texts;
    return {server(instance, host, node.port, ttl), address(host, node.ip, ttl), std::move(text)};
}

std::vector<Record> Offer::list_records() const {
    return {server(listed, host, kListPort, kTtl), address(host, std::string(4, '\0'), kTtl),
            record(listed, kTxt, kTtl)};
}

Message Offer::probe(uint16_t id) const {
    Message m = query(instance, id);
    m.authorities = records(kTtl);
    m.authorities.erase(m.authorities.begin() + 1);  // no address
    m.authorities[0].priority = m.authorities[0].weight = 0;
    return m;
}

Message Offer::announcement(uint32_t ttl) const {
    Message m;
    m.flags = kResponse;
    m.answers = records(ttl);
    return m;
}

std::optional<Message> Offer::answer(const Question& q) const {
    std::vector<Record> all = records(kTtl);
    if (same_name(q.name, service) && asks(q, kPtr)) {
        all.insert(all.begin(), pointer(q.name, instance));
        return reply(q, std::move(all));
    }
    if (same_name(q.name, host) && (q.type == kA || q.type == kAaaa)) {
        all = {all[1]};
        if (all[0].type == q.type) return reply(q, std::move(all));
        return {};
    }
    if (!same_name(q.name, instance)) return {};
    all = wanted(q, std::move(all));
    if (all.empty()) return {};
    return reply(q, std::move(all));
}

std::optional<Message> Offer::list_answer(const Question& q) const {
    std::vector<Record> all = list_records();
    if (same_name(q.name, list) && asks(q, kPtr)) {
        all.insert(all.begin(), pointer(q.name, listed));
        return reply(q, std::move(all));
    }
    if (!same_name(q.name, listed)) return {};
    all = wanted(q, std::move(all));
    if (all.empty()) return {};
    return reply(q, std::move(all));
}

size_t Offer::longest() const {
    const Question q{service, kPtr, kIn};
    return std::max({write_message(*answer(q), true).size(), write_message(probe(0), false).size(),
                     write_message(announcement(kTtl), false).size()});
}

Message query(std::string_view name, uint16_t id, uint16_t type) {
    Message m;
    m.id = id;
    m.questions.push_back({std::string(name), type, kIn});
    return m;
}

std::vector<Found> nodes_of(const Message& m) {
    std::map<std::string, std::vector<std::string>> ips;
    std::map<std::string, const std::vector<std::string>*> texts;
    std::vector<const Record*> servers;
    for (const auto* section : {&m.answers, &m.additionals}) {
        for (const Record& r : *section) {
            if (!usable(r)) continue;
            if (r.type == kA || r.type == kAaaa) ips[folded(r.name)].push_back(r.address);
            if (r.type == kTxt) texts[folded(r.name)] = &r.texts;
            if (r.type == kSrv && servers.size() < kMostFound) servers.push_back(&r);
        }
    }
    std::vector<Found> out;
    for (const Record* s : servers) {
        Found f{s->name, {}, s->port, s->ttl, nullptr};
        if (const auto t = texts.find(folded(s->name)); t != texts.end()) f.texts = t->second;
        if (const auto a = ips.find(folded(s->target)); a != ips.end()) f.ips = a->second;
        std::stable_sort(f.ips.begin(), f.ips.end(),
                         [](const auto& a, const auto& b) { return a.size() < b.size(); });
        if (f.ttl == 0 || (f.texts && !f.ips.empty() && f.port != 0)) out.push_back(std::move(f));
    }
    return out;
}

std::vector<std::string> names_of(const Message& m, std::string_view domain) {
    const std::string list = joined("_services", domain);
    std::vector<std::string> out;
    for (const auto* section : {&m.answers, &m.additionals}) {
        for (const Record& r : *section) {
            if (r.type != kPtr || !usable(r) || r.ttl == 0 || !same_name(r.name, list)) continue;
            const auto name = before(r.target, list);
            if (name && out.size() < kMostFound) out.push_back(text_of(*name));
        }
    }
    return out;
}

}  // namespace microhost::registry_mdns
