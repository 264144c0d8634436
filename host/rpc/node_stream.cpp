// SPDX-License-Identifier: Apache-2.0
#include "rpc/node_stream.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "http/names.hpp"
#include "rpc/engine.hpp"
#include "rpc/mucp.hpp"
#include "rpc/reach.hpp"
#include "rpc/unknown.hpp"

namespace microhost::rpc {
namespace {

using http::view;

}  // namespace

NodeStream::NodeStream(Engine& e)
    : StreamCall(e),
      reader_(MessageReader::Side::client, e.http.parser,
              {2 * size_t{e.http.limits.header_bytes},
               static_cast<size_t>(e.http.limits.body_bytes), http::kMaxHeaders}) {}

NodeStream::~NodeStream() { report(registry::Outcome::cancelled); }

mh_status NodeStream::make(Engine& e, const mh_rpc_target& t, NodeStream** out) {
    auto* made = new NodeStream(e);
    made->service_ = view(t.service);
    const mh_status s = made->choose(t);
    if (s == MH_OK)
        *out = made;
    else
        delete made;
    return s;
}

mh_status NodeStream::choose(const mh_rpc_target& t) {
    if (!t.address.len) return pick_node(t);
    meter_ = engine_.metrics.of("(address)");  // what callers may write must not make series
    if (Result<net::Address> a = net::Address::parse(view(t.address))) {
        upstream_ = &engine_.http.upstreams.get(*a);
        return MH_OK;
    }
    if (!registry::parse_address(view(t.address))) return MH_E_INVALID;
    place_ = view(t.address);
    return MH_OK;
}

mh_status NodeStream::pick_node(const mh_rpc_target& t) {
    const registry::Snapshot& known = engine_.snapshot();
    const registry::ServiceNodes* nodes = known.find(service_);
    if (!nodes) {
        ask_for(service_);
        return known.vanished(service_, engine_.now()) ? MH_E_UNAVAILABLE : MH_E_NOT_FOUND;
    }
    meter_ = engine_.metrics.of(service_);
    std::array<std::pair<std::string_view, std::string_view>, 8> labels;
    size_t n = 0;
    if (MH_FIELD_OK(&t, labels))
        for (; n < std::min<size_t>(t.n_labels, labels.size()); n++)
            labels[n] = {view(t.labels[n].key), view(t.labels[n].val)};
    registry::Filters filters;
    filters.version = view(t.version);
    filters.labels = {labels.data(), n};
    pick_ = engine_.selector.pick(*nodes, engine_.now(), filters);
    if (!pick_) return MH_E_UNAVAILABLE;
    const registry::LiveNode& node = *pick_.node;
    refusal_ = refusal_of(engine_, node);
    if (refusal_) return MH_OK;  // told by on_end, which can say why
    upstream_ = upstream_of(engine_, node);
    if (upstream_) return MH_OK;
    place_ = node.node.address;
    place_tls_ = wants_tls(node) ? engine_.tls : nullptr;
    return MH_OK;
}

void NodeStream::go(const mh_rpc_target& t) {
    mucp::Request r;
    r.service = service_;
    r.endpoint = endpoint_;
    r.accept = content_type_;
    r.id = engine_.next_id();
    r.stream = true;
    r.from_service = caller_of(t);
    if (x_) {
        r.request_id = x_->request_id();
        x_->attribute(MH_ATTR_TRACEPARENT, &r.traceparent);
    }
    Text text;
    fields_ = mucp::write_fields(text, r, {t.metadata, t.n_metadata});
    if (refusal_) return fail_later(MH_E_UNREACHABLE, refusal_);
    if (!upstream_) upstream_ = named_upstream(engine_, place_, place_tls_);
    if (upstream_) return connect();
    if (!engine_.names.wait(*this, place_, engine_.http.limits.connect_timeout_ms))
        fail_later(MH_E_UNREACHABLE, "its name cannot be resolved now");
}

void NodeStream::on_name(const char* why) {
    upstream_ = why ? nullptr : named_upstream(engine_, place_, place_tls_);
    if (upstream_) return connect();
    engine_.say_unresolved(place_, why ? why : "its name is not known any more");
    report(registry::Outcome::connect_failed);
    end(MH_E_UNREACHABLE, why ? why : "its name is not known any more");
}

// The request that opens the stream has no message for its handler; go-micro's clients send an empty one.
void NodeStream::connect() {
    std::string opening;
    const std::string waiting = std::move(held_);
    held_.clear();
    const std::string_view empty = content_type_ == "application/json" ? "{}" : "";
    mucp::Attempt a;
    a.host = place_.empty() ? std::string_view(upstream_->name()) : std::string_view(place_);
    a.content_type = content_type_;
    a.timeout_ms = time_left_ms();
    a.for_ever = a.timeout_ms == UINT32_MAX;
    a.body = empty.size();
    opening.append(mucp::write_head(head_, a, fields_)).append(empty).append(waiting);
    iovec v{opening.data(), opening.size()};
    http::UpstreamRequest r;
    r.method = http::Method::post;
    r.raw = true;
    r.fin = false;
    r.connect_timeout_ms = engine_.http.limits.connect_timeout_ms;
    const char* why = "";
    begun_ = true;
    if (upstream_->start(*this, r, &v, 1, &why)) {
        if (paused()) pause_reading();
        return;
    }
    report(registry::Outcome::connect_failed);
    fail_later(MH_E_UNREACHABLE, why);
}

// Not from within open(). The object lives at least until then: finish comes after it.
void NodeStream::fail_later(mh_status s, std::string_view why) {
    late_status_ = s;
    late_why_ = why;
    engine_.http.loop.defer(
        [](void* p) {
            auto* self = static_cast<NodeStream*>(p);
            self->end(self->late_status_, self->late_why_);
        },
        this);
}

// ---- from the caller

mh_status NodeStream::push(std::string_view body, bool fin) {
    if (late_status_ != MH_OK) return MH_OK;  // on_end is about to say why
    if (body.data()) {
        if (body.size() > engine_.http.limits.body_bytes) return MH_E_LIMIT;
        if ((begun_ ? unsent() : held_.size()) > kWindow) return MH_E_BUSY;
        if (!write(body, {})) return MH_E_GONE;
    }
    if (fin && !write({}, mucp::kEndOfStream)) return MH_E_GONE;
    return MH_OK;
}

bool NodeStream::write(std::string_view body, std::string_view error) {
    if (content_type_ == "application/json" && body.empty() && error.empty()) body = "{}";
    mucp::Attempt a;
    a.host = place_.empty() ? std::string_view(upstream_->name()) : std::string_view(place_);
    a.content_type = content_type_;
    a.timeout_ms = time_left_ms();
    a.for_ever = a.timeout_ms == UINT32_MAX;
    a.error = error;
    a.body = body.size();
    const std::string_view head = mucp::write_head(head_, a, fields_);
    if (!begun_) {
        held_.append(head).append(body);
        return true;
    }
    if (!active()) return false;
    iovec v[2] = {{const_cast<char*>(head.data()), head.size()},
                  {const_cast<char*>(body.data()), body.size()}};
    return Transaction::send(v, body.empty() ? 1 : 2, false);
}

void NodeStream::hold(bool on) {
    if (on) {
        if (active()) pause_reading();
        return;
    }
    // Not from within the caller's call.
    engine_.http.loop.defer(
        [](void* p) {
            auto* self = static_cast<NodeStream*>(p);
            self->read_messages();
            if (self->is_open() && !self->paused() && self->active()) self->resume_reading();
        },
        this);
}

void NodeStream::stop(mh_status s) {
    stop_waiting();
    Transaction::abandon();
    const bool fine = s == MH_OK || s == MH_E_INVALID || (answered_ && s != MH_E_IO);
    report(fine                  ? registry::Outcome::success
           : s == MH_E_CANCELLED ? registry::Outcome::cancelled
                                 : registry::Outcome::transport_failed);
    engine_.http.loop.free_later(this);
}

// ---- from the node

void NodeStream::on_response(http::ResponseHead*, std::string_view body, bool end_here) {
    reader_.append(body);
    read_messages();
    if (!end_here || !is_open()) return;
    if (paused() && reader_.waiting()) {
        // What came before the end is still to be taken; then the end is met again.
        late_status_ = MH_E_IO;
        return;
    }
    report(registry::Outcome::transport_failed);
    end(MH_E_IO, "the node closed the connection before the stream's end");
}

void NodeStream::read_messages() {
    if (reading_) return;
    reading_ = true;
    while (is_open() && !paused()) {
        const MessageReader::Got got = reader_.next();
        if (got == MessageReader::Got::more) break;
        if (got == MessageReader::Got::broken) {
            report(registry::Outcome::transport_failed);
            end(MH_E_IO, reader_.why());
            break;
        }
        take_message();
    }
    reading_ = false;
    if (is_open() && !paused() && late_status_ == MH_E_IO && begun_) {
        report(registry::Outcome::transport_failed);
        end(MH_E_IO, "the node closed the connection before the stream's end");
    }
}

void NodeStream::take_message() {
    const http::Headers& h = reader_.headers();
    const std::string_view body = reader_.body();
    if (reader_.status() < 200) return;
    if (reader_.status() != 200) {
        report(registry::Outcome::transport_failed);
        const std::string text =
            fmt::format("status {}: {}", reader_.status(), body.substr(0, 200));
        return end(MH_E_IO, text);
    }
    answered_ = true;
    const std::string_view error = h.value(MH_H_MICRO_ERROR);
    if (error == mucp::kEndOfStream) return end(MH_OK, {});
    if (!error.empty()) return end(MH_E_INVALID, error);
    const std::string_view type = h.value(MH_H_CONTENT_TYPE);
    if (!http::same(type, content_type_) && body.starts_with("Unsupported Content-Type"))
        return end(MH_E_INVALID, body);
    tell_message(type, body, h.fields.data(), h.count);
}

void NodeStream::on_failure(const http::UpstreamFailure& f) {
    if (!is_open()) return;
    report(f.nothing_sent ? registry::Outcome::connect_failed
                          : registry::Outcome::transport_failed);
    end(f.why == MH_E_UNAVAILABLE ? MH_E_UNREACHABLE : f.why, f.detail);
}

void NodeStream::on_drained() { tell_writable(); }

void NodeStream::report(registry::Outcome outcome) {
    if (!pick_) return;
    engine_.selector.report(pick_, engine_.snapshot().find(service_), outcome,
                            std::chrono::nanoseconds(0), engine_.now());
    pick_ = {};
}

}  // namespace microhost::rpc
