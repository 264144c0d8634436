// SPDX-License-Identifier: Apache-2.0
#include "rpc/stream_in.hpp"

#include "http/error_json.hpp"
#include "module/generation.hpp"
#include "rpc/engine.hpp"

namespace microhost::rpc {
namespace {

constexpr size_t kStreamEnd = offsetof(mh_rpc_endpoint, on_end) + sizeof(mh_rpc_endpoint::on_end);

}  // namespace

bool is_stream(const LocalService& s, const mh_rpc_endpoint& e) {
    return s.service->stride >= kStreamEnd && e.on_stream && e.on_message;
}

Taker taker_of(const LocalService& s, const mh_rpc_endpoint& e) {
    return {e.on_stream, e.on_message,    e.on_writable, e.on_end,
            s.shard,     s.service->user, s.generation};
}

std::string StreamIn::take(const mh_rpc_head& head) {
    const unsigned index = loop_.index();
    taker_.generation->pin(index);
    waiting = taken_ = true;
    module::take_report(taker_.generation->side());  // what others left behind on this thread
    const mh_status s = module::guarded(
        taker_.generation->side(), "on_stream", mh_status{MH_E_PANIC},
        [&] { return taker_.on_call(taker_.shard, taker_.user, this, &head, &call_user_); });
    if (s >= 0) return {};
    waiting = taken_ = false;
    taker_.generation->unpin(index);
    std::string why = module::take_report(taker_.generation->side());
    char text[1024];
    if (why.empty()) why = "the service refused the stream: " + module::status_name(s);
    return std::string(http::error_json(text, sizeof text, service, 500, why));
}

template <class F>
void StreamIn::call(const char* hook, F&& f) {
    if (!taken_) return;
    const bool fine = module::guarded(taker_.generation->side(), hook, false, [&] {
        f();
        return true;
    });
    if (fine || !waiting) return;
    char text[512];
    answer_error(http::error_json(text, sizeof text, service, 500, "the service broke down"));
}

void StreamIn::tell_message(std::string_view content_type, std::string_view body,
                            const mh_header* h, uint32_t n) {
    mh_rpc_message m{sizeof m, n, http::seg(body), http::str(content_type), h};
    if (!m.body.ptr)
        m.body.ptr = reinterpret_cast<const uint8_t*>("");  // NULL says that no more come
    tell(m, false);
}

void StreamIn::tell_whole(std::string_view content_type, std::string_view body, const mh_header* h,
                          uint32_t n) {
    mh_rpc_message m{sizeof m, n, http::seg(body), http::str(content_type), h};
    tell(m, true);
}

void StreamIn::tell(mh_rpc_message& m, bool fin) {
    begun_ = true;
    if (taker_.on_message)  // a router that splices every call has none
        call("on_message", [&] { taker_.on_message(call_user_, this, &m, fin); });
}

void StreamIn::tell_no_more() {
    if (no_more_told_) return;
    no_more_told_ = true;
    mh_rpc_message m{sizeof m, 0, {}, {}, nullptr};
    tell(m, true);
}

void StreamIn::tell_writable() {
    if (taker_.on_writable && waiting)
        call("on_writable", [&] { taker_.on_writable(call_user_, this); });
}

void StreamIn::tell_end(mh_status s) {
    if (!taken_) return;
    waiting = false;
    if (taker_.on_end) call("on_end", [&] { taker_.on_end(call_user_, this, s); });
    taken_ = false;
    taker_.generation->unpin(loop_.index());
}

}  // namespace microhost::rpc
