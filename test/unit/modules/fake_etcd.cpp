// SPDX-License-Identifier: Apache-2.0
#include "fake_etcd.hpp"

#include <doctest/doctest.h>

#include "module/abi/tables.hpp"
#include "modules/shared/base64.hpp"

namespace microhost::test {
namespace {

FakeEtcd* fake = nullptr;

mh_status open(const mh_host*, const mh_http_out* out, const mh_http_sink* sink, void* user,
               mh_http_call** c) {
    if (fake->open_status != MH_OK) return fake->open_status;
    EtcdRequest& r = fake->requests.emplace_back();
    r.address = mh::view(out->address), r.target = mh::view(out->target);
    r.body = mh::view(out->body), r.timeout_ms = out->timeout_ms;
    for (uint32_t i = 0; i < out->n_headers; ++i)
        if (mh::view(out->headers[i].key) == "Authorization")
            r.token = mh::view(out->headers[i].val);
    r.sink = sink, r.user = user;
    *c = reinterpret_cast<mh_http_call*>(&r);
    return MH_OK;
}

void cancel(mh_http_call* c) { reinterpret_cast<EtcdRequest*>(c)->over = true; }

const mh_http_client kClient{sizeof(mh_http_client), 0, open, cancel};

const mh_timer kTimer{sizeof(mh_timer), 0,
                      [](const mh_host*, uint32_t delay, uint32_t, void (*fn)(void*), void* arg) {
                          fake->timers[++fake->tokens] = {fake->now_ms + delay, fn, arg};
                          return fake->tokens;
                      },
                      [](mh_token t) -> mh_status { return fake->timers.erase(t), MH_OK; }};

std::string text(mh_str s) { return std::string(mh::view(s)); }

const mh_registry_sink kSink{
    sizeof(mh_registry_sink),
    0,
    [](const mh_host*, const mh_registry_provider*, mh_str json, uint32_t) -> mh_status {
        const std::string said = text(json);
        REQUIRE(mh::json_document(said));
        if (!fake->refuse.empty() && said.find(fake->refuse) != said.npos) return MH_E_INVALID;
        return fake->told.push_back("upsert " + said), MH_OK;
    },
    [](const mh_host*, const mh_registry_provider*, mh_str name, mh_str version,
       mh_str) -> mh_status {
        return fake->told.push_back("remove " + text(name) + " " + text(version)), MH_OK;
    },
    [](const mh_host*, const mh_registry_provider*) -> mh_status {
        return fake->told.push_back("synced"), MH_OK;
    },
    nullptr,
    [](const mh_host*, const mh_registry_provider*, mh_status s, mh_str why) {
        fake->told.push_back("trouble " + std::to_string(s) + " " + text(why));
    }};

const mh_log kLog = [] {
    mh_log t{};
    t.size = sizeof t;
    t.write = [](const mh_host*, int32_t, mh_str line, const mh_kv*, uint32_t) {
        fake->warnings.push_back(text(line));
    };
    return t;
}();

const mh_host kHost = [] {
    mh_host h{};
    h.size = sizeof h;
    h.error = [](const mh_host*, mh_status, mh_str, mh_str) {};
    return h;
}();

std::string decoded(std::string_view base64) {
    std::string out;
    return shared::base64_decode(base64, out) ? out : "?";
}

std::string shown(mh::json_value v, std::string_view key) {
    if (const auto s = v.string())
        return key == "key" || key == "range_end" || key == "value" ? decoded(*s) : std::string(*s);
    return v.boolean().value_or(false) ? "true" : "?";
}

void show(std::string& out, mh::json_value object) {
    for (uint32_t i = 0; i < object.count(); ++i) {
        const std::string_view key = object.key_at(i);
        if (key == "range_end") continue;
        if (object.at(i).kind() == MH_JSON_OBJECT)
            show(out, object.at(i));
        else
            out += " " + std::string(key) + "=" + shown(object.at(i), key);
    }
}

}  // namespace

std::string EtcdRequest::said() const {
    std::string out = target;
    const mh::json_document document(body);
    show(out, document.root());
    return out;
}

FakeEtcd::FakeEtcd() {
    fake = this;
    mh::the_host = &kHost;
    mh::the_table<mh_log> = &kLog;
    mh::the_table<mh_json> = &module::kJsonTable;
    mh::the_table<mh_http_client> = &kClient;
    mh::the_table<mh_timer> = &kTimer;
    mh::the_table<mh_registry_sink> = &kSink;
}

FakeEtcd::~FakeEtcd() {
    mh::the_host = nullptr;
    mh::the_table<mh_log> = nullptr;
    fake = nullptr;
}

bool FakeEtcd::asked(std::string_view path_end) const {
    for (const EtcdRequest& r : requests)
        if (!r.over && r.target.ends_with(path_end)) return true;
    return false;
}

EtcdRequest& FakeEtcd::next(std::string_view path_end) {
    for (EtcdRequest& r : requests)
        if (!r.over && r.target.ends_with(path_end)) return r;
    FAIL("no request to ", std::string(path_end));
    return requests.front();
}

void FakeEtcd::head(EtcdRequest& r, unsigned code) {
    r.sink->on_head(r.user, reinterpret_cast<mh_http_call*>(&r), code, nullptr, 0);
}

void FakeEtcd::answer(EtcdRequest& r, std::string_view json, unsigned code) {
    head(r, code);
    if (!r.over) r.sink->on_body(r.user, reinterpret_cast<mh_http_call*>(&r), mh::bytes(json));
    fail(r, MH_OK);
}

void FakeEtcd::fail(EtcdRequest& r, mh_status s) {
    if (std::exchange(r.over, true)) return;
    r.sink->on_end(r.user, reinterpret_cast<mh_http_call*>(&r), s);
}

void FakeEtcd::message(EtcdRequest& r, std::string_view json) {
    const std::string line = std::string(json) + "\n";
    // In two pieces, as it may come.
    for (const std::string_view piece : {std::string_view(line).substr(0, line.size() / 2),
                                         std::string_view(line).substr(line.size() / 2)})
        if (!r.over) r.sink->on_body(r.user, reinterpret_cast<mh_http_call*>(&r), mh::bytes(piece));
}

void FakeEtcd::beat(int64_t revision, int64_t count, std::string_view cluster) {
    for (EtcdRequest& r : requests) {
        if (r.over || r.said().find("count_only") == std::string::npos) continue;
        return answer(r, "{" + etcd_header(revision, cluster) + R"(,"count":")" +
                             std::to_string(count) + "\"}");
    }
    FAIL("no probe");
}

