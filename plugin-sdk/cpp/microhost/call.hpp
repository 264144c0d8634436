// SPDX-License-Identifier: Apache-2.0
/// A unary call to a service, answered to a lambda on the same loop. The module needs mh::uses<mh_rpc>.
#pragma once

#include <microhost/request.hpp>

#include <memory>
#include <utility>

namespace mh {

/// What came back; views are lent until the lambda returns.
struct reply {
    mh_status status;  ///< MH_OK, or why there is no answer (draft/rpc.h, on_end)
    string_view body;  ///< the first message
    string_view content_type;
    string_view error;  ///< Micro's error JSON, or the service's text
    bool ok() const { return status == MH_OK; }
};

struct call_to {
    string_view service;
    string_view endpoint;
    string_view body = "{}";
    string_view content_type = "application/json";
    uint32_t timeout_ms = 0;   ///< 0: the configured one
    string_view address = {};  ///< a node instead of the registry's
    string_view version = {};  ///< of the service; empty: any
};

template <class F>
struct pending_call {
    F done;
    std::string body, content_type;

    static void on_message(void* user, mh_rpc_call*, const mh_rpc_message* m) {
        guarded("on_message", [&] {
            auto& self = *static_cast<pending_call*>(user);
            self.body = view(m->body);
            self.content_type = view(m->content_type);
            return MH_OK;
        });
    }
    static void on_end(void* user, mh_rpc_call*, mh_status s, mh_str error) {
        std::unique_ptr<pending_call> self(static_cast<pending_call*>(user));
        if (s == MH_E_CANCELLED) return;  // the request is gone: nobody to answer
        guarded("call", [&] {
            self->done(reply{s, self->body, self->content_type, view(error)});
            return MH_OK;
        });
    }
    static constexpr mh_rpc_sink sink{sizeof(mh_rpc_sink), 0, on_message, on_end, nullptr};
};

/// Calls, and hands the reply to `done(const mh::reply&)` exactly once unless the request ends first. The request (or null) lends
/// its deadline and trace. A handler returns MH_OK afterwards and answers in `done`, where its mh::request is still valid.
template <class F>
mh_status call(mh_req* r, const call_to& to, F done) {
    const auto& rpc = use<mh_rpc>();
    using waiting = pending_call<F>;
    auto state = std::unique_ptr<waiting>(new waiting{std::move(done), {}, {}});
    mh_rpc_target target{};
    target.size = sizeof target;
    target.service = lend(to.service);
    target.endpoint = lend(to.endpoint);
    target.address = lend(to.address);
    target.version = lend(to.version);
    target.content_type = lend(to.content_type);
    target.timeout_ms = to.timeout_ms;
    mh_rpc_call* c = nullptr;
    const mh_status opened = rpc.open(the_host, r, &target, &waiting::sink, state.get(), &c);
    if (opened < 0) return opened;  // no callback follows
    state.release();                // on_end owns it, which may come inside send()
    rpc.send(c, bytes(to.body), 1);
    return MH_OK;
}

}  // namespace mh
