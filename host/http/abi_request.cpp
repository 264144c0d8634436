// SPDX-License-Identifier: Apache-2.0
#include "http/abi_request.hpp"

#include "http/engine.hpp"
#include "http/exchange.hpp"
#include "http/names.hpp"

namespace microhost::http {
namespace {

Headers* headers_of(mh_req* r, uint32_t dir) {
    if (!r || dir > MH_DIR_RESPONSE) return nullptr;
    Exchange& x = Exchange::of(r);
    return dir == MH_DIR_REQUEST ? &x.head.headers : &x.response.headers;
}

mh_status header(mh_req* r, uint32_t dir, uint32_t id, mh_str* out) {
    const Headers* h = headers_of(r, dir);
    if (!h || !out || id >= MH_H_COUNT) return MH_E_INVALID;
    const mh_header* f = h->find(id);
    if (!f) return MH_E_NOT_FOUND;
    *out = f->value;
    return MH_OK;
}

mh_status header_named(mh_req* r, uint32_t dir, mh_str name, mh_str* out) {
    if (uint32_t id = header_id(view(name))) return header(r, dir, id, out);
    const Headers* h = headers_of(r, dir);
    if (!h || !out) return MH_E_INVALID;
    for (uint32_t i = 0; i < h->count; i++)
        if (!h->fields[i].id && iequals(view(h->fields[i].name), view(name))) {
            *out = h->fields[i].value;
            return MH_OK;
        }
    return MH_E_NOT_FOUND;
}

mh_status headers(mh_req* r, uint32_t dir, const mh_header** out, uint32_t* n) {
    const Headers* h = headers_of(r, dir);
    if (!h || !out || !n) return MH_E_INVALID;
    *out = h->fields.data();
    *n = h->count;
    return MH_OK;
}

// For a filter in shadow mode whatever would change the request or its answer succeeds and does nothing.
bool shadowed(mh_req* r) { return r && Exchange::of(r).shadowed(); }

mh_status header_edit(mh_req* r, uint32_t dir, uint32_t op, mh_str name, mh_str value) {
    if (shadowed(r)) return MH_OK;
    return r ? Exchange::of(r).edit(dir, op, view(name), view(value)) : MH_E_INVALID;
}

mh_status attr(mh_req* r, uint32_t which, mh_str* out) {
    std::string_view v;
    if (!r || !out) return MH_E_INVALID;
    if (!Exchange::of(r).attribute(which, &v)) return MH_E_NOT_FOUND;
    *out = str(v);
    return MH_OK;
}

uint32_t flags(mh_req* r) { return r ? Exchange::of(r).flags() : 0; }
uint32_t status(mh_req* r) { return r ? Exchange::of(r).response.status : 0; }

mh_status rewrite(mh_req* r, mh_str path, mh_str query) {
    if (shadowed(r)) return MH_OK;
    return r ? Exchange::of(r).rewrite(view(path), view(query)) : MH_E_INVALID;
}

mh_status route_set(mh_req* r, mh_str route) {
    if (!r) return MH_E_INVALID;
    Exchange& x = Exchange::of(r);
    x.route = x.arena().copy(view(route));
    return MH_OK;
}

mh_status respond(mh_req* r, uint32_t code, const mh_kv* h, uint32_t n, const mh_seg* body,
                  uint32_t n_body) {
    if (shadowed(r)) return MH_OK;
    return r ? Exchange::of(r).respond(code, h, n, body, n_body) : MH_E_INVALID;
}

void* alloc(mh_req* r, size_t bytes, size_t align) {
    if (!r || (align & (align - 1))) return nullptr;
    return Exchange::of(r).arena().alloc(bytes, align ? align : 1);
}

void** slot(mh_req* r) { return r ? Exchange::of(r).slot() : nullptr; }

mh_status attribute_set(mh_req* r, mh_str name, mh_str value) {
    if (shadowed(r)) return MH_OK;
    return r ? Exchange::of(r).set_attribute(view(name), view(value)) : MH_E_INVALID;
}
mh_status attribute_get(mh_req* r, mh_str name, mh_str* out) {
    return r && out ? Exchange::of(r).get_attribute(view(name), out) : MH_E_INVALID;
}

mh_status principal_set(mh_req* r, const mh_principal* p) {
    if (shadowed(r)) return MH_OK;
    return r && p ? Exchange::of(r).set_principal(*p) : MH_E_INVALID;
}
const mh_principal* principal(mh_req* r) { return r ? Exchange::of(r).principal() : nullptr; }

mh_token suspend(mh_req* r, uint32_t timeout_ms) {
    return r ? Exchange::of(r).suspend(timeout_ms) : 0;
}

void resume_here(Engine& e, mh_token t, mh_verdict v) {
    if (Exchange* x = e.tokens.find(t)) x->resume(t, v);
}

mh_status resume(mh_token t, mh_verdict v) {
    Engine* mine = Engine::current();
    unsigned index = Tokens::loop_of(t);
    if (mine && mine->loop.index() == index) {
        if (!mine->tokens.find(t)) return MH_E_GONE;
        resume_here(*mine, t, v);
        return MH_OK;
    }
    Loop* loop = Loop::by_index(index);
    bool posted = loop && loop->post([t, v] {
        if (Engine* e = Engine::current()) resume_here(*e, t, v);
    });
    return posted ? MH_OK : MH_E_GONE;
}

/// fn or drop, exactly one of them, exactly once.
struct PostedCall {
    mh_token t;
    void (*fn)(mh_req*, void*);
    void* arg;
    void (*drop)(void*);

