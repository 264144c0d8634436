// SPDX-License-Identifier: Apache-2.0
#include "rpc/served_stream.hpp"

#include <utility>

#include "http/engine.hpp"
#include "http/error_json.hpp"
#include "http/h1/server_connection.hpp"
#include "http/h1/write_head.hpp"
#include "http/names.hpp"
#include "rpc/missing.hpp"
#include "rpc/mucp.hpp"

namespace microhost::rpc {
namespace {

using http::view;

MessageReader::Bounds bounds_of(const http::Limits& l) {
    return {l.header_bytes, static_cast<size_t>(l.body_bytes), l.max_headers};
}

}  // namespace

ServedStream::ServedStream(http::Exchange& x, const mucp::Asked& asked, const mucp::Coding& coding,
                           const Taker& taker)
    : StreamIn(x.engine().loop, taker),
      x_(&x),
      asked_(asked),
      coding_(coding),
      reader_(MessageReader::Side::server, x.engine().parser, bounds_of(x.site().limits)) {
    endpoint = asked.endpoint;
}

void ServedStream::begin(http::Exchange& x, std::string_view service, const mucp::Asked& asked,
                         const mucp::Coding& coding, const Taker& taker, const mh_rpc_head& head,
                         CallMetrics::Meter* meter) {
    auto* s = new ServedStream(x, asked, coding, taker);
    if ((s->meter_ = meter)) meter->count_stream(1);
    s->service = service;
    for (uint32_t i = 0; i < head.n_metadata; i++)
        s->metadata.add(view(head.metadata[i].key), view(head.metadata[i].val));
    x.attach(*s);
    x.take_connection(*s);
    const std::string refused = s->take(head);
    if (refused.empty() || !s->x_ || s->over_) return;
    s->write_end(mucp::error_line(refused));
    s->end_later(MH_OK);
}

// ---- from the service

mh_status ServedStream::send(std::string_view content_type, std::string_view body, bool fin) {
    if (!x_ || over_ || x_->connection().broken()) return MH_E_GONE;
    if (out_) return MH_E_INVALID;  // it is spliced
    if (content_type.empty()) content_type = coding_.inner;
    if (!http::valid_value(content_type)) return MH_E_INVALID;
    if (body.data()) {
        if (body.size() > x_->site().limits.body_bytes) return MH_E_LIMIT;
        if (x_->unsent() > kWindow) {
            busy_told_ = true;
            return MH_E_BUSY;
        }
        if (!write(asked_, content_type, body, {})) return MH_E_GONE;
    }
    if (!fin) return MH_OK;
    waiting = false;
    write_end(mucp::kEndOfStream);
    end_later(MH_OK);
    return MH_OK;
}

void ServedStream::answer_error(std::string_view error) {
    if (!x_ || over_) return;
    waiting = false;
    write_end(mucp::error_line(error));
    end_later(MH_OK);
}

mh_status ServedStream::pause(bool on) {
    if (!x_ || over_) return MH_E_GONE;
    if (paused_ == on) return MH_OK;
    paused_ = on;
    if (on) {
        x_->pause_body();
        return MH_OK;
    }
    // Not from within the module's call: what waits comes at the end of the turn.
    x_->resume_body();
    loop().defer([](void* p) { static_cast<ServedStream*>(p)->read_messages(); }, this);
    return MH_OK;
}

bool ServedStream::write(const mucp::Asked& a, std::string_view content_type, std::string_view body,
                         std::string_view error) {
    std::string wrapped;
    if (coding_.envelope != Envelope::none) {
        wrap_reply(coding_.envelope, wrapped, a.id, body, error);
        body = wrapped;
        content_type = a.content_type;
    } else if (body.empty() && error.empty() && content_type == "application/json") {
        body = "{}";  // an empty body is the end of file to a client that reads JSON
    }
    mucp::Fields fields;
    mucp::answer_fields(fields, a, content_type, error);
    size_t room = 128;
    for (uint32_t i = 0; i < fields.size(); i++)
        room += fields.data()[i].key.len + fields.data()[i].val.len + 4;
    std::string head(room, 0);
    http::h1::HeadWriter w(head.data(), head.size());
    w.status(200);
    w.field("Content-Length", body.size());
    for (uint32_t i = 0; i < fields.size(); i++)
        w.field(view(fields.data()[i].key), view(fields.data()[i].val));
    w.end();
    iovec v[2] = {{head.data(), w.size()}, {const_cast<char*>(body.data()), body.size()}};
    return x_->connection().write(v, body.empty() ? 1 : 2);
}

void ServedStream::write_end(std::string_view error) {
    over_ = true;
    write(asked_, asked_.content_type, {}, error);
}

// ---- from the caller

void ServedStream::on_request_body(std::string_view piece, bool fin) {
    if (!x_) return;
    if (over_) {  // what a caller still says is of no interest
        if (fin) end(end_);
        return;
    }
    reader_.append(piece);
    read_messages();
    if (!fin || !x_ || over_) return;
    // go-micro's clients say EOS and close both directions at once: they are gone when something is written to them.
    if (!caller_done_) end(MH_E_CANCELLED);
}

bool ServedStream::held_back() const { return paused_ || has_pending_ || x_->unsent() > kWindow; }

void ServedStream::read_messages() {
    if (reading_) return;
    reading_ = true;
    while (x_ && !over_ && !held_back()) {
        const MessageReader::Got got = reader_.next();
        if (got == MessageReader::Got::more) break;
        if (got == MessageReader::Got::broken) {
            char text[512];
            write_end(http::error_json(text, sizeof text, service, 400, reader_.why()));
            end_later(MH_E_IO);
            break;
        }
        take_message();
    }
    reading_ = false;
    if (x_ && !over_ && held_back()) x_->pause_body();
}

void ServedStream::take_message() {
    const mucp::Asked a = mucp::Asked::of(reader_.headers());
    if (!is_ours(a)) return refuse_other(a);
    if (!a.error.empty()) {
        caller_done_ = true;
        if (a.error == mucp::kEndOfStream) return out_ ? pass_end_on() : tell_no_more();
        waiting = false;
        over_ = true;
        return end_later(MH_E_CANCELLED);
    }
    if (caller_done_) return;
    std::string_view body = reader_.body();
    if (coding_.envelope != Envelope::none && !body.empty()) {
        const UnwrappedRequest inner = unwrap_request(coding_.envelope, body);
        if (!inner.good) {
            write_end("the body is not in the envelope that its type promises");
            return end_later(MH_E_IO);
        }
        body = inner.body;
    }
    if (out_) return pass_on(body);
    const http::Headers& h = reader_.headers();
    tell_message(coding_.inner, body, h.fields.data(), h.count);
}

// Old clients name neither stream nor id.
bool ServedStream::is_ours(const mucp::Asked& a) const {
    return !a.too_long && a.stream == asked_.stream && a.id == asked_.id;
}

void ServedStream::refuse_other(const mucp::Asked& a) {
    if (!a.error.empty()) return;
    char text[512];
    const std::string_view why = http::error_json(
        text, sizeof text, service, 400, "this connection carries a stream with another Micro-Id");
    mucp::Asked other = a;
    other.content_type = asked_.content_type;
    write(other, asked_.content_type, {}, why);
}

void ServedStream::on_client_drained() {
    if (!x_ || over_ || x_->unsent() > kWindow) return;
    if (!paused_ && !has_pending_) x_->resume_body();
    if (out_ && std::exchange(out_paused_, false)) out_->pause(false);
    if (busy_told_) {
        busy_told_ = false;
        tell_writable();
    }
    if (x_ && !over_) read_messages();
}

// ---- spliced with a call of our own

mh_status ServedStream::splice(mh_rpc_call& out) {
    static constexpr mh_rpc_sink kSink{sizeof(mh_rpc_sink), 0, on_out_message, on_out_end,
                                       on_out_writable};
    if (!out.stream || out_ || !x_ || over_ || begun()) return MH_E_INVALID;
    if (!StreamCall::of(&out).hand_over(kSink, this)) return MH_E_INVALID;
    out_ = &StreamCall::of(&out);
    return MH_OK;
}

void ServedStream::pass_on(std::string_view body) {
    const mh_status s = out_->send(body.data() ? body : std::string_view(""), false);
    if (s != MH_E_BUSY) return;  // what else fails is told by its end
    pending_.assign(body);
    has_pending_ = true;
}

void ServedStream::pass_end_on() { out_->send({}, true); }

void ServedStream::on_out_writable(void* user, mh_rpc_call*) {
    auto& self = *static_cast<ServedStream*>(user);
    if (!self.x_ || self.over_ || !self.has_pending_) return;
    std::string body;
    body.swap(self.pending_);
    self.has_pending_ = false;
    self.pass_on(body);
    if (self.has_pending_) return;
    self.x_->resume_body();
    self.read_messages();
}

// What came is written; the other side is held back by pausing it.
void ServedStream::on_out_message(void* user, mh_rpc_call*, const mh_rpc_message* m) {
    auto& self = *static_cast<ServedStream*>(user);
    if (!self.x_ || self.over_) return;
    self.write(self.asked_, view(m->content_type), view(m->body), {});
    if (self.x_->unsent() <= kWindow || self.out_paused_) return;
    self.out_paused_ = true;
    self.out_->pause(true);
}

void ServedStream::on_out_end(void* user, mh_rpc_call*, mh_status s, mh_str error) {
    auto& self = *static_cast<ServedStream*>(user);
    self.out_ = nullptr;
    if (!self.x_ || self.over_) return;
    self.waiting = false;
    self.write_end(s == MH_OK ? std::string(mucp::kEndOfStream)
                              : mucp::error_line(failure_text(s, view(error), self.service)));
    self.end_later(MH_OK);
}

// ---- the end

// The service may be on the stack.
void ServedStream::end_later(mh_status s) {
    end_ = s;
    loop().defer(
        [](void* p) {
            auto* self = static_cast<ServedStream*>(p);
            if (self->x_) self->end(self->end_);
        },
        this);
}

void ServedStream::end(mh_status s) {
    if (!x_) return;
    http::Exchange& x = *x_;
    http::Exchange::detach(*this);
    end_ = s;
    leave();
    x.end_tunnel();
}

// The request is over: the client is gone, or the process stops.
void ServedStream::abandon() {
    if (!over_) end_ = MH_E_CANCELLED;
    leave();
}

void ServedStream::leave() {
    if (!x_) return;
    over_ = true;
    x_ = nullptr;
    if (meter_) meter_->count_stream(-1);
    if (out_) std::exchange(out_, nullptr)->cancel();
    tell_end(end_);
    loop().free_later(this);
}

}  // namespace microhost::rpc
