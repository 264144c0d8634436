// SPDX-License-Identifier: Apache-2.0
// The border in C: tables, manifest, entry. What there is to decide is decided in filter.go.
#include "module.h"

#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"

static const mh_http_request* http;
static const mh_config_api* config;

typedef struct instance {
    mh_str field;
} instance;

static mh_status instance_create(void* user, const mh_filter_instance* i, void** out) {
    (void)user;
    instance* made = malloc(sizeof *made);
    if (!made) return MH_E_NOMEM;
    config->string(i->config, "field", &made->field);  // the schema has a default: this cannot fail
    *out = made;
    return MH_OK;
}
static void instance_destroy(void* user, void* i) { (void)user, free(i); }

static mh_verdict on_request(void* shard, mh_req* r, const mh_header* h, uint32_t n) {
    (void)h, (void)n;
    return goOnRequest(r, ((instance*)shard)->field);
}

// ---- what Go calls

mh_str request_attribute(mh_req* r, uint32_t which) {
    mh_str out = {"", 0};
    http->attr(r, which, &out);
    return out;
}
mh_str request_header(mh_req* r, mh_str name) {
    mh_str out = {"", 0};
    http->header_named(r, MH_DIR_REQUEST, name, &out);
    return out;
}
mh_status set_response_header(mh_req* r, mh_str name, mh_str value) {
    return http->header_edit(r, MH_DIR_RESPONSE, MH_EDIT_SET, name, value);
}

// ---- the module

static const mh_http_filter filter = {.size = sizeof filter,
                                      .interests = MH_I_REQUEST,
                                      .phase = MH_PHASE_TRANSFORM,
                                      .instance_create = instance_create,
                                      .instance_destroy = instance_destroy,
                                      .on_request = on_request};
// Go's threads and its memory never go away.
static const mh_module module = {.size = sizeof module, .flags = MH_MODULE_PINNED | MH_MODULE_NO_RELOAD};

static mh_status create(const mh_host* host, const mh_module** out) {
    http = host->get(host, MH_HTTP_REQUEST);
    config = host->get(host, MH_CONFIG);
    *out = &module;
    return http && config ? host->contribute(host, MH_HTTP_FILTER, &filter) : MH_E_UNSUPPORTED;
}

// clang-format off
MH_MODULE(MH_MANIFEST({
    "id": "go-filter", "version": "1.0.0", "abi": {"epoch": 1}, "summary": "Marks responses from Go",
    "requires": ["mh.http.request/1", "mh.config/1"], "filters": [{"name": "go-filter", "phase": "transform"}],
    "config_schema": {"type": "object", "additionalProperties": false, "properties": {
        "field": {"type": "string", "default": "X-Go", "description": "Field of the response"}}}}), create)
