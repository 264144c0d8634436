/* SPDX-License-Identifier: Apache-2.0 */
/* Paper module: a filter that fetches the keys of an issuer while the request waits. */
#include <microhost/draft.h>
#include <stdlib.h>
#include <string.h>

typedef struct fetch {
    mh_token token; /* the only thing known of the request: stale when it is gone */
    size_t len;
    uint8_t keys[65536];
} fetch;

static const mh_host* host;
static const mh_http_request* http;
static const mh_http_client* client;

/* Stands for a signature check with the keys: runs on the request's loop. */
static void decide(mh_req* r, void* arg) {
    static const mh_str role = {"viewer", 6};
    const mh_principal p = {.size = sizeof p, .subject = {"alice", 5}, .roles = &role, .n_roles = 1};
    mh_str bearer;
    fetch* f = arg; /* the views of on_request are dead: ask again */
    const int valid = f->len && http->header(r, MH_DIR_REQUEST, MH_H_AUTHORIZATION, &bearer) == MH_OK;
    if (valid) http->principal_set(r, &p);
    http->resume(f->token, valid ? MH_V_CONTINUE : MH_V_FAIL);
    free(f);
}
static void on_head(void* u, mh_http_call* c, uint32_t status, const mh_header* h, uint32_t n) {
    (void)u, (void)c, (void)status, (void)h, (void)n;
}
static void on_body(void* user, mh_http_call* c, mh_seg piece) {
    fetch* f = user;
    (void)c;
    if (piece.len <= sizeof f->keys - f->len) memcpy(f->keys + f->len, piece.ptr, piece.len), f->len += piece.len;
}
static void on_end(void* user, mh_http_call* c, mh_status s) {
    fetch* f = user;
    (void)c;
    if (s != MH_OK) f->len = 0;
    http->post(f->token, decide, f, free); /* free: it timed out meanwhile */
}
static const mh_http_sink sink = {sizeof sink, 0, on_head, on_body, on_end};

static mh_verdict on_request(void* shard, mh_req* r, const mh_header* h, uint32_t n) {
    static const mh_http_out get = {.size = sizeof get,
                                    .flags = MH_CLIENT_TLS,
                                    .method = {"GET", 3},
                                    .address = {"id.example:443", 14},
                                    .target = {"/keys", 5},
                                    .max_response = 65536};
    mh_http_call* c;
    fetch* f = calloc(1, sizeof *f);
    (void)shard, (void)h, (void)n;
    if (!f) return MH_V_FAIL;
    if (client->open(host, &get, &sink, f, &c) < 0) return free(f), MH_V_FAIL;
    f->token = http->suspend(r, 2000); /* callbacks never come before open has returned */
    return MH_V_PENDING;
}
static const mh_http_filter filter = {
    .size = sizeof filter, .interests = MH_I_REQUEST, .phase = MH_PHASE_AUTHN, .on_request = on_request};
static const mh_module module = {.size = sizeof module};

static mh_status create(const mh_host* h, const mh_module** out) {
    host = h;
    http = h->get(h, MH_HTTP_REQUEST);
    client = h->get(h, MH_HTTP_CLIENT);
    *out = &module;
    return h->contribute(h, MH_HTTP_FILTER, &filter);
}
MH_MODULE(
    "{\"id\":\"paper-jwks\",\"version\":\"1.0.0\",\"abi\":{\"epoch\":1},\"filters\":[{\"name\":\"paper-jwks\","
    "\"phase\":\"authn\"}]}",
    create)
