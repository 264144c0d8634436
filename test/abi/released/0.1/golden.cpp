// SPDX-License-Identifier: Apache-2.0
// The same in C++, which has other rules for initialisation, enumerators and pointers: whole bodies, threads, state of a loop.
// Never edited: it stands for the modules that are out there. The border is C; the glue is no part of it.
#include <microhost/microhost.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using std::string_view;

const mh_host* the_host;
const mh_log* the_log;
const mh_config_api* config;
const mh_http_request* http;

mh_str lend(string_view s) { return {s.data(), s.size()}; }
string_view view(mh_str s) { return {s.ptr, s.len}; }
string_view view(mh_seg s) { return {reinterpret_cast<const char*>(s.ptr), s.len}; }

void say(mh_req* r, string_view text) { the_log->write_req(the_host, r, MH_LOG_INFO, lend(text), nullptr, 0); }

struct Shared {  // of an instance
    std::string name;
    std::string greeting;
    std::vector<std::thread> threads;
    std::atomic<unsigned> shards{0};
};

struct Shard {  // of an instance on a loop: only that loop touches it
    Shared& shared;
    unsigned requests = 0;
};

mh_status instance_create(void*, const mh_filter_instance* i, void** out) {
    mh_str s{};
    if (config->string(i->config, "greeting", &s) != MH_OK) return MH_E_INVALID;
    auto shared = std::make_unique<Shared>();
    shared->name = view(i->name);
    shared->greeting = view(s);
    *out = shared.release();
    return MH_OK;
}
void instance_destroy(void*, void* i) {
    std::unique_ptr<Shared> shared(static_cast<Shared*>(i));
    for (std::thread& t : shared->threads) t.join();
}
void* shard_create(void* i, uint32_t) {
    auto* shared = static_cast<Shared*>(i);
    shared->shards++;
    return new Shard{*shared};
}
void shard_destroy(void*, void* s) {
    std::unique_ptr<Shard> shard(static_cast<Shard*>(s));
    shard->shared.shards--;
}

string_view asked(mh_req* r) {
    mh_str s{};
    return http->header_named(r, MH_DIR_REQUEST, lend("x-do"), &s) == MH_OK ? view(s) : string_view{};
}

mh_verdict on_request(void* s, mh_req* r, const mh_header* h, uint32_t n) {
    auto& shard = *static_cast<Shard*>(s);
    shard.requests++;
    const bool known = std::any_of(h, h + n, [](const mh_header& f) { return f.id == MH_H_HOST && f.name.len == 4; });
    if (!known) return MH_V_FAIL;
    if (asked(r) != "wait") return MH_V_CONTINUE;
    const mh_token t = http->suspend(r, 10000);
    if (!t) return MH_V_FAIL;
    shard.shared.threads.emplace_back([t] { http->resume(t, MH_V_CONTINUE); });
    return MH_V_PENDING;
}

/// The whole body in brackets.
mh_verdict bracket(mh_req* r, uint32_t dir, const mh_seg* v, uint32_t n, uint32_t fin) {
    std::string whole = "[";
    for (uint32_t i = 0; i < n; ++i) whole += view(v[i]);
    whole += "]";
    const mh_seg all{reinterpret_cast<const uint8_t*>(whole.data()), whole.size()};
    return fin && http->body_replace(r, dir, &all, 1) == MH_OK ? MH_V_CONTINUE : MH_V_FAIL;
}

mh_verdict on_response(void* s, mh_req* r, uint32_t, const mh_header*, uint32_t) {
    const auto& shard = *static_cast<Shard*>(s);
    const mh_status set = http->header_edit(r, MH_DIR_RESPONSE, MH_EDIT_SET, lend("X-Golden"), lend("ok"));
    http->header_edit(r, MH_DIR_RESPONSE, MH_EDIT_SET, lend("X-Instance"), lend(shard.shared.name + shard.shared.greeting));
    // This filter authenticates nobody: it may not say who asks.
    mh_principal p{};
    p.size = sizeof p;
    p.subject = lend("mallory");
    return set == MH_OK && http->principal_set(r, &p) == MH_E_DENIED ? MH_V_CONTINUE : MH_V_FAIL;
}

constexpr mh_http_filter filter() {
    mh_http_filter f{};
    f.size = sizeof f;
    f.interests = MH_I_REQUEST | MH_I_REQUEST_BODY_FULL | MH_I_RESPONSE | MH_I_RESPONSE_BODY_FULL | MH_I_DONE;
    f.phase = MH_PHASE_TRANSFORM + 1;
    f.max_body = 64 * 1024;
    f.instance_create = instance_create;
    f.instance_destroy = instance_destroy;
    f.shard_create = shard_create;
    f.shard_destroy = shard_destroy;
    f.on_request = on_request;
    f.on_request_body = [](void*, mh_req* r, const mh_seg* v, uint32_t n, uint32_t fin) {
        return bracket(r, MH_DIR_REQUEST, v, n, fin);
    };
    f.on_response = on_response;
    f.on_response_body = [](void*, mh_req* r, const mh_seg* v, uint32_t n, uint32_t fin) {
        return bracket(r, MH_DIR_RESPONSE, v, n, fin);
    };
    f.on_cancel = [](void*, mh_req* r, mh_token, mh_status) { say(r, "golden was cancelled"); };
    f.on_done = [](void*, mh_req* r, mh_status outcome) { say(r, outcome == MH_OK ? "golden is done" : "golden broke off"); };
    return f;
}

constexpr mh_http_filter the_filter = filter();
mh_module the_module{};

mh_status create(const mh_host* host, const mh_module** out) {
    the_host = host;
    the_log = static_cast<const mh_log*>(host->get(host, MH_LOG));
    config = static_cast<const mh_config_api*>(host->get(host, MH_CONFIG));
    http = static_cast<const mh_http_request*>(host->get(host, MH_HTTP_REQUEST));
    if (!MH_FIELD_OK(the_log, write_req) || !MH_FIELD_OK(config, string) || !MH_FIELD_OK(http, loop)) return MH_E_UNSUPPORTED;
    the_module.size = sizeof the_module;
    *out = &the_module;
    return host->contribute(host, MH_HTTP_FILTER, &the_filter);
}

}  // namespace

MH_MODULE(
    R"({"id": "golden", "version": "0.1.0", "abi": {"epoch": 1}, "requires": ["mh.http.request/1", "mh.config/1"],
        "filters": [{"name": "golden", "phase": 601}],
        "config_schema": {"type": "object", "properties": {"greeting": {"type": "string", "default": " hello"}}}})",
    create)
