// SPDX-License-Identifier: Apache-2.0
#include "http/poison.hpp"

#include <microhost/draft/http_handler.h>
#include <microhost/http_filter.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "http/abi_request.hpp"
#include "http/lease.hpp"
#include "module/contribution.hpp"
#include "module/host_interface.hpp"

namespace microhost::http {
namespace {

// ---- filters: a table of ours around each of a module's, with instances and shards of ours around its own

struct Filter {
    mh_http_filter table{};
    const mh_http_filter* real = nullptr;
    std::string module;
};
struct Instance {
    Filter* of;
    void* real;
};
struct Shard {
    const mh_http_filter* real;
    const char* module;
    void* shard;
};

mh_status instance_create(void* user, const mh_filter_instance* i, void** out) {
    auto* f = static_cast<Filter*>(user);
    auto made = std::make_unique<Instance>(Instance{f, f->real->user});
    if (MH_FIELD_OK(f->real, instance_create)) {
        Lease lease(f->module.c_str(), "instance_create");
        mh_filter_instance lent = *i;
        lent.name = lease.copy(i->name);
        if (mh_status s = f->real->instance_create(f->real->user, &lent, &made->real); s < 0)
            return s;
    }
    *out = made.release();
    return MH_OK;
}

void instance_destroy(void*, void* opaque) {
    std::unique_ptr<Instance> i(static_cast<Instance*>(opaque));
    const mh_http_filter* real = i->of->real;
    if (MH_FIELD_OK(real, instance_destroy)) real->instance_destroy(real->user, i->real);
}

void* shard_create(void* opaque, uint32_t loop) {
    auto* i = static_cast<Instance*>(opaque);
    const mh_http_filter* real = i->of->real;
    void* shard = MH_FIELD_OK(real, shard_create) ? real->shard_create(i->real, loop) : i->real;
    if (!shard && MH_FIELD_OK(real, shard_create)) return nullptr;
    return new Shard{real, i->of->module.c_str(), shard};
}

void shard_destroy(void* opaque, void* shard) {
    std::unique_ptr<Shard> s(static_cast<Shard*>(shard));
    if (MH_FIELD_OK(s->real, shard_destroy))
        s->real->shard_destroy(static_cast<Instance*>(opaque)->real, s->shard);
}

mh_verdict on_request(void* shard, mh_req* r, const mh_header* h, uint32_t n) {
    auto* s = static_cast<Shard*>(shard);
    Lease lease(s->module, "on_request");
    return s->real->on_request(s->shard, r, lease.copy(h, n), n);
}
mh_verdict on_request_body(void* shard, mh_req* r, const mh_seg* v, uint32_t n, uint32_t fin) {
    auto* s = static_cast<Shard*>(shard);
    Lease lease(s->module, "on_request_body");
    return s->real->on_request_body(s->shard, r, lease.copy(v, n), n, fin);
}
mh_verdict on_response(void* shard, mh_req* r, uint32_t status, const mh_header* h, uint32_t n) {
    auto* s = static_cast<Shard*>(shard);
    Lease lease(s->module, "on_response");
    return s->real->on_response(s->shard, r, status, lease.copy(h, n), n);
}
mh_verdict on_response_body(void* shard, mh_req* r, const mh_seg* v, uint32_t n, uint32_t fin) {
    auto* s = static_cast<Shard*>(shard);
    Lease lease(s->module, "on_response_body");
    return s->real->on_response_body(s->shard, r, lease.copy(v, n), n, fin);
}
void on_cancel(void* shard, mh_req* r, mh_token t, mh_status why) {
    auto* s = static_cast<Shard*>(shard);
    Lease lease(s->module, "on_cancel");
    s->real->on_cancel(s->shard, r, t, why);
}
void on_done(void* shard, mh_req* r, mh_status outcome) {
    auto* s = static_cast<Shard*>(shard);
    Lease lease(s->module, "on_done");
    s->real->on_done(s->shard, r, outcome);
}

/// Lives as long as the process: a crash may name the module long after it has gone.
template <class T>
T& made_for_ever() {
    static auto* all = new std::vector<std::unique_ptr<T>>;
    return *all->emplace_back(std::make_unique<T>());
}

const void* around_filter(const void* descriptor, std::string_view module) {
    auto& f = made_for_ever<Filter>();
    f.real = static_cast<const mh_http_filter*>(descriptor);
    f.module = module;
    std::memcpy(&f.table, f.real, std::min<size_t>(f.real->size, sizeof f.table));
    f.table.size = sizeof f.table;
    f.table.user = &f;
    f.table.instance_create = instance_create;
    f.table.instance_destroy = instance_destroy;
    f.table.shard_create = shard_create;
    f.table.shard_destroy = shard_destroy;
    if (f.table.on_request) f.table.on_request = on_request;
    if (f.table.on_request_body) f.table.on_request_body = on_request_body;
    if (f.table.on_response) f.table.on_response = on_response;
    if (f.table.on_response_body) f.table.on_response_body = on_response_body;
    if (f.table.on_cancel) f.table.on_cancel = on_cancel;
    if (f.table.on_done) f.table.on_done = on_done;
    return &f.table;
}

// ---- handlers

struct Handler {
    mh_http_handler table{};
    const mh_http_handler* real = nullptr;
    std::string module;
};

const void* around_handler(const void* descriptor, std::string_view module) {
    auto& h = made_for_ever<Handler>();
    h.real = static_cast<const mh_http_handler*>(descriptor);
    h.module = module;
    std::memcpy(&h.table, h.real, std::min<size_t>(h.real->size, sizeof h.table));
    h.table.size = sizeof h.table;
    h.table.user = &h;
    h.table.on_request = [](void* shard, void* user, mh_req* r, const mh_header* fields,
                            uint32_t n) {
        auto* own = static_cast<Handler*>(user);
        Lease lease(own->module.c_str(), "on_request");
        return own->real->on_request(shard, own->real->user, r, lease.copy(fields, n), n);
    };
    if (h.table.on_cancel)
        h.table.on_cancel = [](void* shard, void* user, mh_req* r, mh_token t, mh_status why) {
            auto* own = static_cast<Handler*>(user);
            Lease lease(own->module.c_str(), "on_cancel");
            own->real->on_cancel(shard, own->real->user, r, t, why);
        };
    if (h.table.on_done)
        h.table.on_done = [](void* shard, void* user, mh_req* r, mh_status outcome) {
            auto* own = static_cast<Handler*>(user);
            Lease lease(own->module.c_str(), "on_done");
            own->real->on_done(shard, own->real->user, r, outcome);
        };
    return &h.table;
}

// ---- what the getters lend

/// The getter's answer, as a copy where a hook runs. Other callbacks get it as it is.
mh_status copied(mh_status s, mh_str* out) {
    if (Lease* l = Lease::current(); l && s == MH_OK) *out = l->copy(*out);
    return s;
}

const mh_principal* copied_principal(mh_req* r) {
    const mh_principal* p = kRequestTable.principal(r);
    Lease* l = Lease::current();
    auto* out =
        static_cast<mh_principal*>(p && l ? l->room(sizeof *p, alignof(mh_principal)) : nullptr);
    if (!out) return p;
    *out = *p;
    out->subject = l->copy(p->subject);
    out->issuer = l->copy(p->issuer);
    out->roles = l->copy(p->roles, p->n_roles);
    out->claims = l->copy(p->claims, p->n_claims);
    return out;
}

const char* module_now() {
    const Lease* l = Lease::current();
    return l ? l->module() : "";
}

mh_status leased_collect(mh_req* r, uint64_t max, void (*fn)(mh_req*, void*, mh_status, mh_seg),
                         void* user) {
    struct Call {
        void (*fn)(mh_req*, void*, mh_status, mh_seg);
        void* user;
        const char* module;
    };
    if (!fn) return MH_E_INVALID;
    auto call = std::make_unique<Call>(Call{fn, user, module_now()});
    const mh_status s = kRequestTable.collect(
        r, max,
        [](mh_req* req, void* opaque, mh_status status, mh_seg body) {
            const std::unique_ptr<Call> c(static_cast<Call*>(opaque));
            Lease lease(c->module, "collect");
            c->fn(req, c->user, status, lease.copy(body));
        },
        call.get());
    if (s == MH_OK) (void)call.release();
    return s;
}

mh_status leased_post(mh_token t, void (*fn)(mh_req*, void*), void* arg, void (*drop)(void*)) {
    struct Call {
        void (*fn)(mh_req*, void*);
        void* arg;
        void (*drop)(void*);
        const char* module;
    };
    if (!fn) return MH_E_INVALID;
    return kRequestTable.post(
        t,
        [](mh_req* r, void* opaque) {
            const std::unique_ptr<Call> c(static_cast<Call*>(opaque));
            Lease lease(c->module, "post");
            c->fn(r, c->arg);
        },
        new Call{fn, arg, drop, module_now()},
        [](void* opaque) {
            const std::unique_ptr<Call> c(static_cast<Call*>(opaque));
            if (c->drop) c->drop(c->arg);
        });
}

mh_http_request poisoned_table() {
    mh_http_request t = kRequestTable;
    t.header = [](mh_req* r, uint32_t dir, uint32_t id, mh_str* out) {
        return copied(kRequestTable.header(r, dir, id, out), out);
    };
    t.header_named = [](mh_req* r, uint32_t dir, mh_str name, mh_str* out) {
        return copied(kRequestTable.header_named(r, dir, name, out), out);
    };
    t.headers = [](mh_req* r, uint32_t dir, const mh_header** out, uint32_t* n) {
        const mh_status s = kRequestTable.headers(r, dir, out, n);
        if (Lease* l = Lease::current(); l && s == MH_OK) *out = l->copy(*out, *n);
        return s;
    };
    t.attr = [](mh_req* r, uint32_t which, mh_str* out) {
        return copied(kRequestTable.attr(r, which, out), out);
    };
    t.attribute_get = [](mh_req* r, mh_str name, mh_str* out) {
        return copied(kRequestTable.attribute_get(r, name, out), out);
    };
    t.principal = copied_principal;
    t.collect = leased_collect;
    t.post = leased_post;
    return t;
}

}  // namespace

bool poison_what_is_lent(module::InterfaceTable& interfaces, module::Points& points) {
    const char* wish = std::getenv("MICROHOST_POISON");
    if (!wish || std::strcmp(wish, "1") != 0) return false;
    static const mh_http_request table = poisoned_table();
    interfaces.offer(MH_HTTP_REQUEST, &table);
    points.wrap(MH_HTTP_FILTER, around_filter);
    points.wrap(MH_HTTP_HANDLER, around_handler);
    name_late_readers();
    return true;
}

}  // namespace microhost::http
