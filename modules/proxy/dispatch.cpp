// SPDX-License-Identifier: Apache-2.0
// Entry of every request: who asks, then where it goes.
#include <microhost/draft/command.h>

#include "../shared/command_page.hpp"
#include "../shared/ongoing.hpp"
#include "../shared/rpc_page.hpp"
#include "answer.hpp"
#include "call.hpp"
#include "health_page.hpp"
#include "proxy.hpp"
#include "registry_page.hpp"

namespace microhost::proxy {
namespace {

constexpr shared::CommandPage kCommands{"/v1/commands", kServerName, MH_SURFACE_REMOTE, true};

bool reads(std::string_view method) { return method == "GET" || method == "HEAD"; }

mh_status to_registry(Shard& shard, mh::request r, const Asker& who) {
    const std::string_view method = r.method();
    const bool changes = method == "POST" || method == "DELETE";
    if (!changes && !reads(method)) return refuse_method(r, "GET, HEAD, POST, DELETE");
    if (!shard.access.require(r, who, changes ? Role::operator_ : Role::viewer)) return MH_OK;
    if (changes) return change_services(shard, r, who, method == "DELETE");
    if (r.flags() & MH_REQ_UPGRADE) return shard.watchers.add(r);
    return list_services(shard, r);
}

mh_status dispatch(Shard& shard, mh::request r, std::span<const mh_header> headers) {
    const Head head = Head::of(headers);
    Asker who;
    if (!shard.access.admit(r, head, who)) return MH_OK;
    if (head.is_call) {
        if (!shard.access.require(r, who, Role::operator_)) return MH_OK;
        return mh::use<mh_rpc_incoming>().take(mh::the_host, r.raw(), &shard.proxy.router, &shard);
    }
    const std::string_view path = r.path();
    if (path == "/registry") return to_registry(shard, r, who);
    if (path == "/health") return answer_health(shard, r);
    if (shared::is_command(kCommands, path)) return shared::answer_command(kCommands, r, who, path);
    if (path == "/" && reads(r.method())) {
        answer_text(r, 404, "this is the proxy: /registry, /rpc, /SERVICE/METHOD, /health");
        return MH_OK;
    }
    if (!shard.access.require(r, who, Role::operator_)) return MH_OK;
    if (path == "/rpc") return shared::answer_rpc(r, shard.proxy.settings.rpc);
    if (path == "/broker") return shard.topics.on_request(r);
    return call_by_path(shard, r, path, head);
}

}  // namespace

mh_status on_request(void* shard, void*, mh_req* q, const mh_header* h, uint32_t n) {
    return mh::guarded("on_request", [&] {
        return dispatch(*static_cast<Shard*>(shard), mh::request(q), {h, n});
    });
}

void on_done(void*, void*, mh_req* q, mh_status) { shared::free_ongoing(q); }

}  // namespace microhost::proxy
