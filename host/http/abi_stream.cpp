// SPDX-License-Identifier: Apache-2.0
#include "http/abi_stream.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "http/engine.hpp"
#include "http/h1/hop_by_hop.hpp"
#include "http/h1/server_connection.hpp"
#include "http/names.hpp"

namespace microhost::http {
namespace {

constexpr uint32_t kGathered = 4;  // pieces that are passed on as they are

std::optional<uint64_t> decimal(std::string_view text) {
    uint64_t n = 0;
    auto r = std::from_chars(text.data(), text.data() + text.size(), n);
    if (text.empty() || r.ec != std::errc{} || r.ptr != text.data() + text.size()) return {};
    return n;
}

bool without_body(const Exchange& x, uint32_t status) {
    return x.head.method == Method::head || status == 204 || status == 304;
}

/// Fills in x.response, in the arena: filters may keep it waiting.
mh_status take_head(Exchange& x, uint32_t status, const mh_kv* headers, uint32_t n,
                    std::optional<uint64_t>& length) {
    if (status < 200 || status > 599 || (n && !headers)) return MH_E_INVALID;
    if (n > kMaxHeaders) return MH_E_LIMIT;
    for (uint32_t i = 0; i < n; i++) {
        const std::string_view name = view(headers[i].key), value = view(headers[i].val);
        if (!is_token(name) || !valid_value(value)) return MH_E_INVALID;
        if (header_id(name) != MH_H_CONTENT_LENGTH) continue;
        const std::optional<uint64_t> told = decimal(value);
        if (!told || (length && *length != *told)) return MH_E_INVALID;
        length = told;
    }
    ResponseHead& r = x.response;
    r.headers.clear();
    r.status = static_cast<uint16_t>(status);
    r.framing = length ? Framing::length : Framing::none;
    r.content_length = length.value_or(0);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t id = header_id(view(headers[i].key));
        if (id && skip_hop_by_hop(id)) continue;
        const std::string_view name = x.arena().copy(view(headers[i].key));
        const std::string_view value = x.arena().copy(view(headers[i].val));
        if (name.empty() || (value.empty() && headers[i].val.len)) return MH_E_NOMEM;
        r.headers.fields[r.headers.count++] = {str(name), str(value), id, 0};
        if (id) r.headers.mark(id);
    }
    return MH_OK;
}

}  // namespace

ResponseStream::ResponseStream(Exchange& x, const mh_http_stream_events* e, void* user)
    : x_(&x), user_(user) {
    if (MH_FIELD_OK(e, on_writable)) on_writable_ = e->on_writable;
}

mh_status ResponseStream::begin(Exchange& x, uint32_t status, const mh_kv* headers, uint32_t n,
                                const mh_http_stream_events* e, void* user) {
    if (x.answered()) return MH_E_INVALID;
    std::optional<uint64_t> length;
    if (mh_status s = take_head(x, status, headers, n, length)) return s;
    auto* stream = new ResponseStream(x, e, user);
    stream->announced_ = length.has_value();
    stream->length_ = length.value_or(0);
    stream->bodiless_ = without_body(x, status);
    x.attach(*stream);
    x.stream = stream;
    if (stream->bodiless_)  // after the handler has returned, and before anything frees the stream
        x.engine().loop.defer([](void* p) { static_cast<ResponseStream*>(p)->finish_bodiless(); },
                              stream);
    else if (stream->ends_with_client())
        x.engine().loop.defer(
            [](void* p) {
                auto* s = static_cast<ResponseStream*>(p);
                if (s->x_) s->x_->connection().check_client();
            },
            stream);
    x.start_response(nullptr, 0, false);
    return MH_OK;
}

