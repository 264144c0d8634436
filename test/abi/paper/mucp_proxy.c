/* SPDX-License-Identifier: Apache-2.0 */
/* Paper module: takes any rpc call, unary or stream, and joins it to the service that it names. */
#include <microhost/draft.h>

static const mh_host* host;
static const mh_rpc* rpc;
static const mh_rpc_incoming* incoming;
static const mh_rpc_server* server;

static void no_message(void* user, mh_rpc_call* c, const mh_rpc_message* m) { (void)user, (void)c, (void)m; }
static void no_end(void* user, mh_rpc_call* c, mh_status s, mh_str e) { (void)user, (void)c, (void)s, (void)e; }
static const mh_rpc_sink sink = {sizeof sink, 0, no_message, no_end, NULL};

static mh_status on_call(void* shard, void* user, mh_rpc_in* in, const mh_rpc_head* head, void** call_user) {
    mh_rpc_target to = {.size = sizeof to, .flags = head->flags & MH_RPC_STREAM, .service = head->service};
    mh_rpc_call* out = NULL;
    (void)shard, (void)user, (void)call_user;
    to.endpoint = head->endpoint;
    to.content_type = head->content_type;
    to.metadata = head->metadata;
    to.n_metadata = head->n_metadata;
    to.timeout_ms = head->timeout_ms == UINT32_MAX ? 0 : head->timeout_ms;
    mh_status s = rpc->open(host, NULL, &to, &sink, NULL, &out);
    if (s == MH_E_NOT_FOUND) return server->fail(in, 404, to.service, (mh_str){"unknown service", 15});
    return s < 0 ? s : incoming->splice(in, out);
}

static void on_end(void* call_user, mh_rpc_in* in, mh_status s) { (void)call_user, (void)in, (void)s; }
static const mh_rpc_router router = {.size = sizeof router, .name = "proxy", .on_call = on_call, .on_end = on_end};
static const mh_rpc_listener listener = {.size = sizeof listener, .name = "proxy", .address = {"127.0.0.1:8081", 14}};
static const mh_module module = {.size = sizeof module};

static mh_status create(const mh_host* h, const mh_module** out) {
    host = h;
    rpc = h->get(h, MH_RPC);
    incoming = h->get(h, MH_RPC_INCOMING);
    server = h->get(h, MH_RPC_SERVER);
    *out = &module;
    const mh_status s = h->contribute(h, MH_RPC_ROUTER, &router);
    return s < 0 ? s : h->contribute(h, MH_RPC_LISTENER, &listener);
}
MH_MODULE("{\"id\":\"paper-proxy\",\"version\":\"1.0.0\",\"abi\":{\"epoch\":1}}", create)
