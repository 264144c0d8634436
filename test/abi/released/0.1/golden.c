// SPDX-License-Identifier: Apache-2.0
// A module as somebody wrote it for 0.1, in C: it uses what was frozen then, and says in X-Golden what is not as it was promised.
// Never edited: it stands for the modules that are out there. What a request's X-Do asks for is in golden_test.py.
#include <microhost/microhost.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S(text) ((mh_str){(text), sizeof(text) - 1})

static const mh_host* the_host;
static const mh_log* the_log;
static const mh_config_api* config;
static const mh_http_request* http;
static const mh_config* own;

static int is(mh_str s, const char* text) { return s.len == strlen(text) && !memcmp(s.ptr, text, s.len); }

// ---- the module

static mh_status refuse(const char* where, const char* what) {
    the_host->error(the_host, MH_E_INVALID, (mh_str){where, strlen(where)}, (mh_str){what, strlen(what)});
    return MH_E_INVALID;
}

static mh_status check_config(const mh_config* c) {
    mh_str s, first, second;
    int64_t whole = 0;
    double real = 0;
    int32_t yes = 0;
    uint64_t ms = 0;
    uint32_t n = 0;
    if (config->string(c, "text", &s) || !is(s, "words")) return refuse("/text", "text");
    if (config->string(c, "deep.er", &s) || !is(s, "down")) return refuse("/deep/er", "a path");
    if (config->integer(c, "whole", &whole) || whole != -7) return refuse("/whole", "integer");
    if (config->number(c, "real", &real) || real < 1.49 || real > 1.51) return refuse("/real", "number");
    if (config->boolean(c, "yes", &yes) || yes != 1) return refuse("/yes", "boolean");
    if (config->duration_ms(c, "time", &ms) || ms != 1500) return refuse("/time", "duration_ms");
    if (config->count(c, "list", &n) || n != 2) return refuse("/list", "count");
    if (config->string_at(c, "list", 0, &first) || config->string_at(c, "list", 1, &second)) return refuse("/list", "at");
    if (!is(first, "a") || !is(second, "b")) return refuse("/list", "string_at");
    if (config->integer(c, "absent", &whole) != MH_E_NOT_FOUND || whole != -7) return refuse("", "what is absent");
    if (config->integer(c, "text", &whole) != MH_E_INVALID || whole != -7) return refuse("/text", "another type");
    return config->json(c) ? MH_OK : refuse("", "json");
}

static mh_status start(const mh_module* m) {
    (void)m;
    own = config->module(the_host);
    const mh_kv field = {S("epoch"), S("1")};
    if (the_log->level(the_host) <= MH_LOG_INFO) the_log->write(the_host, MH_LOG_INFO, S("golden starts"), &field, 1);
    return the_host->publish(the_host) ? refuse("", "publish") : check_config(own);
}

static int shards;  // of loop 0
static void* shard_create(const mh_module* m, uint32_t loop) {
    (void)m;
    return loop ? (void*)m : &shards;
}
static void shard_destroy(const mh_module* m, void* shard) { (void)m, (void)shard; }
static void drain(const mh_module* m, uint64_t deadline_ns) {
    (void)m;
    the_log->write(the_host, MH_LOG_INFO, deadline_ns ? S("golden drains") : S("no deadline"), NULL, 0);
}
static void destroy(const mh_module* m) {
    (void)m;
    the_log->write(the_host, MH_LOG_INFO, S("golden ends"), NULL, 0);
}

static mh_status prepare(const mh_module* m, const mh_config* c, void** cookie) {
    (void)m;
    *cookie = (void*)c;
    return check_config(c);
}
static void commit(const mh_module* m, void* cookie) { (void)m, own = cookie; }
static void drop(const mh_module* m, void* cookie) { (void)m, (void)cookie; }
static const mh_config_sink sink = {.size = sizeof sink, .prepare = prepare, .commit = commit, .abort = drop};
static const void* get(const mh_module* m, const char* id) { return (void)m, strcmp(id, MH_CONFIG_SINK) ? NULL : &sink; }

static const mh_module module = {
    sizeof module, MH_MODULE_SPAWNS_THREADS, NULL, start, shard_create, shard_destroy, drain, destroy, get};

// ---- the filter

typedef struct instance {
    char name[32];
    int32_t shards;
} instance;

