// SPDX-License-Identifier: Apache-2.0
#include "rpc/announced.hpp"

#include "json/document.hpp"
#include "module/environment.hpp"
#include "module/generation.hpp"
#include "module/host_side.hpp"
#include "registry/model_json.hpp"
#include "registry/publisher.hpp"

namespace microhost::rpc {
namespace {

thread_local Announced* current_announced = nullptr;

void end_on_this_thread(module::HostSide& side) {
    if (current_announced) current_announced->end(side);
}

Result<registry::Service> parse(std::string_view text) {
    auto document = json::Document::parse(text);
    if (!document) return document.error();
    auto service = registry::service_from_json(document->root());
    if (service && service->nodes.size() != 1)
        return error("service {} has {} nodes, give exactly one", service->name,
                     service->nodes.size());
    return service;
}

}  // namespace

Announced::~Announced() {
    if (current_announced == this) current_announced = nullptr;
}

Announced* Announced::current() { return current_announced; }
void Announced::adopt_thread() { current_announced = this; }

mh_status Announced::enlist(module::HostSide& side, std::string_view service_json, uint32_t ttl_s,
                            mh_token& out) {
    if (!publisher_) return MH_E_UNSUPPORTED;
    auto service = parse(service_json);
    if (!service) {
        module::report(side, MH_E_INVALID, {}, "enlist: " + service.error().what);
        return MH_E_INVALID;
    }
    const std::chrono::seconds ttl(ttl_s ? ttl_s : kDefaultTtl);
    if (auto ok = publisher_->enlist(*service, ttl); !ok) {
        module::report(side, MH_E_IO, {}, "enlist: " + ok.error().what);
        return MH_E_IO;
    }
    out = ++tokens_;
    rows_.emplace(out, Row{&side, std::move(*service)});
    side.generation.at_end(side.environment.control_index(), end_on_this_thread);
    return MH_OK;
}

mh_status Announced::deregister(mh_token t) {
    auto it = rows_.find(t);
    if (it == rows_.end()) return t ? MH_E_GONE : MH_E_INVALID;
    publisher_->deregister(it->second.service);
    rows_.erase(it);
    return MH_OK;
}

Result<mh_token> Announced::offer(registry::Service service, uint32_t ttl_s, mh_token before) {
    if (!publisher_) return error("this process announces nothing");
    const std::chrono::seconds ttl(ttl_s ? ttl_s : kDefaultTtl);
    if (auto ok = publisher_->enlist(service, ttl); !ok) return ok.error();
    const mh_token token = before ? before : ++tokens_;
    rows_.insert_or_assign(token, Row{nullptr, std::move(service)});
    return token;
}

void Announced::end(const module::HostSide& side) {
    std::erase_if(rows_, [&](const auto& row) {
        if (row.second.side != &side) return false;
        publisher_->deregister(row.second.service);
        return true;
    });
}

}  // namespace microhost::rpc
