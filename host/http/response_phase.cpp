// SPDX-License-Identifier: Apache-2.0
// A response on its way out: response filters in reverse order, framing, one send for head and body together.
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "http/engine.hpp"
#include "http/error_json.hpp"
#include "http/exchange.hpp"
#include "http/guard.hpp"
#include "http/h1/hop_by_hop.hpp"
#include "http/h1/server_connection.hpp"
#include "http/h1/write_head.hpp"
#include "http/names.hpp"

namespace microhost::http {
namespace {

constexpr uint32_t kHeadHooks = MH_I_RESPONSE;
constexpr uint32_t kBodyHooks = MH_I_RESPONSE_BODY | MH_I_RESPONSE_BODY_FULL;
constexpr int kMaxPieces = 6;

size_t total(const iovec* v, int n) {
    size_t sum = 0;
    for (int i = 0; i < n; i++) sum += v[i].iov_len;
    return sum;
}

bool bodiless(const Exchange& x) {
    return x.head.method == Method::head || x.response.status == 204 || x.response.status == 304;
}

}  // namespace

bool Exchange::awaited(uint32_t hooks) const {
    if (!(program_->interests & hooks)) return false;
    for (uint64_t left = active_ & entered_; left; left &= left - 1)
        if (program_->chain[static_cast<size_t>(std::countr_zero(left))].interests & hooks)
            return true;
    return false;
}

mh_status Exchange::respond(uint32_t status, const mh_kv* headers, uint32_t n, const mh_seg* body,
                            uint32_t n_body) {
    bool replacing = answered_ && where_ == Where::response_filter && in_hook_;
    if (over_ || (answered_ && !replacing) || status < 200 || status > 599) return MH_E_INVALID;
    if (n > kMaxHeaders) return MH_E_LIMIT;
    if (status >= 400 && is_call()) return refuse_call(status, headers, n, body, n_body);
    std::array<uint32_t, kMaxHeaders> ids;
    for (uint32_t i = 0; i < n; i++) {
        ids[i] = header_id(view(headers[i].key));
        if ((!ids[i] && !is_token(view(headers[i].key))) || !valid_value(view(headers[i].val)))
            return MH_E_INVALID;
    }
    if (token_ && !in_hook_ && where_ == Where::request_filter) {
        // From what it had posted: the suspended filter has decided.
        drop_token();
        program_->chain[running_].figures->answered++;
    }
    if (replacing) drop_dependents();
    const bool copy = awaited(kHeadHooks | kBodyHooks);
    response.headers.clear();
    response.status = static_cast<uint16_t>(status);
    response.framing = Framing::none;
    for (uint32_t i = 0; i < n; i++) {
        std::string_view name = view(headers[i].key), value = view(headers[i].val);
        const uint32_t id = ids[i];
        if (id && skip_hop_by_hop(id)) continue;
        if (copy) name = arena_.copy(name), value = arena_.copy(value);
        response.headers.fields[response.headers.count++] = {str(name), str(value), id, 0};
        if (id) response.headers.mark(id);
    }
    if (replacing) {
        held_.clear();
        for (uint32_t i = 0; i < n_body; i++) held_.append(view(body[i]));
        held_fin_ = replaced_ = true;
        if (early_edits_) apply_early_edits();
        return MH_OK;
    }
    std::array<iovec, kMaxPieces> v;
    std::string flat;
    int pieces = 0;
    if (n_body <= v.size()) {
        for (; pieces < static_cast<int>(n_body); pieces++)
            v[pieces] = {const_cast<uint8_t*>(body[pieces].ptr), body[pieces].len};
    } else {
        for (uint32_t i = 0; i < n_body; i++) flat.append(view(body[i]));
        v[pieces++] = {flat.data(), flat.size()};
    }
    start_response(v.data(), pieces, true);
    return MH_OK;
}

void Exchange::start_response(const iovec* v, int n, bool fin) {
    if (over_ || answered_) return;
    answered_ = true;
    if (token_ && where_ == Where::handler) drop_token();  // so had it: filters may suspend now
    if (early_edits_) apply_early_edits();
    if (collect_fn_) collect_fn_ = nullptr;
    if (!awaited(kHeadHooks | kBodyHooks)) return emit(v, n, fin);
    next_response_filter_ = static_cast<unsigned>(program_->chain.size());
    for (int i = 0; i < n; i++) held_.append(static_cast<const char*>(v[i].iov_base), v[i].iov_len);
    held_fin_ = fin;
    response_held_ = true;
    run_response_filters();
}

// Responses pass the filters that saw the request, last one first.
void Exchange::run_response_filters() {
    while (next_response_filter_ > 0) {
        unsigned i = --next_response_filter_;
        FilterLink& l = program_->chain[i];
        if (!(active_ & entered_) >> i || !(active_ >> i & entered_ >> i & 1) ||
            !(l.interests & kHeadHooks))
            continue;
        where_ = Where::response_filter;
        running_ = i;
        in_hook_ = true;
        mh_verdict v = guarded(*this, l, Hook::response, [&] {
            return l.filter->on_response(l.shard, this, response.status,
                                         response.headers.fields.data(), response.headers.count);
        });
        in_hook_ = false;
        if (over_ || !after_response_verdict(i, v)) return;
    }
    where_ = Where::nowhere;
    bool whole_first = false;
    for (unsigned i = 0; i < program_->chain.size(); i++)
        whole_first = whole_first || (active_ >> i & entered_ >> i & 1 &&
                                      program_->chain[i].interests & MH_I_RESPONSE_BODY_FULL);
    if (whole_first && !held_fin_) {
        copy_response_head();        // its source lends it for this call only
        return on_client_drained();  // more, please
    }
    release_held();
}

bool Exchange::after_response_verdict(unsigned i, mh_verdict v) {
    FilterLink& l = program_->chain[i];
    if (v == MH_V_PENDING && resumed_early_) {
        resumed_early_ = false;
        v = early_verdict_;
    }
    if (v != MH_V_PENDING && token_) drop_token();
    if (v == MH_V_PENDING && token_) {
        copy_response_head();
        return false;
    }
    if (v == MH_V_DETACH) active_ &= ~(uint64_t{1} << i);
    if (v == MH_V_CONTINUE || v == MH_V_DETACH || replaced_ || l.shadow) return true;
    l.figures->failed++;
    if (l.on_error == OnError::closed) replace_response(503, "a required filter is not available");
    return true;
}

void Exchange::replace_response(unsigned status, std::string_view detail) {
    drop_dependents();
    char body[1024];
    response.headers.clear();
    response.status = static_cast<uint16_t>(status);
    response.framing = Framing::none;
    response.headers.fields[0] = {str("Content-Type"), str("application/json"), MH_H_CONTENT_TYPE,
                                  0};
    response.headers.count = 1;
    response.headers.mark(MH_H_CONTENT_TYPE);
    held_ = error_json(body, sizeof body, "microhost", status, detail);
    held_fin_ = true;
}

void Exchange::copy_response_head() {
    for (uint32_t i = 0; i < response.headers.count; i++) {
        mh_header& h = response.headers.fields[i];
        h.name = str(arena_.copy(view(h.name)));
        h.value = str(arena_.copy(view(h.value)));
    }
}

void Exchange::release_held() {
    response_held_ = false;
    std::string body;
    body.swap(held_);
    bool fin = held_fin_;
    for (unsigned i = static_cast<unsigned>(program_->chain.size()); fin && i-- > 0;) {
        FilterLink& l = program_->chain[i];
        if (!(active_ >> i & entered_ >> i & 1) || !(l.interests & MH_I_RESPONSE_BODY_FULL))
            continue;
        if (l.filter->max_body && body.size() > l.filter->max_body) {
            replace_response(502, "the response is too large for a filter");
            body.swap(held_);
            break;
        }
        if (!call_body_hook(i, body, true)) break;
    }
    iovec v{body.data(), body.size()};
    push_now(&v, 1, fin);
    if (!over_ && !fin) on_client_drained();
}

// One body hook. False: the response was broken off.
bool Exchange::call_body_hook(unsigned i, std::string& piece, bool fin) {
    FilterLink& l = program_->chain[i];
    where_ = Where::response_body;
    running_ = i;
    in_hook_ = true;
    replaced_piece_ = false;
    mh_seg s = seg(piece);
    mh_verdict v = guarded(*this, l, Hook::response_body,
                           [&] { return l.filter->on_response_body(l.shard, this, &s, 1, fin); });
    in_hook_ = false;
    if (over_) return false;
    if (replaced_piece_ && !l.shadow) {
        piece = replacement_;
        body_changed_ = true;
    }
    if (v == MH_V_DETACH) active_ &= ~(uint64_t{1} << i);
    if (v == MH_V_CONTINUE || v == MH_V_DETACH || l.shadow || l.on_error != OnError::closed)
        return true;
    l.figures->failed++;
    break_response();
    return false;
}

bool Exchange::push_response(const iovec* v, int n, bool fin) {
    if (over_) return false;
    if (!response_held_) return push_now(v, n, fin);
    for (int i = 0; i < n; i++) held_.append(static_cast<const char*>(v[i].iov_base), v[i].iov_len);
    held_fin_ = fin;
    if (!token_ && fin) release_held();
    if (!over_ && held_.size() > site_->limits.body_bytes && !fin) {
        replace_response(502, "the response is too large for a filter");
        release_held();
    }
    return !over_ && (!token_ || held_.size() < site_->limits.output_low);
}

bool Exchange::push_now(const iovec* v, int n, bool fin) {
    if (!awaited(MH_I_RESPONSE_BODY)) {
        emit(v, n, fin);
        return !over_ && unsent() < site_->limits.output_high;
    }
    std::string piece;
    for (int i = 0; i < n; i++) piece.append(static_cast<const char*>(v[i].iov_base), v[i].iov_len);
    for (unsigned i = static_cast<unsigned>(program_->chain.size()); i-- > 0;) {
        FilterLink& l = program_->chain[i];
        if (!(active_ >> i & entered_ >> i & 1) || !(l.interests & MH_I_RESPONSE_BODY) ||
            l.interests & MH_I_RESPONSE_BODY_FULL)
            continue;
        if (!call_body_hook(i, piece, fin)) return false;
    }
    iovec one{piece.data(), piece.size()};
    emit(&one, 1, fin);
    return !over_ && unsent() < site_->limits.output_high;
}

void Exchange::break_response() {
    if (over_) return;
    if (!head_sent_) {
        if (token_) close_suspension(MH_E_CANCELLED);
        if (over_) return;
        answered_ = false;
        response_held_ = false;
        held_.clear();
        refuse(502, "the upstream broke the response off");
        return;
    }
    connection_->abort();
}

void Exchange::start_tunnel(Dependent& d) {
    answered_ = true;
    if (token_ && where_ == Where::handler) drop_token();  // so had it: filters may suspend now
    if (early_edits_) apply_early_edits();
    head_sent_ = close_after_ = true;
    char* out = engine_.write_buffer.get();
    iovec v{out, write_head(out, false, 0)};
    if (!connection_->write(&v, 1)) return;
    stream_raw_to(d);
}

void Exchange::take_connection(Dependent& d) {
    answered_ = true;
    if (token_ && where_ == Where::handler) drop_token();
    response.status = 200;  // for the log
    head_sent_ = close_after_ = true;
    stream_raw_to(d);
}

void Exchange::stream_raw_to(Dependent& d) {
    body_sink_ = &d;
    body_mode_ = BodyMode::stream;
    body_complete_ = false;
    connection_->switch_protocol();
}

void Exchange::end_tunnel() { finish(MH_OK); }

// Nothing of it was sent, so it can still be an error of ours.
void Exchange::head_overflow() {
    engine_.log.error("a response head is too large to be sent", {{"handler", program_->module}});
    replace_response(502, "the response head is too large");
    std::string body;
    body.swap(held_);
    iovec v{body.data(), body.size()};
    emit(&v, 1, true);
}

void Exchange::set_response_trailers(std::string_view lines) {
    response_trailers_ = arena_.copy(lines);
}

// RFC 9110 6.5.1: only who says "TE: trailers" gets them.
bool Exchange::takes_trailers() const {
    if (head.minor_version == 0 || !head.headers.has(MH_H_TE)) return false;
    bool takes = false;
    for (uint32_t i = 0; i < head.headers.count; i++)
        if (head.headers.fields[i].id == MH_H_TE)
            for_each_token(view(head.headers.fields[i].value), [&](std::string_view t) {
                takes = takes || iequals(t, "trailers");
                return true;
            });
    return takes;
}

// Head, if it is due, and body bytes, framed; in one send.
void Exchange::emit(const iovec* v, int n, bool fin) {
    if (over_) return;
    size_t bytes = total(v, n);
    char* const out = engine_.write_buffer.get();
    size_t at = 0;
    if (!head_sent_) {
        at = write_head(out, fin, bytes);
        if (!at) return head_overflow();
        head_sent_ = true;
    }
    if (bodiless(*this)) bytes = 0, n = 0;
    response_bytes_ += bytes;
    if (chunked_ && bytes) {
        auto r = std::to_chars(out + at, out + at + 20, bytes, 16);
        at = static_cast<size_t>(r.ptr - out);
        out[at++] = '\r';
        out[at++] = '\n';
    }
    constexpr std::string_view kEnds[] = {"", "\r\n", "0\r\n\r\n", "\r\n0\r\n\r\n"};
    std::string_view end = kEnds[chunked_ ? (bytes ? 1 : 0) + (fin ? 2 : 0) : 0];
    std::string with_trailers;
    if (chunked_ && fin && !response_trailers_.empty() && takes_trailers()) {
        with_trailers.append(end.substr(0, end.size() - 2))
            .append(response_trailers_)
            .append("\r\n");
        end = with_trailers;
    }
    std::array<iovec, kMaxPieces + 2> pieces;
    int count = 0;
    if (bytes <= kCopyBelow) {
        for (int i = 0; i < n; i++) {
            std::memcpy(out + at, v[i].iov_base, v[i].iov_len);
            at += v[i].iov_len;
        }
        if (with_trailers.empty()) {
            std::memcpy(out + at, end.data(), end.size());
            at += end.size();
        }
        if (at) pieces[count++] = {out, at};
        if (!with_trailers.empty()) pieces[count++] = {with_trailers.data(), with_trailers.size()};
    } else {
        if (at) pieces[count++] = {out, at};
        for (int i = 0; i < n; i++) pieces[count++] = v[i];
        if (!end.empty()) pieces[count++] = {const_cast<char*>(end.data()), end.size()};
    }
    if (count) connection_->write(pieces.data(), count);
    if (!fin) return;
    // A body that proved shorter than its Content-Length must not look whole.
    if (response.framing == Framing::length && !bodiless(*this) &&
        response_bytes_ != response.content_length) {
        connection_->abort();
        return;
    }
    finish(MH_OK);
}

}  // namespace microhost::http
