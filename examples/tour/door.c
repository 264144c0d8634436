// SPDX-License-Identifier: Apache-2.0
// The access filter of the tour: 401 without one of its tokens. It stamps answers with its version in X-Door, so that a client sees
// which one let it in. -DVERSION=N is that version; -DBUG makes one that crashes when somebody sends X-Poison.
#include <microhost/microhost.h>
#include <string.h>
#include <strings.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define S(text) ((mh_str){(text), sizeof(text) - 1})

static const mh_http_request* http;
static const mh_config_api* config;

static const mh_header* field(const mh_header* h, uint32_t n, const char* name) {
    for (uint32_t i = 0; i < n; i++)
        if (h[i].name.len == strlen(name) && !strncasecmp(h[i].name.ptr, name, h[i].name.len)) return &h[i];
    return NULL;
}

static mh_verdict on_request(void* shard, mh_req* r, const mh_header* h, uint32_t n) {
    const mh_config* own = shard;
    const mh_header* given = field(h, n, "Authorization");
    uint32_t tokens = 0;
#ifdef BUG
    if (field(h, n, "X-Poison")) *(volatile int*)16 = 1;
#endif
    config->count(own, "tokens", &tokens);
    for (uint32_t i = 0; given && i < tokens; i++) {
        mh_str token = {"", 0};
        config->string_at(own, "tokens", i, &token);
        if (token.len && given->value.len == token.len + 7 && !memcmp(given->value.ptr, "Bearer ", 7) &&
            !memcmp(given->value.ptr + 7, token.ptr, token.len))
            return MH_V_CONTINUE;
    }
    http->respond(r, 401, NULL, 0, NULL, 0);
    return MH_V_RESPOND;
}

static mh_verdict on_response(void* shard, mh_req* r, uint32_t status, const mh_header* h, uint32_t n) {
    (void)shard, (void)status, (void)h, (void)n;
    http->header_edit(r, MH_DIR_RESPONSE, MH_EDIT_SET, S("X-Door"), S(TEXT(VERSION)));
    return MH_V_CONTINUE;
}

static mh_status instance_create(void* user, const mh_filter_instance* i, void** instance) {
    (void)user;
    *instance = (void*)i->config;  // lives as long as the instance
    return MH_OK;
}

static const mh_http_filter filter = {.size = sizeof filter,
                                      .interests = MH_I_REQUEST | MH_I_RESPONSE,
                                      .phase = MH_PHASE_AUTHN,
                                      .instance_create = instance_create,
                                      .on_request = on_request,
                                      .on_response = on_response};
static const mh_module module = {.size = sizeof module};

static mh_status create(const mh_host* host, const mh_module** out) {
    http = host->get(host, MH_HTTP_REQUEST);
    config = host->get(host, MH_CONFIG);
    *out = &module;
    return http && config ? host->contribute(host, MH_HTTP_FILTER, &filter) : MH_E_UNSUPPORTED;
}

MH_MODULE("{\"id\":\"door\",\"version\":\"" TEXT(VERSION) ".0.0\",\"abi\":{\"epoch\":1},\"summary\":\"Wants a token\","
          "\"requires\":[\"mh.http.request/1\",\"mh.config/1\"],\"filters\":[{\"name\":\"door\",\"phase\":\"authn\"}],"
          "\"config_schema\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":"
          "{\"tokens\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"description\":\"Who has one gets in\"}}}}",
          create)