void FakeEtcd::pass(int64_t ms) {
    const int64_t until = now_ms + ms;
    while (true) {
        auto first = timers.end();
        for (auto it = timers.begin(); it != timers.end(); ++it)
            if (it->second.at <= until &&
                (first == timers.end() || it->second.at < first->second.at))
                first = it;
        if (first == timers.end()) break;
        const Waiting w = first->second;
        timers.erase(first);
        now_ms = std::max(now_ms, w.at);
        w.fn(w.arg);
    }
    now_ms = until;
}

std::string etcd_header(int64_t revision, std::string_view cluster) {
    return R"("header":{"cluster_id":")" + std::string(cluster) +
           R"(","member_id":"3","revision":")" + std::to_string(revision) + R"(","raft_term":"2"})";
}

std::string etcd_kv(std::string_view key, std::string_view value, int64_t mod_revision) {
    return R"({"key":")" + shared::base64_encode(key) +
           R"(","create_revision":"1","mod_revision":")" + std::to_string(mod_revision) +
           R"(","version":"1","value":")" + shared::base64_encode(value) + "\"}";
}

std::string etcd_service(std::string_view name, std::string_view version, std::string_view id,
                         std::string_view address) {
    return R"({"name":")" + std::string(name) + R"(","version":")" + std::string(version) +
           R"(","metadata":null,"endpoints":null,"nodes":[{"id":")" + std::string(id) +
           R"(","address":")" + std::string(address) + R"(","metadata":{"protocol":"mucp"}}]})";
}

}  // namespace microhost::test
