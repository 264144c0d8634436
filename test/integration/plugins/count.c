// SPDX-License-Identifier: Apache-2.0
// A filter that counts requests, stamps the count into X-Count, and hands it to its next generation. Macros:
//   VERSION                              a number
//   SCHEMA, ACCEPTS                      of the state it writes; what it reads: "1, 2"
//   FAILS_SAVE, FAILS_LOAD, FAILS_SHARD  where a reload breaks
//   PARKS                                says that it starts threads, so that its code is never unmapped
#include <microhost/draft/state.h>
#include <microhost/microhost.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#ifndef SCHEMA
#define SCHEMA 1
#endif
#ifndef ACCEPTS
#define ACCEPTS "1"
#endif
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define S(text) ((mh_str){(text), sizeof(text) - 1})

static const mh_http_request* http;
static const mh_host* self;
static atomic_uint requests;
static atomic_bool handed_on;  // from save() to resume() it must not count

static mh_verdict on_response(void* shard, mh_req* r, uint32_t status, const mh_header* h,
                              uint32_t n) {
    (void)shard, (void)status, (void)h, (void)n;
    char text[16];
    const unsigned now = atomic_load(&handed_on) ? 0 : atomic_fetch_add(&requests, 1) + 1;
    const int len = snprintf(text, sizeof text, "%u", now);
    http->header_edit(r, MH_DIR_RESPONSE, MH_EDIT_SET, S("X-Count"), (mh_str){text, (size_t)len});
    http->header_edit(r, MH_DIR_RESPONSE, MH_EDIT_SET, S("X-Version"), S(TEXT(VERSION)));
    return MH_V_CONTINUE;
}

static mh_status save(const mh_module* m, const mh_state_writer* w) {
    (void)m;
#ifdef FAILS_SAVE
    self->error(self, MH_E_BUSY, S(""), S("it is busy"));
    return MH_E_BUSY;
#endif
    char text[16];
    const int len = snprintf(text, sizeof text, "%u", atomic_load(&requests));
    atomic_store(&handed_on, true);
    // In two pieces: write() appends.
    mh_status s = w->write(w, (mh_seg){(const uint8_t*)text, 1});
    return s ? s : w->write(w, (mh_seg){(const uint8_t*)text + 1, (size_t)len - 1});
}

static unsigned number_in(mh_seg bytes) {
    unsigned n = 0;
    for (size_t i = 0; i < bytes.len; i++) n = n * 10 + (bytes.ptr[i] - '0');
    return n;
}

static mh_status load(const mh_module* m, uint32_t schema, mh_seg bytes) {
    (void)m, (void)schema;
#ifdef FAILS_LOAD
    self->error(self, MH_E_INVALID, S(""), S("these bytes say nothing"));
    return MH_E_INVALID;
#endif
    atomic_store(&requests, number_in(bytes));
    return MH_OK;
}

static void resume(const mh_module* m, mh_seg bytes) {
    (void)m;
    atomic_store(&requests, number_in(bytes));
    atomic_store(&handed_on, false);
}

static const mh_state state = {
    .size = sizeof state, .schema = SCHEMA, .save = save, .load = load, .resume = resume};

static const void* get(const mh_module* m, const char* id) {
    (void)m;
    return strcmp(id, MH_STATE) ? NULL : &state;
}

static void* shard_create(const mh_module* m, uint32_t loop) {
    (void)loop;
#ifdef FAILS_SHARD
    (void)m;
    return NULL;
#else
    return (void*)m;
#endif
}

static const mh_http_filter filter = {.size = sizeof filter,
                                      .interests = MH_I_RESPONSE,
                                      .phase = MH_PHASE_TRANSFORM,
                                      .on_response = on_response};
static const mh_module module = {.size = sizeof module,
#ifdef PARKS
                                 .flags = MH_MODULE_SPAWNS_THREADS,
#endif
                                 .shard_create = shard_create,
                                 .get = get};

static mh_status create(const mh_host* host, const mh_module** out) {
    self = host;
    http = host->get(host, MH_HTTP_REQUEST);
    *out = &module;
    return http ? host->contribute(host, MH_HTTP_FILTER, &filter) : MH_E_UNSUPPORTED;
}

MH_MODULE("{\"id\":\"count\",\"version\":\"" TEXT(VERSION) ".0.0\",\"abi\":{\"epoch\":1},"
          "\"requires\":[\"mh.http.request/1\"],"
          "\"filters\":[{\"name\":\"count\",\"phase\":\"transform\"}],"
          "\"reload\":{\"state_schema\":" TEXT(SCHEMA) ",\"accepts\":[" ACCEPTS "]}}",
          create)