static mh_status instance_create(void* user, const mh_filter_instance* i, void** out) {
    instance* made = calloc(1, sizeof *made);
    if (!made || user != (void*)&shards || i->size < sizeof *i || i->shadow) return refuse("", "instance_create");
    snprintf(made->name, sizeof made->name, "%.*s", (int)i->name.len, i->name.ptr);
    *out = made;
    return check_config(i->config);
}
static void instance_destroy(void* user, void* i) { (void)user, free(i); }
static void* instance_shard(void* i, uint32_t loop) { return (void)loop, i; }
static void instance_shard_end(void* i, void* shard) { (void)i, (void)shard; }

// What was found wrong, gathered in the request's own memory.
typedef struct notes {
    char text[512];
    char what[32];  // X-Do
    pthread_t thread;
    mh_token token;
} notes;

static notes* notes_of(mh_req* r) {
    void** slot = http->slot(r);
    if (!*slot && (*slot = http->alloc(r, sizeof(notes), _Alignof(notes)))) memset(*slot, 0, sizeof(notes));
    return *slot;
}
static int asked(mh_req* r, const char* what) { return !strcmp(notes_of(r)->what, what); }
static void expect(mh_req* r, int holds, const char* what) {
    notes* n = notes_of(r);
    if (!holds) strncat(n->text, what, sizeof n->text - strlen(n->text) - 1);
    if (!holds) strncat(n->text, " ", sizeof n->text - strlen(n->text) - 1);
}
static int attr_is(mh_req* r, uint32_t id, const char* text) {
    mh_str s;
    return http->attr(r, id, &s) == MH_OK && is(s, text);
}

static void check_request(mh_req* r, const mh_header* h, uint32_t n) {
    const mh_header* all;
    uint32_t count = 0;
    mh_str s, also;
    expect(r, http->headers(r, MH_DIR_REQUEST, &all, &count) == MH_OK && count == n && all[0].value.len == h[0].value.len,
           "headers");
    expect(r, !http->header(r, MH_DIR_REQUEST, MH_H_HOST, &s) && !http->header_named(r, MH_DIR_REQUEST, S("hOsT"), &also),
           "header");
    expect(r, s.len == also.len && http->header(r, MH_DIR_REQUEST, MH_H_ETAG, &s) == MH_E_NOT_FOUND, "not_found");
    expect(r, attr_is(r, MH_ATTR_PATH, "/a") && attr_is(r, MH_ATTR_QUERY, "b=c") && attr_is(r, MH_ATTR_SCHEME, "http"), "attr");
    expect(r, attr_is(r, MH_ATTR_CLIENT_IP, "127.0.0.1") && attr_is(r, MH_ATTR_PEER_IP, "127.0.0.1"), "ip");
    expect(r, attr_is(r, MH_ATTR_LISTENER, "edge") && attr_is(r, MH_ATTR_VERSION, "1.1"), "listener");
    expect(r, !http->attr(r, MH_ATTR_AUTHORITY, &s) && !http->attr(r, MH_ATTR_REQUEST_ID, &also), "authority");
    expect(r, attr_is(r, MH_ATTR_METHOD, http->flags(r) & MH_REQ_HAS_BODY ? "POST" : "GET"), "flags");
    expect(r, !(http->flags(r) & (MH_REQ_TLS | MH_REQ_UPGRADE | MH_REQ_ANSWERED)), "flags");
    expect(r, http->status(r) == 0 && http->now_ns(r) && http->loop(r) == 0 && http->time_left_ms(r), "status");
    expect(r, !http->attribute_set(r, S("golden.note"), S("kept")), "attribute_set");
    expect(r, !http->attribute_get(r, S("golden.note"), &s) && is(s, "kept"), "attribute_get");
    expect(r, !http->route_set(r, S("golden")) && attr_is(r, MH_ATTR_ROUTE, "golden"), "route_set");
    expect(r, !http->header_edit(r, MH_DIR_REQUEST, MH_EDIT_SET, S("X-Set"), S("1")), "set");
    expect(r, !http->header_edit(r, MH_DIR_REQUEST, MH_EDIT_ADD, S("X-Set"), S("2")), "add");
    expect(r, !http->header_edit(r, MH_DIR_REQUEST, MH_EDIT_REMOVE, S("X-Gone"), S("")), "remove");
    expect(r, http->header_edit(r, MH_DIR_REQUEST, MH_EDIT_SET, S("Content-Length"), S("1")) == MH_E_INVALID, "framing");
}

