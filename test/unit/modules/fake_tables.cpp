// SPDX-License-Identifier: Apache-2.0
#include <microhost/config.h>
#include <microhost/draft/http_websocket.h>
#include <microhost/log.h>

#include <algorithm>

#include "fake_host.hpp"
#include "modules/shared/text.hpp"

namespace microhost::test {

using shared::str;
using shared::view;

namespace {

// json ---------------------------------------------------------------------------------------------------------------

json::Value value_of(const mh_json_value* v) {
    return json::Value(reinterpret_cast<const json::Node*>(v));
}
const mh_json_value* handle_of(json::Value v) {
    return reinterpret_cast<const mh_json_value*>(v.node());
}
json::Document& document_of(const mh_json_doc* d) {
    return *reinterpret_cast<json::Document*>(const_cast<mh_json_doc*>(d));
}

template <typename Wanted, typename Out>
mh_status put(const Wanted& value, Out* out) {
    if (!value) return MH_E_INVALID;
    *out = static_cast<Out>(*value);
    return MH_OK;
}

json::Member member_at(json::Value v, uint32_t i) {
    uint32_t k = 0;
    for (const json::Member m : v.members()) {
        if (k++ == i) return m;
    }
    return {};
}

}  // namespace

extern const mh_json kJsonTable;
const mh_json kJsonTable = {
    sizeof(mh_json),
    0,
    [](mh_str text, mh_json_doc** out) -> mh_status {
        auto parsed = json::Document::parse(view(text));
        if (!parsed) return MH_E_INVALID;
        *out = reinterpret_cast<mh_json_doc*>(new json::Document(*parsed));
        return MH_OK;
    },
    [](mh_json_doc* d) { delete &document_of(d); },
    [](const mh_json_doc* d) { return handle_of(document_of(d).root()); },
    [](const mh_json_value* v) -> int32_t {
        constexpr int32_t kKinds[] = {MH_JSON_NULL,   MH_JSON_BOOL,  MH_JSON_NUMBER,
                                      MH_JSON_STRING, MH_JSON_ARRAY, MH_JSON_OBJECT};
        return kKinds[static_cast<size_t>(value_of(v).kind())];
    },
    [](const mh_json_value* v, mh_str key) { return handle_of(value_of(v).find(view(key))); },
    [](const mh_json_value* v, uint32_t i) {
        const json::Value value = value_of(v);
        return handle_of(value.is_object() ? member_at(value, i).value : value.at(i));
    },
    [](const mh_json_value* v, uint32_t i) { return str(member_at(value_of(v), i).key); },
    [](const mh_json_value* v) { return static_cast<uint32_t>(value_of(v).size()); },
    [](const mh_json_value* v, mh_str* out) -> mh_status {
        const auto text = value_of(v).as_string();
        if (!text) return MH_E_INVALID;
        *out = str(*text);
        return MH_OK;
    },
    [](const mh_json_value* v, int64_t* out) { return put(value_of(v).as_int64(), out); },
    [](const mh_json_value* v, double* out) { return put(value_of(v).as_double(), out); },
    [](const mh_json_value* v, int32_t* out) { return put(value_of(v).as_bool(), out); },
};

namespace {

// http.request -------------------------------------------------------------------------------------------------------

mh_status attribute(mh_req* handle, uint32_t attr, mh_str* out) {
    Request& r = Request::of(handle);
    switch (attr) {
        case MH_ATTR_METHOD: *out = str(r.method); return MH_OK;
        case MH_ATTR_PATH: *out = str(r.path); return MH_OK;
        case MH_ATTR_QUERY: *out = str(r.query); return MH_OK;
        case MH_ATTR_AUTHORITY: *out = str(r.authority); return MH_OK;
        case MH_ATTR_PEER_IP: *out = str(r.peer); return MH_OK;
        default: return MH_E_NOT_FOUND;
    }
}

mh_status respond(mh_req* handle, uint32_t status, const mh_kv* headers, uint32_t n,
                  const mh_seg* body, uint32_t n_body) {
    Reply& reply = Request::of(handle).reply;
    if (reply.status != 0 || status < 200 || status > 599) return MH_E_INVALID;
    reply.status = status;
    for (uint32_t i = 0; i < n; ++i) {
        reply.headers.emplace_back(view(headers[i].key), view(headers[i].val));
    }
    for (uint32_t i = 0; i < n_body; ++i) reply.body += view(body[i]);
    Request::of(handle).apply_early();
    return MH_OK;
}

void* allocate(mh_req* handle, size_t bytes, size_t) {
    auto& arena = Request::of(handle).arena;
    return arena.emplace_back(bytes / sizeof(std::max_align_t) + 1).data();
}

mh_status collect(mh_req* handle, uint64_t max, void (*fn)(mh_req*, void*, mh_status, mh_seg),
                  void* user) {
    Request& r = Request::of(handle);
    const auto give = [handle, max, fn, user] {
        const std::string& body = Request::of(handle).payload;
        if (body.size() > max)
            fn(handle, user, MH_E_LIMIT, {});
        else
            fn(handle, user, MH_OK, shared::seg(body));
    };
    if (r.body_later)
        r.pending = give;
    else
        give();
    return MH_OK;
}

mh_http_request make_http() {
    mh_http_request t{};
    t.size = sizeof t;
    t.header = [](mh_req* r, uint32_t, uint32_t id, mh_str* out) -> mh_status {
        for (const mh_header& h : Request::of(r).fields) {
            if (h.id == id) return *out = h.value, MH_OK;
        }
        return MH_E_NOT_FOUND;
    };
    t.headers = [](mh_req* r, uint32_t, const mh_header** out, uint32_t* n) -> mh_status {
        *out = Request::of(r).fields.data();
        *n = static_cast<uint32_t>(Request::of(r).fields.size());
        return MH_OK;
    };
    t.header_edit = [](mh_req* r, uint32_t, uint32_t op, mh_str name, mh_str value) -> mh_status {
        Request::of(r).early.push_back({op, std::string(view(name)), std::string(view(value))});
        return MH_OK;
    };
    t.attr = attribute;
    t.flags = [](mh_req* r) { return Request::of(r).flags; };
    t.status = [](mh_req* r) { return Request::of(r).reply.status; };
    t.route_set = [](mh_req* r, mh_str route) -> mh_status {
        return Request::of(r).route = view(route), MH_OK;
    };
    t.respond = respond;
    t.alloc = allocate;
    t.collect = collect;
    t.now_ns = [](mh_req*) -> uint64_t {
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC, &now);
        return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 +
               static_cast<uint64_t>(now.tv_nsec);
    };
    t.loop = [](mh_req*) -> uint32_t { return 0; };
    return t;
}

// rpc ----------------------------------------------------------------------------------------------------------------

struct OpenCall {
    mh_req* request;
    const mh_rpc_sink* sink;
    void* user;
};

mh_status open_call(const mh_host*, mh_req* r, const mh_rpc_target* t, const mh_rpc_sink* sink,
                    void* user, mh_rpc_call** out) {
    if (g_host->open_status != MH_OK) return g_host->open_status;
    CallSeen& seen = g_host->calls.emplace_back();
    seen.from_service = view(t->from_service);
    seen.service = view(t->service);
    seen.endpoint = view(t->endpoint);
    seen.address = view(t->address);
    seen.content_type = view(t->content_type);
    seen.timeout_ms = t->timeout_ms;
    for (uint32_t i = 0; i < t->n_metadata; ++i) {
        seen.metadata[std::string(view(t->metadata[i].key))] = view(t->metadata[i].val);
    }
    *out = reinterpret_cast<mh_rpc_call*>(new OpenCall{r, sink, user});
    return MH_OK;
}

mh_status send_call(mh_rpc_call* handle, mh_seg body, uint32_t) {
    const std::unique_ptr<OpenCall> call(reinterpret_cast<OpenCall*>(handle));
    g_host->calls.back().body = view(body);
    if (g_host->outcome == MH_OK && !g_host->silent) {
        const mh_rpc_message m{sizeof(mh_rpc_message), 0, shared::seg(g_host->answer),
                               str(g_host->answer_type), nullptr};
        call->sink->on_message(call->user, handle, &m);
    }
    call->sink->on_end(call->user, handle, g_host->outcome, str(g_host->outcome_error));
    return MH_OK;
}

mh_rpc make_rpc() {
    mh_rpc t{};
    t.size = sizeof t;
    t.open = open_call;
    t.send = send_call;
    t.cancel = [](mh_rpc_call* c) { delete reinterpret_cast<OpenCall*>(c); };
    return t;
}

mh_status forward(mh_req* r, const mh_http_forward_to* to) {
    if (g_host->forward_status != MH_OK) return g_host->forward_status;
    g_host->forwards.push_back({std::string(view(to->service)), to->flags});
    if (g_host->forward_error != MH_OK) {
        to->on_error(to->user, r, g_host->forward_error);
    } else {
        Request::of(r).reply.status = 200;
        Request::of(r).reply.headers = g_host->upstream_headers;
        Request::of(r).apply_early();
    }
    return MH_OK;
}

// registry -----------------------------------------------------------------------------------------------------------

using Service = FakeHost::Service;

const Service& service_of(const mh_service_view* s) { return *reinterpret_cast<const Service*>(s); }
const mh_service_view* view_of(const Service& s) {
    return reinterpret_cast<const mh_service_view*>(&s);
}

void fill(const Service::Endpoint& e, mh_endpoint_view* out) {
    out->name = str(e.name);
    out->metadata = e.metadata.data();
    out->n_metadata = static_cast<uint32_t>(e.metadata.size());
    out->request = handle_of(e.request);
    out->response = handle_of(e.response);
}

const mh_service_view* find_service(const mh_registry_view*, mh_str name, mh_str) {
    for (const auto& s : g_host->services) {
        if (s->name == view(name)) return view_of(*s);
    }
    return nullptr;
}

void set_endpoints(mh_registry& t) {
    t.endpoint_count = [](const mh_service_view* s) {
        return static_cast<uint32_t>(service_of(s).endpoints.size());
    };
    t.endpoint_at = [](const mh_service_view* s, uint32_t i, mh_endpoint_view* out) -> mh_status {
        if (i >= service_of(s).endpoints.size()) return MH_E_NOT_FOUND;
        fill(service_of(s).endpoints[i], out);
        return MH_OK;
    };
    t.endpoint = [](const mh_service_view* s, mh_str name, mh_endpoint_view* out) -> mh_status {
        for (const auto& e : service_of(s).endpoints) {
            if (e.name == view(name)) return fill(e, out), MH_OK;
        }
        return MH_E_NOT_FOUND;
    };
    t.node_count = [](const mh_service_view* s) {
        return static_cast<uint32_t>(service_of(s).nodes.size());
    };
    t.node_at = [](const mh_service_view* s, uint32_t i, mh_node_view* out) -> mh_status {
        out->id = str(service_of(s).nodes[i].first);
        out->address = str(service_of(s).nodes[i].second);
        return MH_OK;
    };
}

mh_registry make_registry() {
    mh_registry t{};
    t.size = sizeof t;
    t.now = [](const mh_host*) { return reinterpret_cast<const mh_registry_view*>(g_host); };
    t.state = [](const mh_registry_view* v, mh_str name) -> int32_t {
        const mh_service_view* s = find_service(v, name, {});
        if (!s) return MH_SERVICE_UNKNOWN;
        return service_of(s).nodes.empty() ? MH_SERVICE_GONE : MH_SERVICE_ALIVE;
    };
    t.nearest = [](const mh_registry_view*, mh_str) {
        return g_host->services.empty() ? mh_str{} : str(g_host->services.front()->name);
    };
    t.count = [](const mh_registry_view*) {
        return static_cast<uint32_t>(g_host->services.size());
    };
    t.at = [](const mh_registry_view*, uint32_t i) { return view_of(*g_host->services[i]); };
    t.find = find_service;
    t.name = [](const mh_service_view* s) { return str(service_of(s).name); };
    t.version = [](const mh_service_view* s) { return str(service_of(s).version); };
    set_endpoints(t);
    t.watch = [](const mh_host*, void (*fn)(void*, const mh_registry_view*), void* user,
                 mh_token* out) -> mh_status {
        g_host->watcher = fn;
        g_host->watcher_user = user;
        *out = 1;
        fn(user, reinterpret_cast<const mh_registry_view*>(g_host));
        return MH_OK;
    };
    t.unwatch = [](mh_token) -> mh_status { return g_host->watcher = nullptr, MH_OK; };
    return t;
}

// log, config --------------------------------------------------------------------------------------------------------

void note(mh_str text, const mh_kv* fields, uint32_t n) {
    std::string line(view(text));
    for (uint32_t i = 0; i < n; ++i) {
        line.append(" ").append(view(fields[i].key)).append("=").append(view(fields[i].val));
    }
    g_host->log.push_back(std::move(line));
}

mh_log make_log() {
    mh_log t{};
    t.size = sizeof t;
    t.level = [](const mh_host*) -> int32_t { return MH_LOG_DEBUG; };
    t.write = [](const mh_host*, int32_t, mh_str text, const mh_kv* f, uint32_t n) {
        note(text, f, n);
    };
    t.write_req = [](const mh_host*, mh_req*, int32_t, mh_str text, const mh_kv* f, uint32_t n) {
        note(text, f, n);
    };
    return t;
}

json::Value setting(const char* path) { return g_host->config.root().find(path); }

template <typename Out>
mh_status put_setting(const char* path, const std::optional<Out>& value, Out* out) {
    if (!setting(path)) return MH_E_NOT_FOUND;
    if (!value) return MH_E_INVALID;
    *out = *value;
    return MH_OK;
}

mh_config_api make_config() {
    mh_config_api t{};
    t.size = sizeof t;
    t.module = [](const mh_host*) { return reinterpret_cast<const mh_config*>(g_host); };
    t.string = [](const mh_config*, const char* path, mh_str* out) -> mh_status {
        std::string_view text;
        const mh_status s = put_setting(path, setting(path).as_string(), &text);
        if (s == MH_OK) *out = str(text);
        return s;
    };
    t.integer = [](const mh_config*, const char* path, int64_t* out) {
        return put_setting(path, setting(path).as_int64(), out);
    };
    t.boolean = [](const mh_config*, const char* path, int32_t* out) -> mh_status {
        bool value = false;
        const mh_status s = put_setting(path, setting(path).as_bool(), &value);
        if (s == MH_OK) *out = value;
        return s;
    };
    t.duration_ms = [](const mh_config*, const char* path, uint64_t* out) -> mh_status {
        int64_t seconds = 0;
        const mh_status s = put_setting(path, setting(path).as_int64(), &seconds);
        if (s == MH_OK) *out = static_cast<uint64_t>(seconds) * 1000;
        return s;
    };
    return t;
}

mh_status publish(const mh_host*, const mh_event* e, uint32_t) {
    g_host->published = view(e->topic);
    return g_host->publish_status;
}

}  // namespace

const void* fake_table(std::string_view id) {
    static const mh_http_request http = make_http();
    static const mh_rpc rpc = make_rpc();
    static const mh_http_forward forwarder{sizeof(mh_http_forward), 0, forward};
    static const mh_registry registry = make_registry();
    static const mh_log log = make_log();
    static const mh_config_api config = make_config();
    static const mh_event_bus events{sizeof(mh_event_bus), 0, publish, nullptr, nullptr, nullptr};
    static const mh_http_websocket websocket{
        sizeof(mh_http_websocket), 0, nullptr, nullptr, nullptr, nullptr, nullptr};
    if (id == MH_HTTP_REQUEST) return &http;
    if (id == MH_RPC) return &rpc;
    if (id == MH_HTTP_FORWARD) return &forwarder;
    if (id == MH_REGISTRY) return &registry;
    if (id == MH_JSON) return &kJsonTable;
    if (id == MH_LOG) return &log;
    if (id == MH_CONFIG) return &config;
    if (id == MH_EVENT_BUS) return &events;
    if (id == MH_HTTP_WEBSOCKET) return &websocket;
    return nullptr;
}

}  // namespace microhost::test
