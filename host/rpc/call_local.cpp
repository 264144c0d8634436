// SPDX-License-Identifier: Apache-2.0
// A call to a service of this process.
#include <charconv>

#include "http/error_json.hpp"
#include "module/environment.hpp"
#include "module/generation.hpp"
#include "rpc/call.hpp"
#include "rpc/debug_endpoints.hpp"
#include "rpc/engine.hpp"
#include "rpc/missing.hpp"
#include "rpc/remote_call.hpp"

namespace microhost::rpc {

using http::view;

bool Call::choose_local(const mh_rpc_target& t) {
    const LocalService* found = engine_.local(service_);
    if (!found || !labels_.empty()) return false;  // labels are nodes'; it has none
    if (t.version.len && found->service->version && version_ != found->service->version)
        return false;
    local_ = found->service;
    provider_ = found->generation;
    shard_ = found->shard;
    meter_ = engine_.metrics.of(service_);
    return true;
}

void Call::fill_incoming(const mh_rpc_target& t) {
    in_.service = service_;
    in_.endpoint = endpoint_;
    in_.metadata.clear();
    for (uint32_t i = 0; i < t.n_metadata; i++)
        in_.metadata.add(view(t.metadata[i].key), view(t.metadata[i].val));
    char digits[24];
    char* end =
        std::to_chars(digits, digits + sizeof digits, uint64_t{timeout_ms_} * 1'000'000).ptr;
    if (caller_of(t).size()) in_.metadata.add("Micro-From-Service", caller_of(t));
    in_.metadata.add("Timeout", {digits, static_cast<size_t>(end - digits)});
    if (!x_) return;
    in_.metadata.add("X-Request-Id", x_->request_id());
    std::string_view trace;
    if (x_->attribute(MH_ATTR_TRACEPARENT, &trace)) in_.metadata.add("Traceparent", trace);
}

void Call::send_local(std::string_view body) {
    LocalService of{local_, provider_, shard_, {}};
    const mh_rpc_endpoint* e = of.find(endpoint_);
    if (!e || !e->on_call) {
        std::string reply;
        if (answer_debug(endpoint_, content_type_, reply))
            return deliver(content_type_, nullptr, 0, reply);
        return end(MH_E_INVALID, missing_endpoint(*local_, endpoint_));
    }
    if (send_elsewhere(*e, body)) return;
    mh_rpc_message m{sizeof m, 0, http::seg(body), http::str(content_type_), nullptr};
    const uint64_t id = id_;
    in_.waiting = true;
    const bool fine = module::guarded(provider_->side(), "on_call", false, [&] {
        e->on_call(shard_, local_->user, &in_, &m);
        return true;
    });
    if (fine || id != id_ || !in_.waiting) return;
    char text[512];
    in_.answer_error(http::error_json(text, sizeof text, service_, 500, "the service broke down"));
}

// To the thread that the service asks for. True: it was sent there, or the call has ended.
bool Call::send_elsewhere(const mh_rpc_endpoint& e, std::string_view body) {
    const bool blocking = local_->flags & MH_SERVICE_BLOCKING;
    if (!blocking && !(local_->flags & MH_SERVICE_HOME)) return false;
    if (!blocking && &provider_->side().environment.control == &engine_.http.loop) return false;
    RemoteCall::To to{provider_, &e, local_->user, blocking};
    RemoteCall::From from{&engine_, this, id_, started_ns_ + uint64_t{timeout_ms_} * 1'000'000};
    if (RemoteCall::start(to, from, in_, content_type_, body) != MH_OK)
        end(MH_E_LIMIT, "too much blocking work is waiting");
    return true;
}

void Call::finish_remote(uint64_t id, mh_status s, std::string_view content_type,
                         std::string_view body) {
    if (!open_ || id != id_) return;  // nobody waits any more
    if (s == MH_OK) return deliver(content_type, nullptr, 0, body);
    end(s, s == MH_E_INVALID ? body : std::string_view{});
}

bool Call::Here::right_thread() const { return Loop::current() == &call->engine_.http.loop; }

void Call::Here::answer(std::string_view type, std::string_view body) {
    waiting = false;
    if (!call->open_) return call->local_done();  // nobody waits any more
    call->deliver(type.empty() ? std::string_view(call->content_type_) : type, nullptr, 0, body);
}

void Call::Here::answer_error(std::string_view error) {
    waiting = false;
    if (!call->open_) return call->local_done();
    call->end(MH_E_INVALID, error);
}

}  // namespace microhost::rpc
