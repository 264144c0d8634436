// SPDX-License-Identifier: Apache-2.0
#include "rpc/forward_way.hpp"

#include <string>

#include "http/client_request.hpp"
#include "http/engine.hpp"
#include "rpc/engine.hpp"
#include "rpc/reach.hpp"

namespace microhost::rpc {
namespace {

using http::str;
using http::view;

void report_end(void* user, bool ok, mh_status why, uint64_t latency_ns) {
    auto outcome = ok                        ? registry::Outcome::success
                   : why == MH_E_UNAVAILABLE ? registry::Outcome::connect_failed
                   : why == MH_E_CANCELLED   ? registry::Outcome::cancelled
                                             : registry::Outcome::transport_failed;
    static_cast<Way*>(user)->report(outcome, latency_ns);
}

uint64_t age_ns(const Way& w) { return w.engine->http.loop.now_ns() - w.x->started_ns(); }

// The body may flow already, so nothing can be waited for here.
http::Upstream* next_upstream(void* user, http::Upstream& failed, std::string_view* host) {
    Way& w = *static_cast<Way*>(user);
    Engine& e = *w.engine;
    if (!w.place.empty() && ++w.tries < e.names.pass_over(w.place, failed.address()))
        return named_upstream(e, w.place, w.tls);
    if (!w.to_other_node(age_ns(w))) return nullptr;
    *host = w.host;
    if (!w.upstream) e.names.prepare(w.place);
    return w.upstream;
}

/// A request whose upstream's name is being resolved. Frees itself.
class WaitingForward final : public http::Dependent, private NameWait {
  public:
    static void begin(Way& w, const mh_http_forward_to& to) {
        auto* f = new WaitingForward(w, to);
        w.x->keep_head();
        w.x->attach(*f);
        if (f->wait()) return;
        // Told like every other failure, but after the handler has returned.
        f->deferred_ = true;
        w.engine->http.loop.defer(
            [](void* p) {
                auto* late = static_cast<WaitingForward*>(p);
                late->deferred_ = false;
                if (late->way_)
                    late->on_name("its name cannot be resolved now");
                else
                    delete late;
            },
            f);
    }

    void abandon() override {
        way_->report(registry::Outcome::cancelled, age_ns(*way_));
        way_ = nullptr;
        if (!deferred_) delete this;
    }

  private:
    WaitingForward(Way& w, const mh_http_forward_to& to) : way_(&w), to_(to) {
        http::Arena& arena = w.x->arena();
        to_.path = str(arena.copy(view(to.path)));
        auto* set = static_cast<mh_kv*>(arena.alloc((to.n_set_headers + 1) * sizeof(mh_kv)));
        to_.n_set_headers = set ? to.n_set_headers : 0;
        for (uint32_t i = 0; i < to_.n_set_headers; i++)
            set[i] = http::own_field(arena, to.set_headers[i]);
        to_.set_headers = set;
    }
    ~WaitingForward() = default;

    bool wait() {
        const uint32_t ms = to_.connect_timeout_ms ? to_.connect_timeout_ms
                                                   : way_->x->site().limits.connect_timeout_ms;
        return way_->engine->names.wait(*this, way_->place, ms);
    }

    void on_name(const char* why) override {
        Way& w = *way_;
        if (!why) w.upstream = named_upstream(*w.engine, w.place, w.tls);
        while (!w.upstream) {
            const std::string reason(why ? why : "its name is not known any more");
            w.engine->say_unresolved(w.place, reason);
            if (!w.to_other_node(age_ns(w))) return fail(reason);
            if (!w.upstream && wait()) return;
        }
        http::Exchange::detach(*this);
        http::Forward::begin(*w.x, to_, w.for_forward());
        delete this;
    }

    void fail(const std::string& reason) {
        Way& w = *way_;
        w.report(registry::Outcome::connect_failed, age_ns(w));
        http::Exchange::detach(*this);
        http::Forward::fail(*w.x, to_.on_error, to_.user, MH_E_UNREACHABLE, w.place, reason);
        delete this;
    }

    Way* way_;
    mh_http_forward_to to_;
    bool deferred_ = false;
};

}  // namespace

mh_status Way::to_address(std::string_view text, bool secure) {
    if (secure && !engine->tls) return MH_E_UNSUPPORTED;
    tls = secure ? engine->tls : nullptr;
    if (Result<net::Address> a = net::Address::parse(text)) {
        host = secure ? x->arena().copy(text) : std::string_view{};
        upstream =
            &engine->http.upstreams.get(*a, tls, secure ? http::host_of(text) : std::string_view{});
        return MH_OK;
    }
    if (!registry::parse_address(text)) return MH_E_INVALID;
    return to_place(text);
}

mh_status Way::to_node(const registry::LiveNode& node) {
    const bool secure = wants_tls(node);
    if (secure && !engine->tls) return MH_E_UNREACHABLE;
    tls = secure ? engine->tls : nullptr;
    net::Address address;
    if (!address_of(node, address)) return to_place(node.node.address);
    place = {};
    host = secure ? x->arena().copy(node.node.address) : std::string_view{};
    upstream = &engine->http.upstreams.get(
        address, tls, secure ? std::string_view(node.address.host) : std::string_view{});
    return MH_OK;
}

mh_status Way::to_place(std::string_view text) {
    if (!engine->names.resolver) {
        engine->say_unresolved(text, "names are not resolved here");
        return MH_E_UNREACHABLE;
    }
    host = place = x->arena().copy(text);
    tries = 0;
    upstream = named_upstream(*engine, place, tls);
    return MH_OK;
}

bool Way::to_other_node(uint64_t latency_ns) {
    if (!pick || moved) return false;
    moved = true;
    const registry::ServiceNodes* nodes = engine->snapshot().find(service);
    if (!nodes) return false;
    registry::Filters filters;
    filters.version = version;
    filters.avoid = pick.slot;
    const registry::Pick failed = pick;
    pick = engine->selector.pick(*nodes, engine->now(), filters);
    const bool other = pick && pick.slot != failed.slot && to_node(*pick.node) == MH_OK;
    const registry::Pick unused = other ? failed : pick;
    if (!other) pick = failed;
    if (unused)
        engine->selector.report(
            unused, nodes, other ? registry::Outcome::connect_failed : registry::Outcome::cancelled,
            std::chrono::nanoseconds(latency_ns), engine->now());
    return other;
}

void Way::report(registry::Outcome outcome, uint64_t latency_ns) {
    if (pick)
        engine->selector.report(pick, engine->snapshot().find(service), outcome,
                                std::chrono::nanoseconds(latency_ns), engine->now());
    pick = {};
}

void Way::go(const mh_http_forward_to& to) {
    if (upstream)
        http::Forward::begin(*x, to, for_forward());
    else
        WaitingForward::begin(*this, to);
}

http::ForwardWay Way::for_forward() {
    if (!has_choice()) return {upstream, host};
    return {upstream, host, report_end, next_upstream, this};
}

}  // namespace microhost::rpc
