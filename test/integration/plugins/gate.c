// SPDX-License-Identifier: Apache-2.0
// A filter in as many versions as a test wants. It stamps each response with its version in X-ID, so that a client sees which
// generation its request passed. Macros:
//   ID, VERSION, PHASE        identity, a number, "authn" or another name
//   OPEN_DOOR                 lets requests pass without "X-Key: right"
//   NEEDS_KEY                 its configuration must have "key"
//   BODY                      puts its version in front of each response body
//   FAILS_CREATE, CRASHES_CREATE, HANGS_CREATE, FAILS_SHARD, FAILS_INSTANCE
#include <microhost/microhost.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef ID
#define ID "gate"
#endif
#ifndef PHASE
#define PHASE "authn"
#endif
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define S(text) ((mh_str){(text), sizeof(text) - 1})

static const mh_http_request* http;
static const mh_host* self;

static uint32_t phase_number(void) {
    if (!strcmp(PHASE, "authn")) return MH_PHASE_AUTHN;
    if (!strcmp(PHASE, "authz")) return MH_PHASE_AUTHZ;
    if (!strcmp(PHASE, "limit")) return MH_PHASE_LIMIT;
    return MH_PHASE_TRANSFORM;
}

static int has(const mh_header* h, uint32_t n, const char* name, const char* value) {
    for (uint32_t i = 0; i < n; i++)
        if (h[i].name.len == strlen(name) && !memcmp(h[i].name.ptr, name, h[i].name.len) &&
            h[i].value.len == strlen(value) && !memcmp(h[i].value.ptr, value, h[i].value.len))
            return 1;
    return 0;
}

// Clients may ask for trouble: X-Trouble: wait (for an answer that never comes), X-Trouble: fail (as when a queue is full).
static mh_verdict on_request(void* shard, mh_req* r, const mh_header* h, uint32_t n) {
    (void)shard;
    if (has(h, n, "X-Trouble", "wait")) return http->suspend(r, 200) ? MH_V_PENDING : MH_V_FAIL;
    if (has(h, n, "X-Trouble", "fail")) return MH_V_FAIL;
#ifndef OPEN_DOOR
    if (!has(h, n, "X-Key", "right")) {
        http->respond(r, 401, NULL, 0, NULL, 0);
        return MH_V_RESPOND;
    }
#endif
    return MH_V_CONTINUE;
}

static mh_verdict on_response(void* shard, mh_req* r, uint32_t status, const mh_header* h,
                              uint32_t n) {
    (void)shard, (void)status, (void)h, (void)n;
    http->header_edit(r, MH_DIR_RESPONSE, MH_EDIT_SET, S("X-" ID), S(TEXT(VERSION)));
    return MH_V_CONTINUE;
}

#ifdef BODY
static mh_verdict on_body(void* shard, mh_req* r, const mh_seg* v, uint32_t n, uint32_t fin) {
    (void)shard, (void)fin;
    mh_seg out[8] = {{(const uint8_t*)TEXT(VERSION) ":", sizeof(TEXT(VERSION))}};
    for (uint32_t i = 0; i < n && i < 7; i++) out[i + 1] = v[i];
    http->body_replace(r, MH_DIR_RESPONSE, out, n + 1);
    return MH_V_CONTINUE;
}
#define INTERESTS (MH_I_REQUEST | MH_I_RESPONSE | MH_I_RESPONSE_BODY_FULL)
#else
#define INTERESTS (MH_I_REQUEST | MH_I_RESPONSE)
#endif

static mh_status instance_create(void* user, const mh_filter_instance* i, void** instance) {
    (void)user, (void)i;
    *instance = (void*)&self;
#ifdef FAILS_INSTANCE
    self->error(self, MH_E_INVALID, S("/key"), S("no instance of this"));
    return MH_E_INVALID;
#else
    return MH_OK;
#endif
}

static void* shard_create(void* instance, uint32_t loop) {
    (void)loop;
#ifdef FAILS_SHARD
    (void)instance;
    self->error(self, MH_E_INVALID, S(""), S("no shard of this"));
    return NULL;
#else
    return instance;
#endif
}

static mh_http_filter filter = {.size = sizeof filter,
                                .interests = INTERESTS,
                                .max_body = 1 << 20,
                                .instance_create = instance_create,
                                .shard_create = shard_create,
                                .on_request = on_request,
#ifdef BODY
                                .on_response_body = on_body,
#endif
                                .on_response = on_response};
static const mh_module module = {.size = sizeof module};

static mh_status create(const mh_host* host, const mh_module** out) {
    self = host;
    http = host->get(host, MH_HTTP_REQUEST);
    *out = &module;
    filter.phase = phase_number();
#ifdef CRASHES_CREATE
    *(volatile int*)8 = 1;
#endif
#ifdef HANGS_CREATE
    for (;;) pause();
#endif
#ifdef FAILS_CREATE
    host->error(host, MH_E_INVALID, S(""), S("it does not want to"));
    return MH_E_INVALID;
#endif
    return http ? host->contribute(host, MH_HTTP_FILTER, &filter) : MH_E_UNSUPPORTED;
}

#ifdef NEEDS_KEY
#define REQUIRED ",\"required\":[\"key\"]"
#else
#define REQUIRED ""
#endif
MH_MODULE("{\"id\":\"" ID "\",\"version\":\"" TEXT(VERSION) ".0.0\",\"abi\":{\"epoch\":1},"
          "\"requires\":[\"mh.http.request/1\"],\"filters\":[{\"name\":\"" ID "\",\"phase\":\"" PHASE "\"}],"
          "\"config_schema\":{\"type\":\"object\",\"properties\":{\"key\":{\"type\":\"string\"}}" REQUIRED "}}",
          create)
