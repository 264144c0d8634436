// SPDX-License-Identifier: Apache-2.0
#include "rpc_call.hpp"

#include <algorithm>

namespace microhost::cli {
namespace {

const mh_rpc& api() { return mh::use<mh_rpc>(); }

std::string_view refusal(mh_status s) {
    switch (s) {
        case MH_E_NOT_FOUND: return "service not found";
        case MH_E_UNAVAILABLE: return "the service has no live node";
        case MH_E_INVALID:
            return "the address is not host:port, or a name or metadata cannot be sent";
        default: return "the call cannot be made";
    }
}

}  // namespace

const mh_rpc_sink RpcCall::kSink = {sizeof(mh_rpc_sink), 0, on_message, on_end, on_writable};

void RpcCall::begin(const CallTo& to, std::string_view body, OnMessage message, OnEnd end) {
    message_ = std::move(message);
    end_ = std::move(end);
    std::vector<mh_kv> metadata;
    for (const auto& [key, value] : to.metadata)
        metadata.push_back({mh::lend(key), mh::lend(value)});
    mh_rpc_target t{};
    t.size = sizeof t;
    t.flags = to.stream ? MH_RPC_STREAM : 0;
    t.service = mh::lend(to.service);
    t.endpoint = mh::lend(to.endpoint);
    t.address = mh::lend(to.address);
    t.version = mh::lend(to.version);
    t.content_type = mh::lend("application/json");
    t.metadata = metadata.data();
    t.n_metadata = static_cast<uint32_t>(metadata.size());
    t.timeout_ms = to.timeout_ms;
    const mh_status opened = api().open(mh::the_host, nullptr, &t, &kSink, this, &call_);
    if (opened < 0) {
        call_ = nullptr;
        const auto told = std::exchange(end_, nullptr);
        return told({opened, refusal(opened)});
    }
    // The end may come within, and with it ours.
    api().send(call_, mh::bytes(body), to.stream ? 0 : 1);
}

bool RpcCall::send(std::string_view body) {
    return !call_ || api().send(call_, mh::bytes(body), 0) != MH_E_BUSY;
}

void RpcCall::finish_sending() {
    if (call_) api().send(call_, {nullptr, 0}, 1);
}

void RpcCall::cancel() {
    if (mh_rpc_call* c = std::exchange(call_, nullptr)) api().cancel(c);
    // What they hold may be the last that holds this.
    const auto message = std::exchange(message_, nullptr);
    const auto end = std::exchange(end_, nullptr);
    const auto again = std::exchange(writable, nullptr);
}

void RpcCall::on_message(void* user, mh_rpc_call*, const mh_rpc_message* m) {
    mh::guarded("on_message", [&] {
        static_cast<RpcCall*>(user)->message_(mh::view(m->body));
        return MH_OK;
    });
}

void RpcCall::on_end(void* user, mh_rpc_call*, mh_status s, mh_str error) {
    mh::guarded("on_end", [&] {
        auto& self = *static_cast<RpcCall*>(user);
        self.call_ = nullptr;
        const auto told = std::exchange(self.end_, nullptr);
        told({s, mh::view(error)});
        return MH_OK;
    });
}

void RpcCall::on_writable(void* user, mh_rpc_call*) {
    mh::guarded("on_writable", [&] {
        const auto fn = static_cast<RpcCall*>(user)->writable;
        if (fn) fn();
        return MH_OK;
    });
}

std::string call_error(std::string_view what, const CallTo& to, const CallEnd& end) {
    std::string out = std::string(what) + " " + to.service + "." + to.endpoint + ": ";
    out += end.error.empty() ? "it ended without an answer" : end.error;
    std::ranges::replace(out, '\n', ' ');
    return out;
}

int exit_code_of(const CallEnd& end) { return end.status == MH_E_TIMEOUT ? 124 : 1; }

}  // namespace microhost::cli
