// SPDX-License-Identifier: Apache-2.0
// Refuses requests that come too fast: 429 with Retry-After. The host counts, exactly, over all loops.
#include <ctype.h>
#include <microhost/draft/limit.h>
#include <microhost/microhost.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum key { BY_CLIENT_IP, BY_PRINCIPAL, BY_HEADER };

typedef struct limiter {
    enum key key;
    uint32_t header_id;  // MH_H_*, or 0: `header` is looked for by name
    mh_str header;
    uint64_t set;       // of the configured key
    uint64_t fallback;  // of client addresses, for requests that do not have that key
    int32_t fields;     // X-RateLimit-* on
    mh_limit_rule rule;
} limiter;

static const mh_host* host;
static const mh_http_request* http;
static const mh_config_api* config;
static const mh_limit* limit;

static mh_str text(const char* s) { return (mh_str){s, strlen(s)}; }

static mh_status refuse_config(const char* where, const char* why) {
    host->error(host, MH_E_INVALID, text(where), text(why));
    return MH_E_INVALID;
}

static uint32_t header_id(mh_str name) {
    static const char* const names[] = {"",
#define NAME(id, text) text,
                                        MH_HTTP_NAMES(NAME)
#undef NAME
    };
    for (uint32_t i = 1; i < MH_H_COUNT; i++) {
        size_t k = 0;
        while (k < name.len && names[i][k] && tolower((unsigned char)name.ptr[k]) == names[i][k]) k++;
        if (k == name.len && !names[i][k]) return i;
    }
    return MH_H_NONE;
}

static mh_status read_key(limiter* l, const mh_config* c) {
    static const char prefix[] = "header:";
    const size_t n = sizeof prefix - 1;
    mh_str key = {"client-ip", 9};
    config->string(c, "key", &key);
    if (key.len == 9 && !memcmp(key.ptr, "client-ip", 9)) {
        l->key = BY_CLIENT_IP;
    } else if (key.len == 9 && !memcmp(key.ptr, "principal", 9)) {
        l->key = BY_PRINCIPAL;
    } else if (key.len > n && !memcmp(key.ptr, prefix, n)) {
        l->key = BY_HEADER;
        l->header = (mh_str){key.ptr + n, key.len - n};
        l->header_id = header_id(l->header);
    } else {
        return refuse_config("/key", "key: write \"client-ip\", \"principal\" or \"header:NAME\"");
    }
    return MH_OK;
}

static mh_status read_rule(mh_limit_rule* rule, const mh_config* c) {
    int64_t count = 0, burst = 0;
    double rate = 0;
    rule->size = sizeof *rule;
    const int has_rate = config->number(c, "rate", &rate) == MH_OK;
    const int has_count = config->integer(c, "count", &count) == MH_OK;
    if (has_rate == has_count) return refuse_config("", "set either \"rate\" (a second) or \"count\" and \"period\"");
    if (has_rate) {
        if (!(rate >= 0.001 && rate <= 1e9)) return refuse_config("/rate", "rate: from 0.001 to 1000000000 a second");
        rule->count = (uint64_t)(rate * 1000 + 0.5);  // in 1000 s, so that fractions count
        rule->period_ms = 1000 * 1000;
        burst = rate < 1 ? 1 : (int64_t)rate;
    } else {
        if (count < 1 || config->duration_ms(c, "period", &rule->period_ms) != MH_OK || rule->period_ms == 0)
            return refuse_config("/period", "count and period: both are needed, and at least 1");
        rule->count = (uint64_t)count;
        burst = count;
    }
    config->integer(c, "burst", &burst);
    if (burst < 1 || burst > UINT32_MAX) return refuse_config("/burst", "burst: at least 1");
    rule->burst = (uint32_t)burst;
    return MH_OK;
}

static mh_status open_sets(limiter* l, const mh_filter_instance* i, uint32_t max_keys) {
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)(i->name.len < 200 ? i->name.len : 200), i->name.ptr);
    mh_status s = limit->open(host, name, max_keys, &l->set);
    if (s < 0 || l->key == BY_CLIENT_IP) return s;
    strcat(name, "/client-ip");
    return limit->open(host, name, max_keys, &l->fallback);
}

static mh_status instance_create(void* user, const mh_filter_instance* i, void** instance) {
    (void)user;
    limiter* l = calloc(1, sizeof *l);
    if (!l) return MH_E_NOMEM;
    int64_t max_keys = 0;
    config->integer(i->config, "max_keys", &max_keys);
    config->boolean(i->config, "headers", &l->fields);
    mh_status s = read_key(l, i->config);
    if (s == MH_OK) s = read_rule(&l->rule, i->config);
    if (s == MH_OK) s = open_sets(l, i, (uint32_t)max_keys);
    if (s != MH_OK)
        free(l);
    else
        *instance = l;
    return s;
}

static void instance_destroy(void* user, void* instance) { (void)user, free(instance); }

