// SPDX-License-Identifier: Apache-2.0
#include "rpc/served.hpp"

#include <new>
#include <string>

#include "http/engine.hpp"
#include "http/error_json.hpp"
#include "http/exchange.hpp"
#include "http/h1/server_connection.hpp"
#include "http/names.hpp"
#include "module/host_side.hpp"
#include "rpc/asked.hpp"
#include "rpc/call.hpp"
#include "rpc/engine.hpp"
#include "rpc/missing.hpp"
#include "rpc/routed.hpp"
#include "rpc/served_stream.hpp"

namespace microhost::rpc {
namespace {

using http::str;
using http::view;

/// A call from outside. In the arena of its request, and over with it.
struct Served final : Answerer {
    http::Exchange& x;
    mucp::Asked asked;
    mucp::Coding coding;
    const RouterHandler* router;  // null: the services of this process
    void* shard;

    Served(http::Exchange& of, const mucp::Asked& a, const RouterHandler* r, void* s)
        : x(of), asked(a), coding(mucp::coding_of(a.content_type, a.bare)), router(r), shard(s) {}
    mh_status answer(std::string_view content_type, std::string_view body, std::string_view error);
    void reply(std::string_view content_type, std::string_view body) override;
    void fail(std::string_view text) override;
    void fail(unsigned code, std::string_view detail);
    void take(std::string_view body);
    void unwrap(std::string_view& body);
    void call(const LocalService& service, std::string_view body);
    void open_stream(std::string_view service, const Taker& taker, CallMetrics::Meter* meter);
    void route(std::string_view body);
    void name_route(std::string_view service);
    mh_rpc_head head();
    uint32_t metadata(mh_kv*& out);
};

// ---- answers: always status 200, or the client takes it for a broken transport (source: capture 95)

mh_status Served::answer(std::string_view content_type, std::string_view body,
                         std::string_view error) {
    mucp::Fields fields;
    mucp::answer_fields(fields, asked, content_type, error);
    const mh_seg piece = http::seg(body);
    return x.respond(200, fields.data(), fields.size(), &piece, 1);
}

void Served::reply(std::string_view content_type, std::string_view body) {
    if (coding.envelope != Envelope::none) {
        std::string wrapped;
        wrap_reply(coding.envelope, wrapped, asked.id, body, {});
        answer(asked.content_type, wrapped, {});
        return;
    }
    // An empty body is the end of file to a client that reads JSON.
    if (body.empty() && http::iequals(content_type, "application/json")) body = "{}";
    answer(content_type, body, {});
}

void Served::fail(std::string_view text) {
    const std::string line = mucp::error_line(text);
    std::string wrapped;
    if (coding.envelope != Envelope::none) wrap_reply(coding.envelope, wrapped, asked.id, {}, line);
    answer(asked.content_type, wrapped, line);
}

void Served::fail(unsigned code, std::string_view detail) {
    char json[1024];
    const std::string_view id = asked.service.empty() ? "microhost" : asked.service;
    fail(http::error_json(json, sizeof json, id, code, detail));
}

// ---- the call

void on_message(void* user, mh_rpc_call*, const mh_rpc_message* m) {
    static_cast<Served*>(user)->reply(view(m->content_type), view(m->body));
}

void on_end(void* user, mh_rpc_call*, mh_status s, mh_str error) {
    auto& self = *static_cast<Served*>(user);
    self.fail(failure_text(s, view(error), self.asked.service));
}

constexpr mh_rpc_sink kSink{sizeof(mh_rpc_sink), 0, on_message, on_end, nullptr};

/// By its name; a process with one service is asked for that one, whatever the caller calls it, as go-micro's servers do.
const LocalService* service_for(const Engine& e, const mucp::Asked& asked) {
    if (const LocalService* named = e.local(asked.service)) return named;
    const auto& all = e.locals();
    if (all.size() == 1) return all.data();
    const LocalService* only = nullptr;
    for (const LocalService& s : all) {
        if (!asked.service.empty() || !s.find(asked.endpoint)) continue;
        if (only) return nullptr;
        only = &s;
    }
    return only;
}

uint32_t Served::metadata(mh_kv*& out) {
    const http::Headers& h = x.head.headers;
    out = static_cast<mh_kv*>(x.arena().alloc((h.count + 1) * sizeof(mh_kv)));
    if (!out) return 0;
    uint32_t n = 0;
    out[n++] = {str("Remote"), str(x.arena().copy(x.connection().peer().text()))};
    for (uint32_t i = 0; i < h.count; i++)
        if (mucp::is_metadata(h.fields[i])) out[n++] = {h.fields[i].name, h.fields[i].value};
    return n;
}

mh_rpc_head Served::head() {
    mh_rpc_head head{};
    head.size = sizeof head;
    head.flags = asked.has_stream ? uint32_t{MH_RPC_STREAM} : 0u;
    head.service = str(asked.service);
    head.endpoint = str(asked.endpoint);
    head.content_type = str(coding.inner);
    std::string_view peer;
    if (x.attribute(MH_ATTR_CLIENT_IP, &peer)) head.peer = str(peer);
    head.listener = str(x.site().listener);
    head.headers = x.head.headers.fields.data();
    head.n_headers = x.head.headers.count;
    head.timeout_ms = asked.timeout_ms ? static_cast<uint32_t>(asked.timeout_ms) : UINT32_MAX;
    mh_kv* rows = nullptr;
    head.n_metadata = metadata(rows);
    head.metadata = rows;
    head.principal = x.principal();
    return head;
}

void Served::open_stream(std::string_view service, const Taker& taker, CallMetrics::Meter* meter) {
    mh_rpc_head h = head();
    h.flags |= MH_RPC_STREAM;
    h.timeout_ms = UINT32_MAX;  // go-micro's clients send that of a unary call, and wait for ever
    ServedStream::begin(x, service, asked, coding, taker, h, meter);
}

// Only who names a stream has one here: nothing is known of the endpoint.
void Served::route(std::string_view body) {
    if (asked.has_stream) return open_stream(asked.service, router->taker(shard), nullptr);
    RoutedCall::begin(x, *this, router->taker(shard), head(), body);
}

// Of an endpoint that there is: what callers may write must not make series.
void Served::name_route(std::string_view service) {
    const size_t n = service.size() + 1 + asked.endpoint.size();
    auto* text = static_cast<char*>(x.arena().alloc(n, 1));
    if (!text) return;
    service.copy(text, service.size());
    text[service.size()] = '/';
    asked.endpoint.copy(text + service.size() + 1, asked.endpoint.size());
    x.route = {text, n};
}

void Served::call(const LocalService& service, std::string_view body) {
    const mh_rpc_endpoint* known = service.find(asked.endpoint);
    if (known) name_route(service.name);
    if (known && is_stream(service, *known))
        return open_stream(service.name, taker_of(service, *known),
                           Engine::current()->metrics.of(service.name));
    mh_rpc_target t{};
    t.size = sizeof t;
    t.service = str(service.name);
    t.endpoint = str(asked.endpoint);
    t.content_type = str(coding.inner);
    t.from_service = str(asked.from_service);
    t.timeout_ms = static_cast<uint32_t>(asked.timeout_ms);
    mh_kv* rows = nullptr;
    t.n_metadata = metadata(rows);
    t.metadata = rows;
    Engine& e = *Engine::current();
    Call* c = e.take();
    if (c->open(nullptr, &x, t, kSink, this, Reach::process) != MH_OK) {
        e.recycle(c);
        fail(missing_service(asked.service));
        return;
    }
    c->send(body, true);
}

// The envelope says what is called where no field does.
void Served::unwrap(std::string_view& body) {
    const UnwrappedRequest inner = unwrap_request(coding.envelope, body);
    if (!inner.good) {
        fail(body.empty() ? "EOF" : "the body is not in the envelope that its type promises");
        return;
    }
    body = inner.body;
    if (asked.endpoint.empty()) asked.endpoint = x.arena().copy(inner.endpoint);
    if (asked.id.empty()) asked.id = x.arena().copy(inner.id);
    if (asked.endpoint.size() > mucp::kLongestName || !http::valid_value(asked.endpoint) ||
        asked.id.size() > mucp::kLongestName || !http::valid_value(asked.id)) {
        asked.endpoint = asked.id = {};
        fail(400, "the endpoint or the id of the request is malformed");
    }
}

void Served::take(std::string_view body) {
    // An empty message of protobuf goes without its envelope (source: capture 96).
    const bool naked = body.empty() && !asked.bare && coding.envelope == Envelope::proto;
    if (coding.envelope != Envelope::none && !naked) unwrap(body);
    if (x.answered()) return;
    if (router) return route(body);
    const LocalService* service = service_for(*Engine::current(), asked);
    if (!service) {
        fail(missing_service(asked.service.empty() ? asked.endpoint : asked.service));
        return;
    }
    call(*service, body);
}

void on_body(mh_req*, void* user, mh_status s, mh_seg body) {
    auto& self = *static_cast<Served*>(user);
    if (s == MH_OK) return self.take(view(body));
    if (s == MH_E_LIMIT) self.fail(413, "the request body is too large");
}

mh_status on_request(void* shard, void* user, mh_req* r, const mh_header*, uint32_t) {
    http::Exchange& x = http::Exchange::of(r);
    if (!Engine::current()) return MH_E_WRONG_THREAD;
    x.keep_head();
    void* room = x.arena().alloc(sizeof(Served));
    if (!room) return MH_E_NOMEM;
    const mucp::Asked asked = mucp::Asked::of(x.head.headers);
    auto& s = *new (room) Served(x, asked, static_cast<const RouterHandler*>(user), shard);
    if (asked.too_long) {
        s.fail(400, "a name or an id in a Micro-* field is too long");
        return MH_OK;
    }
    if (!s.coding.known) {
        // go-micro's way to say it: no Micro-Error.
        std::string text = "Unsupported Content-Type: ";
        return s.answer("text/plain", text.append(asked.content_type.substr(0, 200)), {});
    }
    return x.collect(x.site().limits.body_bytes, on_body, &s);
}

}  // namespace

mh_status take_request(module::HostSide& side, mh_req* r, const mh_rpc_router& router,
                       void* shard) {
    http::Exchange& x = http::Exchange::of(r);
    if (x.answered()) return MH_E_GONE;
    if (!x.site().speaks_rpc) return MH_E_UNSUPPORTED;
    void* room = x.arena().alloc(sizeof(RouterHandler), alignof(RouterHandler));
    if (!room) return MH_E_NOMEM;
    return on_request(shard, new (room) RouterHandler(router, side.generation), r, nullptr, 0);
}

RouterHandler::RouterHandler(const mh_rpc_router& router, module::Generation& generation)
    : router_(router), generation_(generation), handler_(kServedHandler) {
    handler_.user = this;
}

Taker RouterHandler::taker(void* shard) const {
    return {router_.on_call, router_.on_message, router_.on_writable, router_.on_end,
            shard,           router_.user,       &generation_};
}

const mh_http_handler kServedHandler = {
    sizeof(mh_http_handler), 0, "rpc", nullptr, on_request, nullptr, nullptr,
};

}  // namespace microhost::rpc
