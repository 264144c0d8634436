// SPDX-License-Identifier: Apache-2.0
#include "rpc/routed.hpp"

#include <utility>

#include "http/engine.hpp"
#include "rpc/asked.hpp"
#include "rpc/missing.hpp"

namespace microhost::rpc {

using http::view;

RoutedCall::RoutedCall(http::Exchange& x, Answerer& answerer, const Taker& taker)
    : StreamIn(x.engine().loop, taker), x_(&x), answerer_(answerer) {}

void RoutedCall::begin(http::Exchange& x, Answerer& answerer, const Taker& taker,
                       const mh_rpc_head& head, std::string_view body) {
    auto* c = new RoutedCall(x, answerer, taker);
    c->service = view(head.service);
    c->endpoint = view(head.endpoint);
    c->content_type_ = view(head.content_type);
    if (head.timeout_ms != UINT32_MAX) c->deadline_ms_ = c->loop().now_ms() + head.timeout_ms;
    for (uint32_t i = 0; i < head.n_metadata; i++)
        c->metadata.add(view(head.metadata[i].key), view(head.metadata[i].val));
    x.attach(*c);
    const std::string refused = c->take(head);
    if (!c->x_) return;  // answered already
    if (!refused.empty()) return c->answerer_.fail(refused);
    if (c->out_)
        c->out_->send(body, true);
    else if (c->waiting)
        c->tell_whole(c->content_type_, body, x.head.headers.fields.data(), x.head.headers.count);
}

mh_status RoutedCall::send(std::string_view content_type, std::string_view body, bool fin) {
    if (!fin || out_) return MH_E_INVALID;
    if (!x_) return MH_E_GONE;
    waiting = false;
    end_ = MH_OK;
    answerer_.reply(content_type.empty() ? std::string_view(content_type_) : content_type, body);
    return MH_OK;
}

void RoutedCall::answer_error(std::string_view error) {
    if (!x_) return;
    waiting = false;
    end_ = MH_OK;
    answerer_.fail(error);
}

uint32_t RoutedCall::time_left_ms() const {
    if (deadline_ms_ == UINT64_MAX) return UINT32_MAX;
    const uint64_t now = Loop::current() ? Loop::current()->now_ms() : 0;
    return now < deadline_ms_ ? static_cast<uint32_t>(deadline_ms_ - now) : 0;
}

mh_status RoutedCall::splice(mh_rpc_call& out) {
    static constexpr mh_rpc_sink kSink{sizeof(mh_rpc_sink), 0, on_out_message, on_out_end, nullptr};
    if (out.stream || out_ || !x_ || begun()) return MH_E_INVALID;
    if (!Call::of(&out).hand_over(kSink, this)) return MH_E_INVALID;
    out_ = &Call::of(&out);
    return MH_OK;
}

void RoutedCall::on_out_message(void* user, mh_rpc_call*, const mh_rpc_message* m) {
    auto& self = *static_cast<RoutedCall*>(user);
    if (!self.x_) return;
    self.end_ = MH_OK;
    self.answerer_.reply(view(m->content_type), view(m->body));
}

void RoutedCall::on_out_end(void* user, mh_rpc_call*, mh_status s, mh_str error) {
    auto& self = *static_cast<RoutedCall*>(user);
    self.out_ = nullptr;
    if (!self.x_) return;
    self.end_ = MH_OK;
    self.answerer_.fail(failure_text(s, view(error), self.service));
}

// The request is over, perhaps within a call of the module's.
void RoutedCall::abandon() {
    if (!x_) return;
    x_ = nullptr;
    waiting = false;
    if (out_) std::exchange(out_, nullptr)->cancel();
    loop().defer(
        [](void* p) {
            auto* self = static_cast<RoutedCall*>(p);
            self->tell_end(self->end_);
            delete self;
        },
        this);
}

}  // namespace microhost::rpc
