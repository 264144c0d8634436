// SPDX-License-Identifier: Apache-2.0
// A filter that does nothing, and a handler that answers 204. It goes on at once, or:
//   TURN      suspends and resumes before it returns: what a decision that is there at once costs
//   THREAD    suspends; a thread of the pool resumes. X-Ns of the answer: from resume() to the loop, in nanoseconds
#define _POSIX_C_SOURCE 200809L
#include <microhost/draft/http_handler.h>
#include <microhost/draft/work.h>
#include <microhost/microhost.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const mh_host* self;
static const mh_http_request* http;
static const mh_work* pool;

#ifdef THREAD
static _Atomic int64_t resumed_ns;  // one request at a time

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void resume(void* arg) {
    resumed_ns = now_ns();
    http->resume(*(mh_token*)arg, MH_V_CONTINUE);
}

static void done(void* arg, mh_status s) {
    (void)s;
    free(arg);
}
#endif

static mh_verdict on_request(void* shard, mh_req* r, const mh_header* h, uint32_t n) {
    (void)shard, (void)r, (void)h, (void)n;
#if defined(TURN)
    http->resume(http->suspend(r, 1000), MH_V_CONTINUE);
    return MH_V_PENDING;
#elif defined(THREAD)
    mh_token* t = malloc(sizeof *t);
    *t = http->suspend(r, 1000);
    return pool->run(self, resume, done, t) == MH_OK ? MH_V_PENDING : MH_V_FAIL;
#else
    return MH_V_CONTINUE;
#endif
}

static mh_status answer(void* shard, void* user, mh_req* r, const mh_header* h, uint32_t n) {
    (void)shard, (void)user, (void)h, (void)n;
#ifdef THREAD
    char text[24];
    const int len = snprintf(text, sizeof text, "%lld", (long long)(now_ns() - resumed_ns));
    const mh_kv took = {{"X-Ns", 4}, {text, (size_t)len}};
    return http->respond(r, 204, &took, 1, NULL, 0);
#else
    return http->respond(r, 204, NULL, 0, NULL, 0);
#endif
}

static const mh_http_filter filter = {.size = sizeof filter,
                                      .interests = MH_I_REQUEST,
                                      .phase = MH_PHASE_TRANSFORM,
                                      .on_request = on_request};
static const mh_http_handler handler = {.size = sizeof handler, .on_request = answer};
static const mh_module module = {.size = sizeof module};

static mh_status create(const mh_host* host, const mh_module** out) {
    self = host;
    http = host->get(host, MH_HTTP_REQUEST);
    pool = host->get(host, MH_WORK);
    *out = &module;
    if (!http || !pool) return MH_E_UNSUPPORTED;
    mh_status s = host->contribute(host, MH_HTTP_FILTER, &filter);
    return s ? s : host->contribute(host, MH_HTTP_HANDLER, &handler);
}

MH_MODULE(
    "{\"id\":\"noop\",\"version\":\"1.0.0\",\"abi\":{\"epoch\":1},"
    "\"requires\":[\"mh.http.request/1\",\"mh.work/1\"],"
    "\"filters\":[{\"name\":\"noop\",\"phase\":\"transform\"}]}",
    create)
