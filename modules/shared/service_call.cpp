// SPDX-License-Identifier: Apache-2.0
#include "service_call.hpp"

#include <microhost/draft/rpc.h>
#include <microhost/host.hpp>

#include <cstring>

#include "failure.hpp"
#include "text.hpp"

namespace microhost::shared {
namespace {

void mark_answered(ServiceCall& x) {
    x.answered = true;
    if (x.ended) *x.ended = true;
}

void answer_failure(ServiceCall& x, mh_status s, std::string_view error) {
    mark_answered(x);
    const Failure f = failure_of(s, error, x.service, x.error_id);
    mh::request(x.request).respond(f.status, "application/json", f.json);
}

void on_message(void* user, mh_rpc_call*, const mh_rpc_message* m) {
    auto& x = *static_cast<ServiceCall*>(user);
    if (x.answered) return;
    mark_answered(x);
    mh::request r(x.request);
    r.set_route(x.service);
    std::string_view body = view(m->body);
    // go-micro's encoder ends every value with a newline that Micro never showed.
    if (!x.binary && body.ends_with('\n')) body.remove_suffix(1);
    r.respond(200, x.answer_type, body);
}

void on_end(void* user, mh_rpc_call*, mh_status s, mh_str error) {
    auto& x = *static_cast<ServiceCall*>(user);
    if (x.answered) return;
    const mh_status done = mh::guarded("on_end", [&] {
        answer_failure(x, s == MH_OK ? MH_E_IO : s, view(error));
        return MH_OK;
    });
    if (done != MH_OK) mh::request(x.request).respond(500, {}, {});
}

constexpr mh_rpc_sink kSink{sizeof(mh_rpc_sink), 0, on_message, on_end, nullptr};

}  // namespace

ServiceCall* ServiceCall::make(mh::request r, std::string_view service, std::string_view endpoint) {
    const size_t size = sizeof(ServiceCall) + service.size() + endpoint.size();
    void* memory = mh::use<mh_http_request>().alloc(r.raw(), size, alignof(ServiceCall));
    if (!memory) return nullptr;
    char* at = static_cast<char*>(memory) + sizeof(ServiceCall);
    std::memcpy(at, service.data(), service.size());
    std::memcpy(at + service.size(), endpoint.data(), endpoint.size());
    auto* x = new (memory) ServiceCall{};
    x->request = r.raw();
    x->service = {at, service.size()};
    x->endpoint = {at + service.size(), endpoint.size()};
    return x;
}

void ServiceCall::start(std::string_view address, std::string_view content_type,
                        std::string_view body) {
    const mh_rpc& rpc = mh::use<mh_rpc>();
    Metadata metadata;
    collect_for_call(mh::request(request), hide_authorization, metadata);
    mh_rpc_target t{};
    t.size = sizeof t;
    t.service = str(service);
    t.endpoint = str(endpoint);
    t.address = str(address);
    t.content_type = str(content_type);
    t.metadata = metadata.fields;
    t.n_metadata = metadata.count;
    t.timeout_ms = timeout_ms;
    bool over = false;
    ended = &over;
    mh_rpc_call* call = nullptr;
    mh_status s = rpc.open(mh::the_host, request, &t, &kSink, this, &call);
    if (s == MH_OK) {
        s = rpc.send(call, seg(body), 1);
        if (s != MH_OK && !over) rpc.cancel(call);
    }
    if (over) return;  // this may be gone
    ended = nullptr;
    if (s != MH_OK) answer_failure(*this, s, {});
}

void collect_for_call(mh::request r, bool hide_authorization, Metadata& out) {
    collect_metadata(mh::use<mh_http_request>(), r.raw(), r.headers(), out);
    if (!hide_authorization) return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < out.count; ++i)
        if (!iequals(view(out.fields[i].key), "authorization")) out.fields[kept++] = out.fields[i];
    out.count = kept;
}

bool answer_bad_body(mh::request r, mh_status s, std::string_view id) {
    if (s == MH_OK) return false;
    if (s == MH_E_LIMIT)
        r.respond_error(413, id, "the request body is longer than max_body allows");
    else
        r.respond_error(400, id, "the request body did not arrive whole");
    return true;
}

}  // namespace microhost::shared
