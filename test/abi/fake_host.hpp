// SPDX-License-Identifier: Apache-2.0
/// A host made of maps: enough of the tables to call a module's hooks without a socket.
#pragma once

#include <microhost/draft.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What the border leaves opaque.
struct mh_config {
    std::map<std::string, std::string> text;
    std::map<std::string, int64_t> integer;
    std::map<std::string, double> number;
    std::map<std::string, std::vector<std::string>> list;
};
struct mh_req {
    std::vector<std::pair<std::string, std::string>> request, response;
    std::map<uint32_t, std::string> attributes;
    uint32_t status = 0;
    std::string body, subject;
    std::vector<std::string> roles;
    void* slot = nullptr;
};
struct mh_rpc_in {
    std::string reply, error;
    uint32_t code = 0;
};
struct mh_rpc_call {};

namespace fake {

inline std::string text(mh_str s) { return {s.ptr, s.len}; }
inline mh_str lend(const std::string& s) { return {s.data(), s.size()}; }

struct Contribution {
    std::string point;
    const void* descriptor;
};

inline std::vector<Contribution> contributed;
inline std::vector<std::string> errors, lines;  // of host->error and of the log
inline std::vector<std::string> absent;         // interfaces that this host does not have
inline mh_config module_config;

/// What a call to a service does: filled in by the test.
inline std::function<void(const mh_rpc_target&, const mh_rpc_sink&, void*)> on_call;
inline mh_rpc_call the_call;

inline std::vector<std::pair<std::string, std::string>>& fields(mh_req* r, uint32_t dir) {
    return dir == MH_DIR_REQUEST ? r->request : r->response;
}

template <class Map, class Out>
mh_status found(const Map& map, const char* path, Out* out) {
    const auto it = map.find(path);
    if (it == map.end()) return MH_E_NOT_FOUND;
    *out = static_cast<Out>(it->second);
    return MH_OK;
}

inline const mh_config_api& config_api() {
    static mh_config_api t{};
    t.size = sizeof t;
    t.module = [](const mh_host*) -> const mh_config* { return &module_config; };
    t.string = [](const mh_config* c, const char* path, mh_str* out) -> mh_status {
        if (c->integer.contains(path)) return MH_E_INVALID;
        const auto it = c->text.find(path);
        return it == c->text.end() ? MH_E_NOT_FOUND : (*out = lend(it->second), MH_OK);
    };
    t.integer = [](const mh_config* c, const char* p, int64_t* out) { return found(c->integer, p, out); };
    t.number = [](const mh_config* c, const char* p, double* out) { return found(c->number, p, out); };
    t.boolean = [](const mh_config* c, const char* p, int32_t* out) { return found(c->integer, p, out); };
    t.duration_ms = [](const mh_config* c, const char* p, uint64_t* out) { return found(c->integer, p, out); };
    t.count = [](const mh_config* c, const char* path, uint32_t* out) -> mh_status {
        const auto it = c->list.find(path);
        return it == c->list.end() ? MH_E_NOT_FOUND : (*out = static_cast<uint32_t>(it->second.size()), MH_OK);
    };
    t.string_at = [](const mh_config* c, const char* path, uint32_t i, mh_str* out) -> mh_status {
        *out = lend(c->list.at(path)[i]);
        return MH_OK;
    };
    return t;
}

inline const mh_http_request& http_request() {
    static mh_http_request t{};
    t.size = sizeof t;
    t.header_named = [](mh_req* r, uint32_t dir, mh_str name, mh_str* out) -> mh_status {
        for (auto& [key, value] : fields(r, dir)) {
            if (key == text(name)) return *out = lend(value), MH_OK;
        }
        return MH_E_NOT_FOUND;
    };
    t.header_edit = [](mh_req* r, uint32_t dir, uint32_t, mh_str name, mh_str value) -> mh_status {
        fields(r, dir).emplace_back(text(name), text(value));
        return MH_OK;
    };
    t.attr = [](mh_req* r, uint32_t id, mh_str* out) -> mh_status {
        const auto it = r->attributes.find(id);
        return it == r->attributes.end() ? MH_E_NOT_FOUND : (*out = lend(it->second), MH_OK);
    };
    t.respond = [](mh_req* r, uint32_t status, const mh_kv* h, uint32_t n, const mh_seg* body,
                   uint32_t n_body) -> mh_status {
        if (r->status) return MH_E_INVALID;
        r->status = status;
        for (uint32_t i = 0; i < n; ++i) r->response.emplace_back(text(h[i].key), text(h[i].val));
        for (uint32_t i = 0; i < n_body; ++i) r->body.append(reinterpret_cast<const char*>(body[i].ptr), body[i].len);
        return MH_OK;
    };
    t.principal_set = [](mh_req* r, const mh_principal* p) -> mh_status {
        r->subject = text(p->subject);
        for (uint32_t i = 0; i < p->n_roles; ++i) r->roles.push_back(text(p->roles[i]));
        return MH_OK;
    };
    return t;
}

inline const mh_log& log() {
    static mh_log t{
        sizeof t, 0, [](const mh_host*) -> int32_t { return MH_LOG_DEBUG; },
        [](const mh_host*, int32_t, mh_str s, const mh_kv*, uint32_t) { lines.push_back(text(s)); },
        [](const mh_host*, mh_req*, int32_t, mh_str s, const mh_kv*, uint32_t) { lines.push_back(text(s)); }};
    return t;
}

inline const mh_rpc_server& rpc_server() {
    static mh_rpc_server t{};
    t.size = sizeof t;
    t.reply = [](mh_rpc_in* in, mh_str, mh_seg body) -> mh_status {
        in->reply.assign(reinterpret_cast<const char*>(body.ptr), body.len);
        return MH_OK;
    };
    t.fail = [](mh_rpc_in* in, uint32_t code, mh_str, mh_str detail) -> mh_status {
        in->code = code, in->error = text(detail);
        return MH_OK;
    };
    return t;
}

inline const mh_rpc& rpc() {
    static mh_rpc_sink sink;
    static void* user;
    static std::optional<mh_rpc_target> target;
    static mh_rpc t{};
    t.size = sizeof t;
    t.open = [](const mh_host*, mh_req*, const mh_rpc_target* to, const mh_rpc_sink* s, void* u,
                mh_rpc_call** c) -> mh_status {
        if (text(to->service) == "unknown") return MH_E_NOT_FOUND;
        target = *to, sink = *s, user = u, *c = &the_call;
        return MH_OK;
    };
    t.send = [](mh_rpc_call*, mh_seg, uint32_t) -> mh_status { return on_call(*target, sink, user), MH_OK; };
    return t;
}

inline const mh_host& host() {
    static mh_host h{};
    h.size = sizeof h;
    h.abi_epoch = MH_ABI_EPOCH;
    h.get = [](const mh_host*, const char* id) -> const void* {
        for (const std::string& name : absent) {
            if (name == id) return nullptr;
        }
        const std::string_view wanted = id;
        if (wanted == MH_CONFIG) return &config_api();
        if (wanted == MH_HTTP_REQUEST) return &http_request();
        if (wanted == MH_LOG) return &log();
        if (wanted == MH_RPC_SERVER) return &rpc_server();
        if (wanted == MH_RPC) return &rpc();
        return nullptr;
    };
    h.contribute = [](const mh_host*, const char* point, const void* d) -> mh_status {
        contributed.push_back({point, d});
        return MH_OK;
    };
    h.error = [](const mh_host*, mh_status, mh_str where, mh_str what) {
        errors.push_back(text(where) + ": " + text(what));
    };
    return h;
}

}  // namespace fake
