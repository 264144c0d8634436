/* SPDX-License-Identifier: Apache-2.0 */
/* Paper module: a page of server-sent events that shows every change of the registry. */
#include <microhost/draft.h>
#include <stdlib.h>

typedef struct page {
    mh_req* r;
    mh_token watch;
    int behind; /* a change that the slow client has not got yet */
} page;

static const mh_host* host;
static const mh_http_request* http;
static const mh_http_stream* stream;
static const mh_registry* registry;

static void send_event(page* p) {
    static const char text[] = "event: registry\ndata: {}\n\n";
    const mh_seg seg = {(const uint8_t*)text, sizeof text - 1};
    p->behind = stream->write(p->r, &seg, 1) == MH_E_BUSY;
}
static void on_change(void* user, const mh_registry_view* v) { (void)v, send_event(user); }
static void on_writable(void* user, mh_req* r) {
    page* p = user;
    (void)r;
    if (p->behind) send_event(p);
}
static const mh_http_stream_events events = {sizeof events, 0, on_writable};

static mh_status on_request(void* shard, void* user, mh_req* r, const mh_header* h, uint32_t n) {
    const mh_kv type = {{"Content-Type", 12}, {"text/event-stream", 17}};
    page* p = http->alloc(r, sizeof *p, _Alignof(page)); /* lives as long as the request */
    (void)shard, (void)user, (void)h, (void)n;
    if (!p) return MH_E_NOMEM;
    *p = (page){.r = r};
    *http->slot(r) = p;
    const mh_status s = stream->begin(r, 200, &type, 1, &events, p);
    return s < 0 ? s : registry->watch(host, on_change, p, &p->watch);
}
static void on_done(void* shard, void* user, mh_req* r, mh_status outcome) {
    const page* p = *http->slot(r);
    (void)shard, (void)user, (void)outcome;
    if (p && p->watch) registry->unwatch(p->watch);
}
static const mh_http_handler handler = {.size = sizeof handler, .on_request = on_request, .on_done = on_done};
static const mh_module module = {.size = sizeof module};

static mh_status create(const mh_host* h, const mh_module** out) {
    host = h;
    http = h->get(h, MH_HTTP_REQUEST);
    stream = h->get(h, MH_HTTP_STREAM);
    registry = h->get(h, MH_REGISTRY);
    *out = &module;
    return h->contribute(h, MH_HTTP_HANDLER, &handler);
}
MH_MODULE("{\"id\":\"paper-sse\",\"version\":\"1.0.0\",\"abi\":{\"epoch\":1}}", create)
