// SPDX-License-Identifier: Apache-2.0
// The life of a request: begin, identity, dependents, end. Its two directions are in request_phase.cpp and response_phase.cpp.
#include "http/exchange.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

#include "http/engine.hpp"
#include "http/error_json.hpp"
#include "http/h1/server_connection.hpp"
#include "http/hygiene.hpp"
#include "loop/prefetch.hpp"

namespace microhost::http {

Exchange::Exchange(Engine& e) : engine_(e), arena_(e.blocks, first_bytes_) {}

void Exchange::reset() {
    arena_.clear();
    active_ = entered_ = 0;
    token_ = 0;
    dependents_ = body_sink_ = nullptr;
    stream = nullptr;
    where_ = Where::nowhere;
    next_filter_ = next_response_filter_ = 0;
    handled_ = body_buffered_ = false;
    body_mode_ = BodyMode::closed;
    body_paused_ = body_complete_ = full_body_first_ = head_kept_ = false;
    answered_ = head_sent_ = response_fin_ = response_held_ = chunked_ = close_after_ = false;
    over_ = replaced_ = replaced_piece_ = body_changed_ = resumed_early_ = in_hook_ = held_fin_ =
        false;
    collect_fn_ = nullptr;
    collected_.clear();
    held_.clear();
    response_bytes_ = streamed_ = 0;
    response_trailers_ = {};
    attributes_ = nullptr;
    handler_slot_ = nullptr;
    slots_asked_ = 0;
    early_edits_ = nullptr;
    principal_known_ = false;
    request_id_.size = 0;
    trace_ready_ = false;
    client_ip_size_ = 0;
    scheme_ = {};
    route = {};
    response.headers.clear();
    response.status = 0;
}

void Exchange::enter(ServerConnection& c, Site& site) {
    reset();
    connection_ = &c;
    site_ = &site;
    program_ = site.program;
    program_->pin();
    started_ns_ = engine_.loop.now_ns();
}

void Exchange::begin(ServerConnection& c, Site& site, bool body_here) {
    enter(c, site);
    body_here_ = body_here;
    body_complete_ = !has_body();
    Refusal no = normalise_target(head.target, nullptr, 0, path);
    if (no.status == 414) {  // it is not in normal form, which is rare: that takes room
        const size_t room = head.target.size() * 3;
        no = normalise_target(head.target, static_cast<char*>(arena_.alloc(room, 1)), room, path);
    }
    if (no) {
        program_->unpin(engine_.loop);
        begin_refused(c, site, no.status, no.why);
        return;
    }
    site.figures.in_flight++;
    read_identity();
    active_ = select_filters();
    full_body_first_ = program_->interests & MH_I_REQUEST_BODY_FULL;
    run_request_filters();
    if (!over_) keep_head();
}

void Exchange::begin_refused(ServerConnection& c, Site& site, unsigned status, const char* why) {
    enter(c, site);
    body_here_ = false;
    body_complete_ = true;
    close_after_ = true;
    site.figures.in_flight++;
    engine_.requests.count_rejected(site.listener, why);
    path = {"/", "", false};
    trusted_ = false;
    request_id_.choose({}, false, engine_.ids);
    engine_.log.debug("refused a request", {{"listener", site.listener}, {"reason", why}});
    refuse(status, why);
}

// Who is at the other end, and what of the head may be believed.
void Exchange::read_identity() {
    trusted_ =
        site_->trust_all || (site_->trusted && site_->trusted->contains(connection_->peer()));
    request_id_.choose(head.headers.value(MH_H_X_REQUEST_ID), trusted_, engine_.ids);
    authority = head.headers.value(MH_H_HOST);
    scheme_ = connection_->stream().tls() ? "https" : "http";
    if (trusted_) {
        // Of several the last one: who stands nearest to us wrote it.
        std::string_view proto;
        for (uint32_t i = 0; i < head.headers.count; i++)
            if (head.headers.fields[i].id == MH_H_X_FORWARDED_PROTO)
                proto = view(head.headers.fields[i].value);
        if (proto == "https" || proto == "http") scheme_ = proto;
    } else if (site_->speaks_rpc) {
        strip_forwarded(head);
    } else {
        strip_untrusted(head);
    }
}

// Of the large members the first fields: few requests have more.
void Exchange::fetch() const {
    constexpr size_t kBegin = 512, kHead = 448, kResponse = 192, kText = 512;
    prefetch(this, kBegin);
    prefetch(&request_id_, kHead);
    prefetch(&response, kResponse);
    prefetch(first_bytes_.data(), kText);
}

void Exchange::fetch(unsigned step) const {
    if (step > 1)
        fetch();
    else
        prefetch(connection_, sizeof(ServerConnection));
}

void Exchange::keep_head() {
    if (head_kept_) return;
    head_kept_ = true;
    // The views point into one stretch of bytes, or to static text: copy it once, and move those that do.
    const char* low = head_bytes.data();
    const char* high = low + head_bytes.size();
    std::string_view copy = arena_.copy(head_bytes);
    if (copy.empty()) return;
    auto move = [&](const char*& p) {
        if (p >= low && p <= high) p = copy.data() + (p - low);
    };
    auto move_view = [&](std::string_view& v) {
        const char* p = v.data();
        move(p);
        v = {p, v.size()};
    };
    for (uint32_t i = 0; i < head.headers.count; i++) {
        mh_header& h = head.headers.fields[i];
        if (h.flags & kInArena) continue;
        move(h.name.ptr);
        move(h.value.ptr);
    }
    move_view(head.method_text);
    move_view(head.target);
    move_view(path.path);
    move_view(path.query);
    move_view(authority);
    move_view(scheme_);
}

void Exchange::attach(Dependent& d) {
    d.next_ = dependents_;
    if (dependents_) dependents_->link_ = &d.next_;
    d.link_ = &dependents_;
    dependents_ = &d;
}

void Exchange::detach(Dependent& d) {
    if (!d.link_) return;
    *d.link_ = d.next_;
    if (d.next_) d.next_->link_ = d.link_;
    d.link_ = nullptr;
    d.next_ = nullptr;
}

void Exchange::drop_dependents() {
    body_sink_ = nullptr;
    while (Dependent* d = dependents_) {
        detach(*d);
        d->abandon();
    }
}

void Exchange::refuse(unsigned status, std::string_view detail) {
    if (answered_) return;
    char body[1024];
    std::string_view json = error_json(body, sizeof body, "microhost", status, detail);
    mh_kv type{str("Content-Type"), str("application/json")};
    mh_seg piece = seg(json);
    respond(status, &type, 1, &piece, 1);
}

void Exchange::fail_request(unsigned status, std::string_view detail) {
    if (over_) return;
    if (answered_) return connection_->abort();
    close_after_ = true;
    if (token_) close_suspension(MH_E_CANCELLED);
    if (over_ || answered_) return;
    drop_dependents();
    stop_body();
    refuse(status, detail);
}

void Exchange::on_client_lost(mh_status why) {
    if (over_) return;
    over_ = true;
    tell_done(why);
}

void Exchange::on_client_drained() {
    for (Dependent* d = dependents_; d;) {
        Dependent* next = d->next_;
        d->on_client_drained();
        d = next;
    }
}

bool Exchange::ends_with_client() const {
    for (const Dependent* d = dependents_; d; d = d->next_)
        if (d->ends_with_client()) return true;
    return false;
}

// Everything was sent.
void Exchange::finish(mh_status outcome) {
    if (over_) return;
    over_ = true;
    bool keep = head.keep_alive && !close_after_;
    tell_done(outcome);
    connection_->response_done(keep);
}

// What is suspended is not waited for any more.
void Exchange::close_suspension(mh_status why) {
    const mh_token t = drop_token();
    if (where_ == Where::handler) {
        if (program_->handler->on_cancel)
            program_->handler->on_cancel(program_->handler_shard, program_->handler->user, this, t,
                                         why);
        return;
    }
    const FilterLink& l = program_->chain[running_];
    if (l.filter && l.filter->on_cancel) l.filter->on_cancel(l.shard, this, t, why);
}

void Exchange::tell_done(mh_status outcome) {
    site_->figures.in_flight--;
    engine_.count_request(*this, outcome);
    if (token_) close_suspension(outcome);
    drop_dependents();
    if (collect_fn_) finish_collect(outcome == MH_OK ? MH_E_CANCELLED : outcome);
    if (handled_ && program_->handler->on_done)
        program_->handler->on_done(program_->handler_shard, program_->handler->user, this, outcome);
    const bool wanted = program_->interests & MH_I_DONE;
    for (uint64_t left = wanted ? entered_ : 0; left; left &= left - 1) {
        const auto i = static_cast<unsigned>(std::countr_zero(left));
        FilterLink& l = program_->chain[i];
        if (!(l.interests & MH_I_DONE) || !l.filter->on_done) continue;
        where_ = Where::request_filter;
        running_ = i;
        l.filter->on_done(l.shard, this, outcome);
    }
    program_->unpin(engine_.loop);
}

// A client may shorten our deadlines with Micro's Timeout: nanoseconds, or seconds when the number is small.
uint32_t Exchange::time_left_ms() const {
    std::string_view text = head.headers.value(MH_H_TIMEOUT);
    uint64_t n = 0;
    if (text.empty() ||
        std::from_chars(text.data(), text.data() + text.size(), n).ec != std::errc{})
        return UINT32_MAX;
    uint64_t ms = n >= 1'000'000 ? n / 1'000'000 : n * 1000;
    uint64_t gone = (engine_.loop.now_ns() - started_ns_) / 1'000'000;
    return static_cast<uint32_t>(std::min<uint64_t>(ms > gone ? ms - gone : 0, UINT32_MAX - 1));
}

size_t Exchange::unsent() const { return connection_->unsent(); }

uint32_t Exchange::flags() const {
    uint32_t f = 0;
    if (scheme_ == "https") f |= MH_REQ_TLS;
    if (trusted_) f |= MH_REQ_TRUSTED_PEER;
    if (head.upgrade_websocket) f |= MH_REQ_UPGRADE;
    if (head.framing != Framing::none) f |= MH_REQ_HAS_BODY;
    if (answered_) f |= MH_REQ_ANSWERED;
    return f;
}

}  // namespace microhost::http
