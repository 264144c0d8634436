// SPDX-License-Identifier: Apache-2.0
#include "http/client_call.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "http/client_request.hpp"
#include "http/client_tls.hpp"
#include "http/engine.hpp"
#include "module/host_side.hpp"
#include "net/resolver.hpp"
#include "net/tls.hpp"

namespace microhost::http {
namespace {

constexpr uint64_t kMaxResponse = 4 * 1024 * 1024;

net::Resolver* client_resolver = nullptr;

}  // namespace

void set_client_resolver(net::Resolver* resolver) { client_resolver = resolver; }

ClientCall::ClientCall(Engine& e, module::HostSide* side, const mh_http_sink& sink, void* user)
    : engine_(e), side_(side), user_(user) {
    std::memcpy(&sink_, &sink, std::min<size_t>(sink.size, sizeof sink_));
    timer_.owner = this;
    timer_.fire = [](Timer& t) { static_cast<Deadline&>(t).owner->end(MH_E_TIMEOUT); };
    if (side_) side_->outstanding.fetch_add(1, std::memory_order_relaxed);
}

mh_status ClientCall::open(Engine& e, module::HostSide* side, const mh_http_out& out,
                           const mh_http_sink& sink, void* user, ClientCall** call) {
    auto* c = new ClientCall(e, side, sink, user);
    mh_status s = c->take(out);
    if (s == MH_OK) s = c->go();
    if (s != MH_OK) {
        c->leave();
        return s;
    }
    c->endless_ = out.timeout_ms == UINT32_MAX;
    const uint32_t longest = c->endless_ ? out.head_timeout_ms : out.timeout_ms;
    e.loop.arm(c->timer_, longest ? longest : e.limits.response_timeout_ms);
    *call = c;
    return MH_OK;
}

mh_status ClientCall::take(const mh_http_out& out) {
    const std::string_view address = view(out.address);
    if (!parse_place(address, place_)) return MH_E_INVALID;
    std::string_view authority = view(out.authority);
    const std::string here = "localhost" + std::string(address);  // ":80" is a port of this machine
    if (authority.empty())
        authority = place_.is_unix             ? std::string_view("localhost")
                    : address.starts_with(':') ? std::string_view(here)
                                               : address;
    method_ = method_of_call(view(out.method));
    max_response_ = out.max_response ? out.max_response : kMaxResponse;
    if (mh_status s = write_request(out, authority, engine_, request_)) return s;
    idle_timeout_ms_ = out.idle_timeout_ms;
    return out.flags & MH_CLIENT_TLS ? take_tls(out, authority) : MH_OK;
}

mh_status ClientCall::take_tls(const mh_http_out& out, std::string_view authority) {
    const mh_str& name = out.tls_server_name;
    for (const mh_str& s : {name, out.tls_ca_file, out.tls_cert_file, out.tls_key_file})
        if (module::broken(s)) return MH_E_INVALID;
    tls_name_ = name.len            ? view(name)
                : out.authority.len ? host_of(authority)
                                    : std::string_view(place_.host);
    ClientTls wanted{std::string(view(out.tls_ca_file)), std::string(view(out.tls_cert_file)),
                     std::string(view(out.tls_key_file)), !(out.flags & MH_CLIENT_NO_VERIFY)};
    auto context = client_tls(wanted);
    if (context) return tls_ = *context, MH_OK;
    tell_of_tls(context.error().what);
    return wanted.names_files() ? MH_E_INVALID : MH_E_UNAVAILABLE;
}

// To the hook in which this happens, if it fails by it, and to the log: a timer or another callback reads no report.
void ClientCall::tell_of_tls(const std::string& what) {
    if (!side_) return;
    module::report(*side_, MH_E_INVALID, {}, what);
    static thread_local std::string said;
    if (std::exchange(said, what) != what) side_->log.warn(what);
}

mh_status ClientCall::go() {
    if (place_.addresses.empty()) return resolve();
    start_or_fail();
    return MH_OK;
}

mh_status ClientCall::resolve() {
    if (!client_resolver) return MH_E_UNAVAILABLE;
    lookup_ = client_resolver->resolve(place_.host, place_.port, [this](const net::Resolved& r) {
        lookup_ = nullptr;
        if (!r) return end(MH_E_UNAVAILABLE);
        place_.addresses = *r;
        start_or_fail();
    });
    return MH_OK;
}

void ClientCall::start_or_fail() {
    while (!start(false))
        if (++next_address_ == place_.addresses.size()) return fail_later(MH_E_UNAVAILABLE);
}

bool ClientCall::start(bool fresh) {
    UpstreamRequest r;
    r.method = method_;
    r.fresh = fresh;
    r.connect_timeout_ms = engine_.limits.connect_timeout_ms;
    r.stream_timeout_ms = idle_timeout_ms_;
    Upstream& to =
        engine_.upstreams.get(place_.addresses[next_address_], tls_, tls_ ? tls_name_ : "");
    iovec v{request_.data(), request_.size()};
    const char* why = "";
    return to.start(*this, r, &v, 1, &why);
}

// After the caller has returned.
void ClientCall::fail_later(mh_status why) {
    late_failure_ = why;
    engine_.loop.defer(
        [](void* p) {
            auto* c = static_cast<ClientCall*>(p);
            if (!c->over_) c->end(c->late_failure_);
        },
        this);
}

void ClientCall::on_response(ResponseHead* head, std::string_view body, bool whole) {
    if (head) {
        if (endless_) Wheel::disarm(timer_);
        const bool too_long =
            head->framing == Framing::length && head->content_length > max_response_;
        if (too_long && method_ != Method::head) return end(MH_E_LIMIT);
        if (sink_.on_head)
            tell("on_head", [&] {
                sink_.on_head(user_, this, head->status, head->headers.fields.data(),
                              head->headers.count);
            });
    }
    if (!over_ && !body.empty()) take_body(body);
    if (!over_ && whole) end(MH_OK);
}

void ClientCall::take_body(std::string_view body) {
    received_ += body.size();
    if (received_ > max_response_) return end(MH_E_LIMIT);
    if (sink_.on_body) tell("on_body", [&] { sink_.on_body(user_, this, seg(body)); });
}

void ClientCall::on_failure(const UpstreamFailure& f) {
    // Once more, where that cannot run anything twice: see RFC 9110 section 9.2.2.
    if (f.stale && !retried_ && (f.nothing_sent || idempotent(method_))) {
        retried_ = true;
        if (start(true)) return;
    }
    if (f.nothing_sent && f.why == MH_E_UNAVAILABLE && ++next_address_ < place_.addresses.size())
        return start_or_fail();
    end(f.why);
}

template <class F>
void ClientCall::tell(const char* hook, F&& call) noexcept {
    try {
        return call();
    } catch (...) {
        engine_.log.error("an exception came out of the module",
                          {{"module", side_ ? std::string_view(side_->id) : ""}, {"hook", hook}});
    }
    if (!over_) end(MH_E_PANIC);
}

void ClientCall::end(mh_status s) {
    if (over_) return;
    over_ = true;
    tell("on_end", [&] { sink_.on_end(user_, this, s); });
    leave();
}

void ClientCall::cancel() {
    if (over_) return;
    over_ = true;
    leave();
}

// The rest happens without the module; it may be gone as soon as it is not outstanding.
void ClientCall::leave() {
    over_ = true;
    Transaction::abandon();
    Wheel::disarm(timer_);
    if (lookup_) lookup_->cancel();
    lookup_ = nullptr;
    if (side_) side_->outstanding.fetch_sub(1, std::memory_order_release);
    side_ = nullptr;
    engine_.loop.defer([](void* p) { delete static_cast<ClientCall*>(p); }, this);
}

}  // namespace microhost::http
