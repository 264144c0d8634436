// SPDX-License-Identifier: Apache-2.0
// The other filter of the tour: stamps answers with its version in X-Mark. -DVERSION=N is that version, -DID=NAME another id than mark.
// The other macros break it, each in a way that happens: CRASHES_EARLY, CRASHES, HANGS, REFUSES, LEAVES, MISSES_FUNCTION,
// MISSES_INTERFACE.
#include <microhost/microhost.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef ID
#define ID mark
#endif
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define S(text) ((mh_str){(text), sizeof(text) - 1})

static const mh_http_request* http;

static mh_verdict on_response(void* shard, mh_req* r, uint32_t status, const mh_header* h, uint32_t n) {
    (void)shard, (void)status, (void)h, (void)n;
    http->header_edit(r, MH_DIR_RESPONSE, MH_EDIT_SET, S("X-Mark"), S(TEXT(VERSION)));
    return MH_V_CONTINUE;
}

static const mh_http_filter filter = {
    .size = sizeof filter, .interests = MH_I_RESPONSE, .phase = MH_PHASE_RESPONSE, .on_response = on_response};
static const mh_module module = {.size = sizeof module};

#ifdef CRASHES_EARLY
__attribute__((constructor)) static void early(void) { *(volatile int*)16 = 1; }
#endif
#ifdef MISSES_FUNCTION
int of_another_program(void);
#endif
#ifdef MISSES_INTERFACE
#define MORE ",\"mh.teleport/1\""
#else
#define MORE ""
#endif

static mh_status create(const mh_host* host, const mh_module** out) {
    http = host->get(host, MH_HTTP_REQUEST);
    *out = &module;
#ifdef CRASHES
    *(volatile int*)16 = 1;
#elif defined HANGS
    for (;;) pause();
#elif defined LEAVES
    exit(0);
#elif defined MISSES_FUNCTION
    if (of_another_program()) return MH_E_INVALID;
#elif defined REFUSES
    host->error(host, MH_E_INVALID, S(""), S("the licence has expired"));
    return MH_E_INVALID;
#endif
    return http ? host->contribute(host, MH_HTTP_FILTER, &filter) : MH_E_UNSUPPORTED;
}

MH_MODULE("{\"id\":\"" TEXT(ID) "\",\"version\":\"" TEXT(VERSION) ".0.0\",\"abi\":{\"epoch\":1},\"summary\":\"Stamps answers\","
          "\"requires\":[\"mh.http.request/1\"" MORE "],\"filters\":[{\"name\":\"" TEXT(ID) "\",\"phase\":\"response\"}]}",
          create)
