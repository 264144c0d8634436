// SPDX-License-Identifier: Apache-2.0
// A call to a node: choosing it, the request, the reply, and what may be tried again.
#include <algorithm>
#include <array>
#include <cstring>

#include "http/names.hpp"
#include "rpc/call.hpp"
#include "rpc/engine.hpp"
#include "rpc/mucp.hpp"
#include "rpc/reach.hpp"
#include "rpc/unknown.hpp"

namespace microhost::rpc {
namespace {

using http::view;

constexpr size_t kCopied = 16 * 1024;  // bodies up to here are sent in one piece with the head
constexpr unsigned kPicks = 4;         // nodes looked at until one can be called by this process

}  // namespace

// Where the call goes: a given address, this process, or a node that the selector picks.
mh_status Call::choose(const mh_rpc_target& t, Reach reach) {
    if (reach == Reach::process) return choose_local(t) ? MH_OK : MH_E_NOT_FOUND;
    if (t.address.len) {
        Result<net::Address> a = net::Address::parse(view(t.address));
        meter_ = engine_.metrics.of("(address)");  // what callers may write must not make series
        if (a) {
            upstream_ = &engine_.http.upstreams.get(*a);
            return MH_OK;
        }
        if (!registry::parse_address(view(t.address))) return MH_E_INVALID;
        go_to_place(view(t.address), nullptr);
        return MH_OK;
    }
    if (choose_local(t)) return MH_OK;
    return pick_node(registry::kNoSlot);
}

mh_status Call::pick_node(uint32_t avoid) {
    const registry::Snapshot& known = engine_.snapshot();
    const registry::ServiceNodes* nodes = engine_.nodes_of(service_);
    if (!nodes) {
        ask_for(service_);
        return known.vanished(service_, engine_.now()) ? MH_E_UNAVAILABLE : MH_E_NOT_FOUND;
    }
    picked_from_ = nodes;
    picked_at_ = known.revision();
    if (!meter_) meter_ = engine_.metrics.of(service_);
    std::array<std::pair<std::string_view, std::string_view>, 8> labels;
    const size_t n = std::min(labels_.size(), labels.size());
    for (size_t i = 0; i < n; i++) labels[i] = labels_[i];
    registry::Filters filters;
    filters.version = version_;
    filters.labels = {labels.data(), n};
    filters.avoid = avoid;
    for (unsigned i = 0; i < kPicks; i++) {
        pick_ = engine_.selector.pick(*nodes, engine_.now(), filters);
        if (!pick_) return MH_E_UNAVAILABLE;
        const registry::LiveNode& node = *pick_.node;
        upstream_ = engine_.known_upstream(node);
        refusal_ = upstream_ ? nullptr : refusal_of(engine_, node);
        if (!refusal_) {
            bare_ = node.protocol == registry::Protocol::legacy;
            named_ = waits_ = false;
            if (!upstream_) upstream_ = upstream_of(engine_, node);
            if (!upstream_) go_to_place(node.node.address, wants_tls(node) ? engine_.tls : nullptr);
            return MH_OK;
        }
        if (!node.address.resolved() && !engine_.names.resolver)
            engine_.say_unresolved(node.node.address, refusal_);
        filters.avoid = pick_.slot;
        report(registry::Outcome::cancelled);
    }
    return MH_OK;  // told by send(), which can say why
}

// Who waits for a name keeps no node: a snapshot, and the nodes in it, may be gone when it is resolved.
void Call::go_to_place(std::string_view place, const net::TlsClientContext* tls) {
    place_.assign(place);
    place_tls_ = tls;
    named_ = true;
    tries_ = 0;
    upstream_ = named_upstream(engine_, place_, tls);
    waits_ = !upstream_;
}

void Call::write_fields(const mh_rpc_target& t) {
    mucp::Request r;
    r.service = service_;
    r.endpoint = endpoint_;
    r.accept = content_type_;
    r.id = id_;
    r.from_service = caller_of(t);
    if (x_) {
        r.request_id = x_->request_id();
        x_->attribute(MH_ATTR_TRACEPARENT, &r.traceparent);
    }
    fields_ = mucp::write_fields(engine_.lend_fields(*this), r, {t.metadata, t.n_metadata});
}

// Nearly always a call is sent as soon as it is opened, and all of it at once. Only where something waits its fields need memory
// of their own.
void Call::keep_fields() {
    if (!engine_.has_fields_of(*this)) return;
    char* at = copies().fields.room(fields_.size());
    fields_ = copy_to(at, fields_);
    engine_.take_fields_back();
}

void Call::forget_fields() {
    fields_ = {};
    if (engine_.has_fields_of(*this)) engine_.take_fields_back();
}

// False: nothing was begun, here or elsewhere.
bool Call::begin_attempt(std::string_view body, const char** why) {
    if (waits_ ? wait_for_name(body, why) : attempt(body, why)) return true;
    return attempt_next_address(body) || attempt_elsewhere(body);
}

bool Call::wait_for_name(std::string_view body, const char** why) {
    copies().held.assign(body);
    keep_fields();
    if (engine_.names.wait(*this, place_, limits().connect_timeout_ms)) return true;
    *why = "its name cannot be resolved now";
    engine_.say_unresolved(place_, *why);
    waits_ = false;
    return false;
}

void Call::on_name(const char* why) {
    std::string body, reason(why ? why : "its name is not known any more");
    body.swap(copies_.held);
    waits_ = false;
    upstream_ = why ? nullptr : named_upstream(engine_, place_, place_tls_);
    if (!upstream_) engine_.say_unresolved(place_, reason);
    const char* refused = reason.c_str();
    const bool begun = upstream_ ? begin_attempt(body, &refused) : attempt_elsewhere(body);
    if (begun) return;
    report(registry::Outcome::connect_failed);
    end(MH_E_UNREACHABLE, refused);
}

// False: nothing was begun.
bool Call::attempt(std::string_view body, const char** why) {
    envelope_ = bare_ ? envelope_for(content_type_, body.empty()) : Envelope::none;
    std::string wrapped;
    if (envelope_ != Envelope::none) wrap(envelope_, wrapped, endpoint_, id_, body);
    std::string_view payload = envelope_ == Envelope::none ? body : std::string_view(wrapped);
    mucp::Attempt a;
    a.host = named_ ? std::string_view(place_) : std::string_view(upstream_->name());
    a.content_type = envelope_type(envelope_, content_type_);
    a.timeout_ms = time_left_ms();
    a.body = payload.size();
    whole_ = payload.size() <= kCopied;
    // Written where the last call's was: that memory is in the cache, and nearly always all of it is sent at once.
    std::string_view head = mucp::write_head(engine_.request_text, a, fields_, kCopied);
    iovec v[2] = {{const_cast<char*>(head.data()), head.size()},
                  {const_cast<char*>(payload.data()), payload.size()}};
    if (whole_) {
        char* behind = const_cast<char*>(head.data()) + head.size();
        v[0].iov_len += copy_to(behind, payload).size();
    }
    http::UpstreamRequest r;
    r.method = http::Method::post;
    r.connect_timeout_ms = limits().connect_timeout_ms;
    if (!upstream_->start(*this, r, v, whole_ ? 1 : 2, why)) return false;
    if (unsent()) {
        keep_fields();
        if (whole_) copies().body.assign(body);
    } else {
        forget_fields();  // what was sent is not sent again
    }
    return true;
}

// A name has several addresses, and a service may listen on one of them: "localhost" is ::1 and 127.0.0.1.
bool Call::attempt_next_address(std::string_view body) {
    if (!named_ || !upstream_) return false;
    const char* why = "";
    while (++tries_ < engine_.names.pass_over(place_, upstream_->address())) {
        upstream_ = named_upstream(engine_, place_, place_tls_);
        if (upstream_ && attempt(body, &why)) return true;
        if (!upstream_) break;
    }
    return false;
}

// Not one byte reached the first node, so nothing can run twice.
bool Call::attempt_elsewhere(std::string_view body) {
    if (retried_ || !pick_) return false;
    retried_ = true;
    const uint32_t failed = pick_.slot;
    report(registry::Outcome::connect_failed);
    if (pick_node(failed) != MH_OK || refusal_) return false;
    if (pick_.slot == failed) {  // there is no other
        report(registry::Outcome::cancelled);
        return false;
    }
    const char* why = "";
    return waits_ ? wait_for_name(body, &why) : attempt(body, &why);
}

void Call::on_response(http::ResponseHead* head, std::string_view body, bool last) {
    if (head && last) {  // the usual case: all of it in one read, lent as it is
        take_reply(head->status, head->headers, body);
        return;
    }
    if (head) keep_head(*head);
    std::string& reply = copies().reply;
    if (reply.size() + body.size() > limits().body_bytes) {
        Transaction::abandon();
        report(registry::Outcome::success);
        end(MH_E_LIMIT, "the reply is too large");
        return;
    }
    reply.append(body);
    if (!last) return;
    std::string whole;  // its own while it is told of: the call may end in every callback
    whole.swap(reply);
    take_reply(reply_status_, reply_fields_, whole);
    if (whole.capacity() > kKeptReply) return;
    whole.clear();
    copies_.reply.swap(whole);
}

void Call::fetch(unsigned step) const {
    if (x_) x_->fetch(step);
}

void Call::keep_head(const http::ResponseHead& head) {
    reply_status_ = head.status;
    size_t size = 0;
    for (uint32_t i = 0; i < head.headers.count; i++)
        size += head.headers.fields[i].name.len + head.headers.fields[i].value.len;
    reply_head_.resize(size);
    char* at = reply_head_.data();
    auto copied = [&at](mh_str s) {
        char* begin = at;
        if (s.len) std::memcpy(begin, s.ptr, s.len);
        at += s.len;
        return mh_str{begin, s.len};
    };
    reply_fields_.count = head.headers.count;
    reply_fields_.present = head.headers.present;
    for (uint32_t i = 0; i < head.headers.count; i++) {
        const mh_header& h = head.headers.fields[i];
        const mh_str name = copied(h.name);
        reply_fields_.fields[i] = {name, copied(h.value), h.id, h.flags};
    }
}

// Micro's rules for a reply: status 200 or it is the transport that failed; Micro-Error wins over a body. What the head says
// of the endpoint is not looked at: go-micro echoes there what the first call on the connection said.
void Call::take_reply(uint16_t status, const http::Headers& h, std::string_view body) {
    if (status != 200) {
        report(registry::Outcome::transport_failed);
        char text[256];
        int n = snprintf(text, sizeof text, "status %u: %.*s", status,
                         static_cast<int>(std::min<size_t>(body.size(), 200)), body.data());
        return end(MH_E_IO, {text, std::min<size_t>(static_cast<size_t>(n), sizeof text - 1)});
    }
    report(registry::Outcome::success);
    std::string_view error = h.value(MH_H_MICRO_ERROR);
    if (!error.empty()) return end(MH_E_INVALID, error);
    std::string_view type = h.value(MH_H_CONTENT_TYPE);
    // go-micro's way to say it: status 200, no Micro-Error.
    if (!http::same(type, content_type_) && body.starts_with("Unsupported Content-Type"))
        return end(MH_E_INVALID, body);
    if (envelope_ == Envelope::none || type != envelope_type(envelope_, content_type_))
        return deliver(type, h.fields.data(), h.count, body);
    Unwrapped inner = unwrap(envelope_, body);
    if (!inner.good) return end(MH_E_IO, "the reply is not in the envelope that its type promises");
    if (!inner.error.empty()) return end(MH_E_INVALID, inner.error);
    deliver(content_type_, h.fields.data(), h.count, inner.body);
}

void Call::on_failure(const http::UpstreamFailure& f) {
    const bool refused = f.why == MH_E_UNAVAILABLE;
    if (f.nothing_sent && whole_ && (named_ || (pick_ && !retried_))) {
        const std::string body = std::move(copies_.body);
        if ((refused && !f.stale && attempt_next_address(body)) || attempt_elsewhere(body)) return;
    }
    report(f.nothing_sent ? registry::Outcome::connect_failed
                          : registry::Outcome::transport_failed);
    end(refused ? MH_E_UNREACHABLE : f.why, f.detail);
}

void Call::report(registry::Outcome outcome) {
    if (!pick_) return;
    const registry::Snapshot& known = engine_.snapshot();
    const registry::ServiceNodes* nodes =
        known.revision() == picked_at_ ? picked_from_ : known.find(service_);
    engine_.selector.report(pick_, nodes, outcome, std::chrono::nanoseconds(age_ns()),
                            engine_.now());
    pick_ = {};
}

}  // namespace microhost::rpc
