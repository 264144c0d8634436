// SPDX-License-Identifier: Apache-2.0
#include "enlisted.hpp"

#include <microhost/json.hpp>

#include <algorithm>

#include "../shared/json_writer.hpp"

namespace microhost::proxy {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* kReplaced = "this module is being replaced: ask again";

/// Whether the registry knows that node of that service.
bool is_announced(std::string_view service, std::string_view id) {
    const mh_registry& registry = mh::use<mh_registry>();
    const mh_registry_view* now = registry.now(mh::the_host);
    for (uint32_t i = 0; i < registry.count(now); ++i) {
        const mh_service_view* s = registry.at(now, i);
        if (mh::view(registry.name(s)) != service) continue;
        for (uint32_t k = 0; k < registry.node_count(s); ++k) {
            mh_node_view node{};
            node.size = sizeof node;
            if (registry.node_at(s, k, &node) == MH_OK && mh::view(node.id) == id) return true;
        }
    }
    return false;
}

/// The host refreshes what it announces in our name; that is to be well within the time that we watch ourselves.
uint32_t ttl_seconds(milliseconds ttl) {
    if (ttl.count() == 0) return 0;
    return static_cast<uint32_t>(std::clamp<int64_t>((ttl.count() + 999) / 1000, 10, 86'400));
}

}  // namespace

Enlisted::~Enlisted() { close(); }

void Enlisted::close() {
    closed_ = true;
    while (!nodes_.empty()) take_back(nodes_.begin());
}

Enlisted::Outcome Enlisted::add(const std::vector<ServiceRecord>& records, milliseconds ttl) {
    if (closed_) return {503, kReplaced};
    std::vector<std::string> fresh;
    for (const ServiceRecord& r : records) {
        const bool known = nodes_.contains(r.node);
        Outcome o = add_one(r, ttl);
        if (o.status != 200) {  // all or none
            for (const std::string& id : fresh) take_back(nodes_.find(id));
            return o;
        }
        if (!known) fresh.push_back(r.node);
    }
    return {};
}

Enlisted::Outcome Enlisted::add_one(const ServiceRecord& r, milliseconds ttl) {
    const auto found = nodes_.find(r.node);
    if (found != nodes_.end() && found->second->json == r.json) {  // a heartbeat
        found->second->ttl = ttl;
        start_timer(r.node, *found->second, ttl);
        return {};
    }
    if (found == nodes_.end()) {
        if (nodes_.size() >= kMost || bytes_ + r.json.size() > kMostBytes)
            return {503, "there is no room for more nodes: at most " + std::to_string(kMost) +
                             " with 64 MiB can be registered here"};
        if (is_announced(r.service, r.node))
            return {409, "node " + r.node + " of " + r.service +
                             " is announced by somebody else; give yours another id"};
    }
    auto node = std::make_unique<Node>();
    const mh_status s = mh::use<mh_registry>().enlist(mh::the_host, mh::lend(r.json),
                                                      ttl_seconds(ttl), &node->token);
    if (s == MH_E_INVALID)
        return {400,
                "this is no service that can be announced: look at the names, addresses and "
                "endpoints of " +
                    r.service};
    if (s != MH_OK)
        return {500, "node " + r.node + " cannot be announced: the log of microhost says why"};
    node->service = r.service;
    node->json = r.json;
    node->ttl = ttl;
    // The new one stands in the place of the old one before that is taken back: it is never missing.
    if (found != nodes_.end()) take_back(found);
    start_timer(r.node, *node, ttl);
    keep(r.node, std::move(node));
    return {};
}

Enlisted::Outcome Enlisted::remove(const std::vector<ServiceRecord>& records) {
    if (closed_) return {503, kReplaced};
    for (const ServiceRecord& r : records) {
        const auto found = nodes_.find(r.node);
        if (found != nodes_.end()) {
            take_back(found);
        } else if (is_announced(r.service, r.node)) {
            return {409, "node " + r.node + " of " + r.service +
                             " was not registered here: who announces it has to take it back"};
        }
    }
    return {};
}

void Enlisted::keep(const std::string& id, std::unique_ptr<Node> node) {
    bytes_ += node->json.size();
    nodes_[id] = std::move(node);
}

std::unique_ptr<Enlisted::Node> Enlisted::take_back(Nodes::iterator at) {
    std::unique_ptr<Node> node = std::move(at->second);
    nodes_.erase(at);
    bytes_ -= node->json.size();
    mh::use<mh_registry>().deregister(node->token);
    return node;
}

void Enlisted::start_timer(const std::string& id, Node& node, milliseconds left) {
    if (left.count() == 0) {
        node.timer.cancel();
        return;
    }
    node.until = Clock::now() + left;
    node.timer.start(left, [this, id] { expire(id); });
}

void Enlisted::expire(const std::string& id) {
    const auto found = nodes_.find(id);
    if (found == nodes_.end()) return;
    const std::unique_ptr<Node> node = take_back(found);  // its timer runs
    mh::log::info(
        "a registered node was not heard of in time",
        {{"service", node->service}, {"node", id}, {"ttl_ms", std::to_string(node->ttl.count())}});
}

std::string Enlisted::save() const {
    std::string out;
    shared::JsonWriter w(out);
    w.begin_array();
    for (const auto& [id, node] : nodes_) {
        const auto left = std::chrono::duration_cast<milliseconds>(node->until - Clock::now());
        w.begin_object().key("service").string(node->service);
        w.key("node").string(id).key("json").string(node->json);
        w.key("ttl").integer(node->ttl.count());
        w.key("left").integer(node->ttl.count() ? std::max<int64_t>(1, left.count()) : 0);
        w.end_object();
    }
    w.end_array();
    return out;
}

void Enlisted::load(std::string_view saved) {
    const mh::json_document document(saved);
    const mh::json_value root = document.root();
    for (uint32_t i = 0; i < root.count(); ++i) {
        const mh::json_value row = root.at(i);
        const std::string id(row["node"].string().value_or(""));
        auto node = std::make_unique<Node>();
        node->service = row["service"].string().value_or("");
        node->json = row["json"].string().value_or("");
        node->ttl = milliseconds(row["ttl"].integer().value_or(0));
        if (mh::use<mh_registry>().enlist(mh::the_host, mh::lend(node->json),
                                          ttl_seconds(node->ttl), &node->token) != MH_OK)
            continue;
        start_timer(id, *node, milliseconds(row["left"].integer().value_or(0)));
        keep(id, std::move(node));
    }
}

}  // namespace microhost::proxy