static void check_principal(mh_req* r) {
    const mh_str roles[] = {S("viewer"), S("admin")};
    const mh_kv claim = {S("tenant"), S("acme")};
    const mh_principal p = {sizeof p, 2, S("alice"), S("golden"), roles, &claim, 1, 0};
    expect(r, !http->principal(r) && !http->principal_set(r, &p), "principal_set");
    const mh_principal* q = http->principal(r);
    expect(r, q && is(q->subject, "alice") && is(q->issuer, "golden") && q->n_roles == 2 && is(q->roles[1], "admin"), "roles");
    expect(r, q && q->n_claims == 1 && is(q->claims[0].key, "tenant") && is(q->claims[0].val, "acme"), "claims");
}

static void in_loop(mh_req* r, void* token) {
    const mh_token t = (mh_token)(uintptr_t)token;
    http->header_edit(r, MH_DIR_REQUEST, MH_EDIT_SET, S("X-Posted"), S("1"));
    expect(r, !http->resume(t, MH_V_CONTINUE) && http->resume(t, MH_V_CONTINUE) == MH_E_GONE, "resume");
}
static void* elsewhere(void* token) {
    http->post((mh_token)(uintptr_t)token, in_loop, token, NULL);
    return NULL;
}

static mh_verdict on_request(void* shard, mh_req* r, const mh_header* h, uint32_t n) {
    notes* own_notes = notes_of(r);
    mh_str what;
    if (!own_notes || !shard) return MH_V_FAIL;
    if (!http->header_named(r, MH_DIR_REQUEST, S("X-Do"), &what))
        snprintf(own_notes->what, sizeof own_notes->what, "%.*s", (int)what.len, what.ptr);
    check_request(r, h, n);
    check_principal(r);
    the_log->write_req(the_host, r, MH_LOG_DEBUG, S("golden asked"), NULL, 0);
    if (asked(r, "fail")) return MH_V_FAIL;
    if (asked(r, "detach")) return MH_V_DETACH;
    if (asked(r, "rewrite")) expect(r, !http->rewrite(r, S("/new"), S("d=e")), "rewrite");
    if (asked(r, "upper")) expect(r, !http->body_pause(r, MH_DIR_REQUEST) && !http->body_resume(r, MH_DIR_REQUEST), "pause");
    if (asked(r, "respond")) {
        const mh_kv field = {S("X-Own"), S("yes")};
        const mh_seg body[] = {{(const uint8_t*)"tea", 3}, {(const uint8_t*)"pot", 3}};
        return http->respond(r, 418, &field, 1, body, 2) ? MH_V_FAIL : MH_V_RESPOND;
    }
    if (!asked(r, "wait") && !asked(r, "cancel")) return MH_V_CONTINUE;
    own_notes->token = http->suspend(r, asked(r, "wait") ? 10000 : 20);
    if (asked(r, "wait") && own_notes->token)
        pthread_create(&own_notes->thread, NULL, elsewhere, (void*)(uintptr_t)own_notes->token);
    return own_notes->token ? MH_V_PENDING : MH_V_FAIL;
}

static mh_verdict upper(mh_req* r, uint32_t dir, const mh_seg* v, uint32_t n) {
    uint8_t room[4096];
    size_t size = 0;
    if (!asked(r, "upper")) return MH_V_CONTINUE;
    for (uint32_t i = 0; i < n; i++)
        for (size_t k = 0; k < v[i].len && size < sizeof room; k++) room[size++] = v[i].ptr[k] & (uint8_t)~0x20;
    const mh_seg all = {room, size};
    return http->body_replace(r, dir, &all, 1) ? MH_V_FAIL : MH_V_CONTINUE;
}
static mh_verdict on_request_body(void* shard, mh_req* r, const mh_seg* v, uint32_t n, uint32_t fin) {
    return (void)shard, (void)fin, upper(r, MH_DIR_REQUEST, v, n);
}
static mh_verdict on_response_body(void* shard, mh_req* r, const mh_seg* v, uint32_t n, uint32_t fin) {
    return (void)shard, (void)fin, upper(r, MH_DIR_RESPONSE, v, n);
}

