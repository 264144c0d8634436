/* SPDX-License-Identifier: Apache-2.0 */
/* A filter that refuses requests without a certain field. Change what you like: it is yours, under any licence. */
#include <microhost/microhost.h>
#include <stdlib.h>

static const mh_host* host;
static const mh_http_request* http;
static const mh_config_api* config;

typedef struct plugin {
    mh_str field; /* lent by the config, which lives as long as the instance */
} plugin;

/* Once for each filter that the operator configured. Its result is handed to the hooks as `shard`. */
static mh_status instance_create(void* user, const mh_filter_instance* i, void** instance) {
    (void)user;
    plugin* p = malloc(sizeof *p);
    if (!p) return MH_E_NOMEM;
    *instance = p;
    return config->string(i->config, "field", &p->field);
}

static void instance_destroy(void* user, void* instance) { (void)user, free(instance); }

static mh_verdict on_request(void* shard, mh_req* r, const mh_header* h, uint32_t n) {
    static const char body[] =
        "{\"id\":\"@ID@\",\"code\":400,\"detail\":\"a field is missing\",\"status\":\"Bad "
        "Request\"}";
    const mh_kv type = {{"Content-Type", 12}, {"application/json", 16}};
    const mh_seg seg = {(const uint8_t*)body, sizeof body - 1};
    const plugin* p = shard;
    mh_str value;
    (void)h, (void)n;
    if (http->header_named(r, MH_DIR_REQUEST, p->field, &value) == MH_OK) return MH_V_DETACH;
    return http->respond(r, 400, &type, 1, &seg, 1) == MH_OK ? MH_V_RESPOND : MH_V_FAIL;
}

static const mh_http_filter filter = {.size = sizeof filter,
                                      .interests = MH_I_REQUEST,
                                      .phase = MH_PHASE_EARLY,
                                      .instance_create = instance_create,
                                      .instance_destroy = instance_destroy,
                                      .on_request = on_request};
static const mh_module module = {.size = sizeof module};

static mh_status create(const mh_host* h, const mh_module** out) {
    host = h;
    http = h->get(h, MH_HTTP_REQUEST);
    config = h->get(h, MH_CONFIG);
    *out = &module;
    return http && config ? host->contribute(h, MH_HTTP_FILTER, &filter) : MH_E_UNSUPPORTED;
}

/* clang-format off */
MH_MODULE(MH_MANIFEST({
    "id": "@ID@", "version": "0.1.0", "abi": {"epoch": 1}, "summary": "Refuses requests without a field",
    "requires": ["mh.http.request/1", "mh.config/1"], "filters": [{"name": "@ID@", "phase": "early"}],
    "config_schema": {"type": "object", "additionalProperties": false, "properties": {
        "field": {"type": "string", "default": "X-Tenant", "description": "Field that must be there"}}}}), create)