mh_status ResponseStream::write(const mh_seg* v, uint32_t n) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!v[i].ptr && v[i].len) return MH_E_INVALID;
        bytes += v[i].len;
    }
    if (bodiless_ || x_->connection().broken()) return MH_E_GONE;  // nobody will see any of it
    if (announced_ && bytes > length_ - written_) return MH_E_INVALID;
    if (blocked_ || x_->unsent() > kWindow) {
        busy_told_ = true;
        return MH_E_BUSY;
    }
    if (!bytes) return MH_OK;
    written_ += bytes;
    std::array<iovec, kGathered> pieces;
    std::string flat;
    int count = 0;
    if (n <= pieces.size()) {
        for (; count < static_cast<int>(n); count++)
            pieces[count] = {const_cast<uint8_t*>(v[count].ptr), v[count].len};
    } else {
        for (uint32_t i = 0; i < n; i++) flat.append(view(v[i]));
        pieces[count++] = {flat.data(), flat.size()};
    }
    Exchange& x = *x_;
    blocked_ = true;  // a filter that lets go within the call says so through on_client_drained
    if (x.push_response(pieces.data(), count, false)) blocked_ = false;
    return x_ && !x.connection().broken() ? MH_OK : MH_E_GONE;
}

mh_status ResponseStream::end() {
    if (bodiless_) return MH_OK;
    if (x_->connection().broken()) return MH_E_GONE;
    if (announced_ && written_ != length_) {
        leave().break_response();
        return MH_E_INVALID;
    }
    leave().push_response(nullptr, 0, true);
    return MH_OK;
}

void ResponseStream::abort() { leave().break_response(); }

// The request belongs to others now; returns it.
Exchange& ResponseStream::leave() {
    Exchange& x = *x_;
    Exchange::detach(*this);
    abandon();
    return x;
}

void ResponseStream::finish_bodiless() {
    if (x_) leave().push_response(nullptr, 0, true);
}

void ResponseStream::abandon() {
    Engine& e = x_->engine();
    x_->stream = nullptr;
    x_ = nullptr;
    e.loop.free_later(this);
}

void ResponseStream::on_client_drained() {
    if (x_->unsent() > kWindow) return;
    blocked_ = false;
    if (!busy_told_ || !on_writable_) return;
    busy_told_ = false;
    const auto writable = static_cast<size_t>(HandlerHook::writable);
    const InHook in(x_->engine().loop.activity, x_->program().handler_marks[writable], &x_->id());
    try {
        on_writable_(user_, x_);
    } catch (...) {
        x_->engine().log.error("an exception came out of the module",
                               {{"module", x_->site().module}, {"hook", "on_writable"}});
        if (x_) abort();
    }
}

namespace {

/// The stream of a request on its own loop; else null and why.
ResponseStream* stream_of(mh_req* r, mh_status& why) {
    why = MH_E_INVALID;
    if (!r) return nullptr;
    Exchange& x = Exchange::of(r);
    why = Engine::current() == &x.engine() ? MH_E_GONE : MH_E_WRONG_THREAD;
    return why == MH_E_GONE ? x.stream : nullptr;
}

mh_status begin(mh_req* r, uint32_t status, const mh_kv* headers, uint32_t n,
                const mh_http_stream_events* e, void* user) {
    mh_status why;
    if (stream_of(r, why)) return MH_E_INVALID;  // this request has begun one already
    if (why != MH_E_GONE) return why;
    return ResponseStream::begin(Exchange::of(r), status, headers, n, e, user);
}

mh_status write(mh_req* r, const mh_seg* v, uint32_t n) {
    if (n && !v) return MH_E_INVALID;
    mh_status why;
    ResponseStream* s = stream_of(r, why);
    return s ? s->write(v, n) : why;
}

mh_status end(mh_req* r) {
    mh_status why;
    ResponseStream* s = stream_of(r, why);
    return s ? s->end() : why;
}

void abort(mh_req* r) {
    mh_status why;
    if (ResponseStream* s = stream_of(r, why)) s->abort();
}

}  // namespace

const mh_http_stream kStreamTable = {sizeof(mh_http_stream), 0, begin, write, end, abort};

}  // namespace microhost::http