static mh_verdict on_response(void* shard, mh_req* r, uint32_t code, const mh_header* h, uint32_t n) {
    const instance* i = shard;
    notes* found = notes_of(r);
    (void)h, (void)n;
    expect(r, http->status(r) == code && http->flags(r) & MH_REQ_ANSWERED, "answered");
    const char* text = *found->text ? found->text : "ok";
    http->header_edit(r, MH_DIR_RESPONSE, MH_EDIT_SET, S("X-Golden"), (mh_str){text, strlen(text)});
    http->header_edit(r, MH_DIR_RESPONSE, MH_EDIT_ADD, S("X-Instance"), (mh_str){i->name, strlen(i->name)});
    return MH_V_CONTINUE;
}

static void on_cancel(void* shard, mh_req* r, mh_token t, mh_status why) {
    (void)shard;
    const int as_promised = t == notes_of(r)->token && why == MH_E_TIMEOUT && http->resume(t, MH_V_CONTINUE) == MH_E_GONE;
    the_log->write_req(the_host, r, MH_LOG_WARN, as_promised ? S("golden was cancelled") : S("cancel is wrong"), NULL, 0);
}

static void on_done(void* shard, mh_req* r, mh_status outcome) {
    notes* n = notes_of(r);
    (void)shard;
    if (n->thread) pthread_join(n->thread, NULL);
    the_log->write_req(the_host, r, MH_LOG_INFO, outcome ? S("golden broke off") : S("golden is done"), NULL, 0);
}

static const char* const after[] = {"nobody", NULL};
static const mh_http_filter filter = {
    .size = sizeof filter,
    .interests = MH_I_REQUEST | MH_I_REQUEST_BODY | MH_I_RESPONSE | MH_I_RESPONSE_BODY | MH_I_DONE,
    .phase = MH_PHASE_AUTHN,
    .name = "golden",
    .after = after,
    .before = after,
    .user = &shards,
    .instance_create = instance_create,
    .instance_destroy = instance_destroy,
    .shard_create = instance_shard,
    .shard_destroy = instance_shard_end,
    .on_request = on_request,
    .on_request_body = on_request_body,
    .on_response = on_response,
    .on_response_body = on_response_body,
    .on_cancel = on_cancel,
    .on_done = on_done};

static mh_status create(const mh_host* host, const mh_module** out) {
    the_host = host;
    if (host->abi_epoch != MH_ABI_EPOCH || !host->name || !host->version || !host->impl) return MH_E_INVALID;
    the_log = host->get(host, MH_LOG);
    config = host->get(host, MH_CONFIG);
    http = host->get(host, MH_HTTP_REQUEST);
    if (!MH_FIELD_OK(the_log, write_req) || !MH_FIELD_OK(config, json) || !MH_FIELD_OK(http, loop)) return MH_E_UNSUPPORTED;
    if (host->get(host, "com.acme.nothing/1")) return refuse("", "an unknown interface");
    if (host->contribute(host, "com.acme.nowhere/1", &filter) != MH_E_UNSUPPORTED) return refuse("", "an unknown point");
    if (host->contribute(host, MH_HTTP_FILTER, &filter)) return refuse("", "contribute");
    if (host->contribute(host, MH_HTTP_FILTER, &filter) != MH_E_EXISTS) return refuse("", "twice");
    *out = &module;
    return MH_OK;
}

// clang-format off
MH_MODULE(MH_MANIFEST({
    "id": "golden", "version": "0.1.0", "abi": {"epoch": 1}, "summary": "What was frozen in 0.1",
    "requires": ["mh.http.request/1", "mh.config/1", "mh.log/1"],
    "filters": [{"name": "golden", "phase": "authn", "on_error": "closed"}],
    "config_schema": {"type": "object", "properties": {
        "text": {"type": "string", "default": "words"}, "whole": {"type": "integer", "default": -7},
        "real": {"type": "number", "default": 1.5}, "yes": {"type": "boolean", "default": true},
        "time": {"type": ["string", "number"], "default": "1500ms"},
        "list": {"type": "array", "items": {"type": "string"}, "default": ["a", "b"]},
        "deep": {"type": "object", "properties": {"er": {"type": "string"}}, "default": {"er": "down"}}}}}), create)