    PostedCall(mh_token token, void (*f)(mh_req*, void*), void* a, void (*d)(void*))
        : t(token), fn(f), arg(a), drop(d) {}
    PostedCall(PostedCall&& o) noexcept : t(o.t), fn(o.fn), arg(o.arg), drop(o.drop) {
        o.fn = nullptr;
        o.drop = nullptr;
    }
    ~PostedCall() {
        if (drop) drop(arg);
    }
    void operator()() {
        Engine* e = Engine::current();
        Exchange* x = e ? e->tokens.find(t) : nullptr;
        if (!x) return;
        drop = nullptr;
        fn(x, arg);
    }
};

mh_status post(mh_token t, void (*fn)(mh_req*, void*), void* arg, void (*drop)(void*)) {
    if (!fn) return MH_E_INVALID;
    PostedCall call(t, fn, arg, drop);
    Loop* loop = Loop::by_index(Tokens::loop_of(t));
    return loop && loop->post(std::move(call)) ? MH_OK : MH_E_GONE;
}

mh_status collect(mh_req* r, uint64_t max, void (*fn)(mh_req*, void*, mh_status, mh_seg),
                  void* user) {
    return r && fn ? Exchange::of(r).collect(max, fn, user) : MH_E_INVALID;
}

mh_status body_pause(mh_req* r, uint32_t dir) {
    if (!r || dir != MH_DIR_REQUEST) return MH_E_UNSUPPORTED;
    Exchange::of(r).pause_body();
    return MH_OK;
}
mh_status body_resume(mh_req* r, uint32_t dir) {
    if (!r || dir != MH_DIR_REQUEST) return MH_E_UNSUPPORTED;
    Exchange::of(r).resume_body();
    return MH_OK;
}
mh_status body_replace(mh_req* r, uint32_t, const mh_seg* v, uint32_t n) {
    if (shadowed(r)) return MH_OK;
    return r && (v || !n) ? Exchange::of(r).replace_body(v, n) : MH_E_INVALID;
}

uint32_t time_left_ms(mh_req* r) { return r ? Exchange::of(r).time_left_ms() : 0; }
uint64_t now_ns(mh_req* r) { return r ? Exchange::of(r).engine().loop.now_ns() : 0; }
uint32_t loop_index(mh_req* r) { return r ? Exchange::of(r).engine().loop.index() : ~0u; }

}  // namespace

const mh_http_request kRequestTable = {
    sizeof(mh_http_request),
    0,
    header,
    header_named,
    headers,
    header_edit,
    attr,
    flags,
    status,
    rewrite,
    route_set,
    respond,
    alloc,
    slot,
    attribute_set,
    attribute_get,
    principal_set,
    principal,
    suspend,
    resume,
    post,
    collect,
    body_pause,
    body_resume,
    body_replace,
    time_left_ms,
    now_ns,
    loop_index,
};

}  // namespace microhost::http