// The key of a request, and the set that it belongs to.
static mh_str key_of(const limiter* l, mh_req* r, uint64_t* set) {
    mh_str key = {"", 0};
    *set = l->set;
    if (l->key == BY_HEADER) {
        const mh_status s = l->header_id ? http->header(r, MH_DIR_REQUEST, l->header_id, &key)
                                         : http->header_named(r, MH_DIR_REQUEST, l->header, &key);
        if (s == MH_OK && key.len) return key;
    } else if (l->key == BY_PRINCIPAL) {
        const mh_principal* p = http->principal(r);
        if (p && p->subject.len) return p->subject;
    }
    if (l->key != BY_CLIENT_IP) *set = l->fallback;
    if (http->attr(r, MH_ATTR_CLIENT_IP, &key) != MH_OK) key = (mh_str){"", 0};
    return key;
}

static mh_verdict refuse(const limiter* l, mh_req* r, uint64_t retry_ms) {
    static const char body[] =
        "{\"id\":\"limit\",\"code\":429,\"detail\":\"too many requests: try again later\","
        "\"status\":\"Too Many Requests\"}";
    char seconds[24], burst[24];
    const uint64_t s = (retry_ms + 999) / 1000;
    snprintf(seconds, sizeof seconds, "%llu", (unsigned long long)(s ? s : 1));
    snprintf(burst, sizeof burst, "%u", (unsigned)l->rule.burst);
    const mh_kv headers[] = {{text("Content-Type"), text("application/json")},
                             {text("Retry-After"), text(seconds)},
                             {text("X-RateLimit-Limit"), text(burst)},
                             {text("X-RateLimit-Remaining"), text("0")},
                             {text("X-RateLimit-Reset"), text(seconds)}};
    const mh_seg seg = {(const uint8_t*)body, sizeof body - 1};
    return http->respond(r, 429, headers, l->fields ? 5 : 2, &seg, 1) == MH_OK ? MH_V_RESPOND : MH_V_FAIL;
}

static mh_verdict on_request(void* shard, mh_req* r, const mh_header* h, uint32_t n) {
    const limiter* l = shard;
    (void)h, (void)n;
    uint64_t set;
    const mh_str key = key_of(l, r, &set);
    mh_limit_answer a = {.size = sizeof a};
    const mh_status s = limit->take(set, key, &l->rule, 1, http->now_ns(r), &a);
    if (s == MH_E_LIMIT) return refuse(l, r, 1000);  // no room for another key
    if (s != MH_OK) return MH_V_FAIL;
    if (!a.allowed) return refuse(l, r, a.retry_after_ms);
    if (!l->fields) return MH_V_DETACH;
    *http->slot(r) = (void*)(uintptr_t)(a.remaining + 1);
    return MH_V_CONTINUE;
}

static mh_verdict on_response(void* shard, mh_req* r, uint32_t code, const mh_header* h, uint32_t n) {
    const limiter* l = shard;
    (void)code, (void)h, (void)n;
    const uintptr_t kept = (uintptr_t)*http->slot(r);
    if (!kept) return MH_V_CONTINUE;  // refused: the fields are there
    char value[24];
    snprintf(value, sizeof value, "%u", (unsigned)l->rule.burst);
    http->header_edit(r, MH_DIR_RESPONSE, MH_EDIT_SET, text("X-RateLimit-Limit"), text(value));
    snprintf(value, sizeof value, "%llu", (unsigned long long)kept - 1);
    http->header_edit(r, MH_DIR_RESPONSE, MH_EDIT_SET, text("X-RateLimit-Remaining"), text(value));
    return MH_V_CONTINUE;
}

static const mh_http_filter filter = {.size = sizeof filter,
                                      .interests = MH_I_REQUEST | MH_I_RESPONSE,
                                      .phase = MH_PHASE_LIMIT,
                                      .instance_create = instance_create,
                                      .instance_destroy = instance_destroy,
                                      .on_request = on_request,
                                      .on_response = on_response};

static const mh_module module = {.size = sizeof module};

static mh_status create(const mh_host* h, const mh_module** out) {
    host = h;
    http = h->get(h, MH_HTTP_REQUEST);
    config = h->get(h, MH_CONFIG);
    limit = h->get(h, MH_LIMIT);
    *out = &module;
    return http && config && limit ? h->contribute(h, MH_HTTP_FILTER, &filter) : MH_E_UNSUPPORTED;
}

// clang-format off
MH_MODULE(MH_MANIFEST({
    "id": "limit", "version": "1.0.0", "abi": {"epoch": 1}, "summary": "Refuses requests that come too fast",
    "requires": ["mh.http.request/1", "mh.config/1", "mh.limit/1"],
    "filters": [{"name": "limit", "phase": "limit"}],
    "config_schema": {"type": "object", "additionalProperties": false, "properties": {
        "key": {"type": "string", "default": "client-ip", "description": "Whose budget: client-ip, principal, header:NAME"},
        "rate": {"type": "number", "description": "Requests a second"},
        "count": {"type": "integer", "description": "Instead of rate: so many requests in a period"},
        "period": {"type": ["string", "number"], "description": "The period of count, such as 1m"},
        "burst": {"type": "integer", "description": "How many may come at once; the rate by default"},
        "headers": {"type": "boolean", "default": false, "description": "Send X-RateLimit fields"},
        "max_keys": {"type": "integer", "default": 0, "description": "How many keys are remembered; 0: 65536"}}}}), create)
