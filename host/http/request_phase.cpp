// SPDX-License-Identifier: Apache-2.0
// A request on its way in: filters in order, then the handler; the body, when somebody wants it.
#include <bit>
#include <cstring>
#include <utility>

#include "http/engine.hpp"
#include "http/exchange.hpp"
#include "http/guard.hpp"
#include "http/h1/server_connection.hpp"
#include "http/match.hpp"
#include "http/names.hpp"

namespace microhost::http {
uint64_t Exchange::select_filters() const {
    size_t n = program_->chain.size();
    uint64_t all = n >= 64 ? ~uint64_t{0} : (uint64_t{1} << n) - 1;
    if (program_->conditions.empty()) return all;
    const MatchSubject self{head.method_text, path.path, authority, head.headers};
    const MatchHint::Heads heads(path.path, head.method_text, authority);
    for (const Condition& c : program_->conditions) {
        if (c.hint.excludes(heads) || !mismatch(program_->chain[c.link].match, self).empty())
            all &= ~(uint64_t{1} << c.link);
    }
    return all;
}

void Exchange::run_request_filters() {
    FilterLink* const chain = program_->chain.data();
    uint64_t left =
        next_filter_ < Program::kMaxFilters ? active_ >> next_filter_ << next_filter_ : 0;
    for (; left; left &= left - 1) {
        const auto i = static_cast<unsigned>(std::countr_zero(left));
        next_filter_ = i + 1;
        FilterLink& l = chain[i];
        if (!l.filter) {
            if (!failed_open(i, "is not available")) return;
            continue;
        }
        entered_ |= uint64_t{1} << i;
        if (!(l.interests & MH_I_REQUEST)) continue;
        where_ = Where::request_filter;
        running_ = i;
        in_hook_ = true;
        mh_verdict v = guarded(*this, l, Hook::request, [&] {
            return l.filter->on_request(l.shard, this, head.headers.fields.data(),
                                        head.headers.count);
        });
        in_hook_ = false;
        if (v == MH_V_CONTINUE && !token_ && !answered_) {  // nearly always
            l.figures->continued++;
        } else if (!after_request_verdict(i, v)) {
            return;
        }
    }
    where_ = Where::nowhere;
    if (full_body_first_ && !body_complete_) {
        full_body_first_ = false;
        collect(max_full_body(), &Exchange::on_full_body, nullptr);
        return;
    }
    run_handler();
}

// True: go on with the next filter.
bool Exchange::after_request_verdict(unsigned i, mh_verdict v) {
    FilterLink& l = program_->chain[i];
    if (v == MH_V_PENDING && resumed_early_) {
        resumed_early_ = false;
        v = early_verdict_;
    }
    if (v != MH_V_PENDING && token_) drop_token();
    if (answered_) {
        l.figures->answered++;
        return false;
    }
    if (l.shadow && v != MH_V_CONTINUE && v != MH_V_PENDING && v != MH_V_DETACH) {
        (v == MH_V_RESPOND ? l.figures->answered : l.figures->failed)++;
        return true;
    }
    switch (v) {
        case MH_V_CONTINUE: l.figures->continued++; return true;
        case MH_V_DETACH:
            l.figures->continued++;
            active_ &= ~(uint64_t{1} << i);
            return true;
        case MH_V_PENDING:
            l.figures->suspended++;
            if (token_) return false;
            return failed_open(i, "answered PENDING without suspend()");
        case MH_V_RESPOND: return failed_open(i, "answered RESPOND without respond()");
        default: return failed_open(i, "failed");
    }
}

// What a filter that cannot decide means: 503, unless the operator said otherwise. True: go on.
bool Exchange::failed_open(unsigned i, const char* what) {
    FilterLink& l = program_->chain[i];
    l.figures->failed++;
    bool open = l.on_error != OnError::closed || l.shadow;
    if (l.figures->say_again(engine_.loop.now_ms()))
        engine_.log.error(open ? "a filter failed; its on_error lets requests pass"
                               : "a filter failed; its requests are answered 503",
                          {{"filter", l.name}, {"reason", what}, {"request", request_id_.view()}});
    if (open) {
        active_ &= ~(uint64_t{1} << i);
        return true;
    }
    refuse(503, "a required filter is not available");
    return false;
}

void Exchange::run_handler() {
    if (over_ || answered_) return;
    if (!program_->handler) {
        refuse(503, "no handler is loaded for this listener");
        return;
    }
    where_ = Where::handler;
    handled_ = true;
    in_hook_ = true;
    mh_status s = guarded(*this, [&] {
        return program_->handler->on_request(program_->handler_shard, program_->handler->user, this,
                                             head.headers.fields.data(), head.headers.count);
    });
    in_hook_ = false;
    if (over_ || answered_) return;
    if (s == MH_PENDING && token_) {
        take_early_verdict();
        return;
    }
    if (s == MH_OK && (dependents_ || collect_fn_ || token_)) return;
    engine_.log.error("the handler did not answer",
                      {{"handler", program_->module}, {"request", request_id_.view()}});
    refuse(500, "internal error");
}

// ---- suspension

mh_token Exchange::suspend(uint32_t timeout_ms) {
    if (over_ || token_ || !in_hook_ || timeout_ms == 0 || timeout_ms > 600'000) return 0;
    if (where_ != Where::request_filter && where_ != Where::handler &&
        where_ != Where::response_filter)
        return 0;
    resumed_early_ = false;
    token_ = engine_.tokens.open(*this, timeout_ms);
    if (token_) keep_head();
    return token_;
}

mh_token Exchange::drop_token() {
    engine_.tokens.close(token_);
    return std::exchange(token_, 0);
}

void Exchange::resume(mh_token t, mh_verdict v) {
    if (over_ || t != token_) return;
    if (in_hook_) {
        resumed_early_ = true;
        early_verdict_ = v;
        return;
    }
    drop_token();
    if (where_ == Where::request_filter) {
        if (after_request_verdict(running_, v == MH_V_PENDING ? MH_V_FAIL : v))
            run_request_filters();
        if (!over_ && !answered_) connection_->resume_body();
    } else if (where_ == Where::response_filter) {
        if (after_response_verdict(running_, v == MH_V_PENDING ? MH_V_FAIL : v))
            run_response_filters();
    } else if (!answered_ && !dependents_ && !collect_fn_) {
        refuse(500, "internal error");
    }
}

void Exchange::on_suspension_timeout() {
    const mh_token t = drop_token();
    if (where_ == Where::handler) {
        if (program_->handler->on_cancel)
            program_->handler->on_cancel(program_->handler_shard, program_->handler->user, this, t,
                                         MH_E_TIMEOUT);
        refuse(504, "the handler did not answer in time");
        return;
    }
    FilterLink& l = program_->chain[running_];
    l.figures->timed_out++;
    if (l.filter->on_cancel) l.filter->on_cancel(l.shard, this, t, MH_E_TIMEOUT);
    if (over_) return;
    if (where_ == Where::request_filter) {
        if (failed_open(running_, "did not decide in time")) run_request_filters();
    } else if (after_response_verdict(running_, MH_V_FAIL)) {
        run_response_filters();
    }
}

// ---- body

void Exchange::on_body(std::string_view piece, bool fin) {
    if (over_) return;
    body_complete_ = body_complete_ || fin;
    if (body_mode_ == BodyMode::discard) return;
    if (body_mode_ == BodyMode::stream && !connection_->raw()) {
        streamed_ += piece.size();
        const uint64_t most = site_->limits.stream_body_bytes;
        if (most && streamed_ > most) return fail_request(413, "the request body is too large");
    }
    if (!connection_->raw() && !filter_request_body(piece, fin)) return;
    if (body_mode_ == BodyMode::collect) {
        if (collected_.size() + piece.size() > collect_max_) return finish_collect(MH_E_LIMIT);
        if (fin && collected_.empty()) {
            give_collected(piece);  // all of it in one piece: lent as it is
            return;
        }
        collected_.append(piece);
        if (fin) give_collected(collected_);
        return;
    }
    if (body_sink_) body_sink_->on_request_body(piece, fin);
}

bool Exchange::filter_request_body(std::string_view& piece, bool fin) {
    if (!(program_->interests & MH_I_REQUEST_BODY)) return true;
    for (unsigned i = 0; i < program_->chain.size(); i++) {
        FilterLink& l = program_->chain[i];
        if (!(active_ >> i & 1) || !(l.interests & MH_I_REQUEST_BODY)) continue;
        where_ = Where::request_body;
        running_ = i;
        in_hook_ = true;
        replaced_piece_ = false;
        mh_seg s = seg(piece);
        mh_verdict v = guarded(*this, l, Hook::request_body, [&] {
            return l.filter->on_request_body(l.shard, this, &s, 1, fin);
        });
        in_hook_ = false;
        if (replaced_piece_) {
            rewritten_.swap(
                replacement_);  // the next filter may replace it again while it reads it
            piece = rewritten_;
        }
        if (over_) return false;
        if (v == MH_V_DETACH) active_ &= ~(uint64_t{1} << i);
        if (v == MH_V_CONTINUE || v == MH_V_DETACH || l.shadow) continue;
        if (answered_) return false;
        if (!failed_open(i, v == MH_V_PENDING ? "body hooks cannot suspend" : "failed"))
            return false;
    }
    return true;
}

mh_status Exchange::collect(uint64_t max, void (*fn)(mh_req*, void*, mh_status, mh_seg),
                            void* user) {
    if (over_ || answered_ || body_mode_ != BodyMode::closed) return MH_E_INVALID;
    if (body_complete_) {
        std::string whole;
        whole.swap(collected_);  // what the filters made the host collect first
        fn(this, user, MH_OK, seg(whole));
        return MH_OK;
    }
    if (head.framing == Framing::length && head.content_length > max) {
        fn(this, user, MH_E_LIMIT, mh_seg{});
        return MH_OK;
    }
    collect_max_ = max;
    collect_fn_ = fn;
    collect_user_ = user;
    body_mode_ = BodyMode::collect;
    connection_->resume_body();
    return MH_OK;
}

void Exchange::give_collected(std::string_view body) {
    auto* fn = collect_fn_;
    collect_fn_ = nullptr;
    body_mode_ = BodyMode::closed;
    if (in_hook_ || where_ != Where::handler || !handled_) {
        fn(this, collect_user_, MH_OK, seg(body));
        return;
    }
    in_hook_ =
        true;  // a handler that got the body later may suspend as it might have in on_request
    fn(this, collect_user_, MH_OK, seg(body));
    in_hook_ = false;
    if (!over_ && !answered_ && token_) take_early_verdict();
}

// What was resumed before its hook had returned.
void Exchange::take_early_verdict() {
    if (!std::exchange(resumed_early_, false)) return;
    drop_token();
    if (early_verdict_ == MH_V_FAIL) refuse(500, "internal error");
}

void Exchange::finish_collect(mh_status s) {
    auto* fn = collect_fn_;
    collect_fn_ = nullptr;
    body_mode_ = BodyMode::discard;
    close_after_ = true;  // the rest of the body is not worth reading
    fn(this, collect_user_, s, mh_seg{});
}

uint64_t Exchange::max_full_body() const {
    uint64_t max = site_->limits.body_bytes;
    for (unsigned i = 0; i < program_->chain.size(); i++) {
        const FilterLink& l = program_->chain[i];
        if (active_ >> i & 1 && l.interests & MH_I_REQUEST_BODY_FULL && l.filter->max_body)
            max = std::min<uint64_t>(max, l.filter->max_body);
    }
    return max;
}

// The whole body is here before the handler runs: the filters that asked for it see it now.
void Exchange::on_full_body(mh_req* r, void*, mh_status s, mh_seg body) {
    Exchange& x = of(r);
    if (s != MH_OK) {
        if (s == MH_E_LIMIT) x.refuse(413, "the request body is too large");
        return;
    }
    std::string whole(view(body));
    for (unsigned i = 0; i < x.program_->chain.size(); i++) {
        FilterLink& l = x.program_->chain[i];
        if (!(x.active_ >> i & 1) || !(l.interests & MH_I_REQUEST_BODY_FULL)) continue;
        x.where_ = Where::request_body;
        x.running_ = i;
        x.in_hook_ = true;
        x.replaced_piece_ = false;
        mh_seg all = seg(whole);
        mh_verdict v = guarded(x, l, Hook::request_body,
                               [&] { return l.filter->on_request_body(l.shard, r, &all, 1, 1); });
        x.in_hook_ = false;
        if (x.over_ || x.answered_) return;
        if (x.replaced_piece_) whole = x.replacement_;
        if (v == MH_V_CONTINUE || v == MH_V_DETACH || l.shadow) continue;
        if (!x.failed_open(i, "failed")) return;
    }
    x.collected_ = std::move(whole);
    x.body_buffered_ = true;
    x.run_handler();
}

bool Exchange::body_too_large() const {
    const uint64_t most = site_->limits.stream_body_bytes;
    return most && head.framing == Framing::length && head.content_length > most;
}

std::string_view Exchange::request_trailers() const { return connection_->trailers(); }

void Exchange::stream_body_to(Dependent& d) {
    body_sink_ = &d;
    if (body_buffered_) {  // filters made the host collect it
        std::string whole;
        whole.swap(collected_);
        d.on_request_body(whole, true);
        return;
    }
    if (body_complete_ && !connection_->raw()) return;
    body_mode_ = BodyMode::stream;
    connection_->resume_body();
}

void Exchange::stop_body() {
    body_sink_ = nullptr;
    body_mode_ = body_here_ ? BodyMode::discard : BodyMode::closed;
    body_paused_ = false;
}

void Exchange::pause_body() { body_paused_ = true; }

void Exchange::resume_body() {
    if (!body_paused_) return;
    body_paused_ = false;
    connection_->resume_body();
}

}  // namespace microhost::http
