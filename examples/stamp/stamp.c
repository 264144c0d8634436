// SPDX-License-Identifier: Apache-2.0
// Adds one field to every response: the smallest useful filter in C.
#include <microhost/microhost.h>
#include <stdlib.h>

typedef struct stamp {
    mh_str field, value;  // lent by the config, which lives as long as the instance
} stamp;

static const mh_http_request* http;
static const mh_config_api* config;

static mh_status instance_create(void* user, const mh_filter_instance* i, void** instance) {
    (void)user;
    stamp* s = malloc(sizeof *s);
    if (!s) return MH_E_NOMEM;
    config->string(i->config, "field", &s->field);  // the schema has defaults: these cannot fail
    config->string(i->config, "value", &s->value);
    *instance = s;
    return MH_OK;
}

static void instance_destroy(void* user, void* instance) { (void)user, free(instance); }

static mh_verdict on_response(void* shard, mh_req* r, uint32_t code, const mh_header* h, uint32_t n) {
    const stamp* s = shard;
    (void)code, (void)h, (void)n;
    http->header_edit(r, MH_DIR_RESPONSE, MH_EDIT_SET, s->field, s->value);
    return MH_V_CONTINUE;
}

// clang-format off
static const mh_http_filter filter = {
    .size = sizeof filter, .interests = MH_I_RESPONSE, .phase = MH_PHASE_RESPONSE, .instance_create = instance_create,
    .instance_destroy = instance_destroy, .on_response = on_response};
static const mh_module module = {.size = sizeof module};

static mh_status create(const mh_host* host, const mh_module** out) {
    http = host->get(host, MH_HTTP_REQUEST);
    config = host->get(host, MH_CONFIG);
    *out = &module;
    return http && config ? host->contribute(host, MH_HTTP_FILTER, &filter) : MH_E_UNSUPPORTED;
}

MH_MODULE(MH_MANIFEST({
    "id": "stamp", "version": "1.0.0", "abi": {"epoch": 1}, "summary": "Adds one field to every response",
    "requires": ["mh.http.request/1", "mh.config/1"], "filters": [{"name": "stamp", "phase": "response"}],
    "config_schema": {"type": "object", "additionalProperties": false, "properties": {
        "field": {"type": "string", "default": "X-Served-By", "description": "Name of the field"},
        "value": {"type": "string", "default": "microhost", "description": "Its value"}}}}), create)
