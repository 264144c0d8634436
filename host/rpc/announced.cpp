// SPDX-License-Identifier: Apache-2.0
#include "rpc/announced.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "json/document.hpp"
#include "json/writer.hpp"
#include "module/environment.hpp"
#include "module/generation.hpp"
#include "module/host_side.hpp"
#include "registry/model_json.hpp"
#include "registry/publisher.hpp"

namespace microhost::rpc {
namespace {

thread_local Announced* current_announced = nullptr;

void end_announced(module::HostSide& side) {
    if (current_announced) current_announced->end(side);
}

Result<registry::Service> parse_one_node(std::string_view text) {
    auto document = json::Document::parse(text);
    if (!document) return document.error();
    auto service = registry::service_from_json(document->root());
    if (service && service->nodes.size() != 1)
        return error("service {} has {} nodes, give exactly one", service->name,
                     service->nodes.size());
    return service;
}

}  // namespace

std::string Announcement::json_in(std::string_view registry) const {
    registry::Service told = content;
    registry::Metadata& m = told.nodes.front().metadata;
    if (auto at = m.find("registry"); at != m.end() && at->second == "directory")
        at->second = registry;
    std::string out;
    json::Writer writer(out);
    registry::write_json(writer, told);
    return out;
}

Announced::~Announced() {
    if (current_announced == this) current_announced = nullptr;
}

Announced* Announced::current() { return current_announced; }
void Announced::adopt_thread() { current_announced = this; }

Result<mh_token> Announced::offer(registry::Service service, uint32_t ttl_s) {
    if (!publisher_ || over_) return error("service {}: nothing is announced here", service.name);
    if (service.nodes.size() != 1)
        return error("service {} has {} nodes, give exactly one", service.name,
                     service.nodes.size());
    if (!ttl_s) ttl_s = kDefaultTtl;
    if (auto ok = publisher_->enlist(service, std::chrono::seconds(ttl_s)); !ok) return ok.error();
    return add(nullptr, std::move(service), ttl_s);
}

Result<mh_token> Announced::offer_locally(registry::Service service, registry::Publisher& folder) {
    if (over_) return error("service {}: nothing is announced any more", service.name);
    if (auto ok = folder.enlist(service, std::chrono::seconds(kDefaultTtl)); !ok) return ok.error();
    rows_.emplace(++tokens_, Row{nullptr, std::move(service), &folder});
    return tokens_;
}

mh_status Announced::enlist(module::HostSide& side, std::string_view service_json, uint32_t ttl_s,
                            mh_token& out) {
    if (!publisher_) return MH_E_UNSUPPORTED;
    if (over_) return MH_E_GONE;
    auto service = parse_one_node(service_json);
    if (!service) {
        module::report(side, MH_E_INVALID, {}, "enlist: " + service.error().what);
        return MH_E_INVALID;
    }
    if (!ttl_s) ttl_s = kDefaultTtl;
    if (auto ok = publisher_->enlist(*service, std::chrono::seconds(ttl_s)); !ok) {
        module::report(side, MH_E_IO, {}, "enlist: " + ok.error().what);
        return MH_E_IO;
    }
    out = add(&side, std::move(*service), ttl_s);
    side.generation.at_end(side.environment.control_index(), end_announced);
    return MH_OK;
}

mh_token Announced::add(const module::HostSide* side, registry::Service service, uint32_t ttl_s) {
    const mh_token t = ++tokens_;
    Announcement& a = announcements_[t];
    a = {t, service.name, service.nodes.front().id, service, ttl_s};
    rows_.emplace(t, Row{side, std::move(service), publisher_});
    if (herald_) herald_->announce(a);
    return t;
}

void Announced::take_back(mh_token t, const Row& row) {
    const bool told = announcements_.erase(t) != 0;
    // Somebody may have announced that node anew before this was taken back: then the file is theirs.
    if (row.folder && !has(row.service.nodes.front().id)) row.folder->deregister(row.service);
    if (herald_ && told) herald_->withdraw(t);
}

mh_status Announced::deregister(mh_token t) {
    auto it = rows_.find(t);
    if (it == rows_.end()) return t ? MH_E_GONE : MH_E_INVALID;
    const Row row = std::move(it->second);
    rows_.erase(it);
    take_back(t, row);
    return MH_OK;
}

void Announced::end(const module::HostSide& side) {
    std::vector<mh_token> gone;
    for (const auto& [t, row] : rows_)
        if (row.side == &side) gone.push_back(t);
    for (mh_token t : gone) deregister(t);
}

void Announced::withdraw_all() {
    over_ = true;
    while (!rows_.empty()) deregister(rows_.begin()->first);
}

bool Announced::has(std::string_view node_id) const {
    return std::any_of(announcements_.begin(), announcements_.end(),
                       [&](const auto& a) { return a.second.node_id == node_id; });
}

}  // namespace microhost::rpc
