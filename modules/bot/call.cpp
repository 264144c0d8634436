// SPDX-License-Identifier: Apache-2.0
#include "call.hpp"

#include <microhost/host.hpp>
#include <microhost/json.hpp>

#include "../shared/call_failure.hpp"
#include "../shared/error_json.hpp"
#include "utf8.hpp"

namespace microhost::bot {
namespace {

constexpr size_t kLongestError = 1000;

std::string sentence(mh_status s, std::string_view error) {
    const std::string detail =
        error.empty() ? std::string() : shared::parse_error(&mh::use<mh_json>(), error).detail;
    if (s == MH_E_INVALID && !detail.empty()) return one_line(detail, kLongestError);
    std::string out(shared::call_failure(s).detail);
    if (!detail.empty()) out += ": " + detail;
    return one_line(out, kLongestError);
}

}  // namespace

const mh_rpc_sink Call::kSink = {
    sizeof(mh_rpc_sink), 0,
    [](void* user, mh_rpc_call*, const mh_rpc_message* m) {
        mh::guarded("on_message", [&] {
            static_cast<Call*>(user)->body_ = mh::view(m->body);
            return MH_OK;
        });
    },
    [](void* user, mh_rpc_call*, mh_status s, mh_str error) {
        mh::guarded("on_end", [&] {
            auto& self = *static_cast<Call*>(user);
            self.call_ = nullptr;
            const auto done = std::exchange(self.done_, nullptr);
            CallEnd end{s == MH_OK, s == MH_E_TIMEOUT, std::move(self.body_), {}};
            if (!end.ok) end.error = sentence(s, mh::view(error));
            done(std::move(end));
            return MH_OK;
        });
    },
    nullptr};

void Call::begin(const CallTo& to, std::string_view body, Done done) {
    done_ = std::move(done);
    std::vector<mh_kv> metadata;
    for (const auto& [key, value] : to.metadata)
        metadata.push_back({mh::lend(key), mh::lend(value)});
    mh_rpc_target t{};
    t.size = sizeof t;
    t.service = mh::lend(to.service);
    t.endpoint = mh::lend(to.endpoint);
    t.content_type = mh::lend(to.content_type);
    t.metadata = metadata.data();
    t.n_metadata = static_cast<uint32_t>(metadata.size());
    t.timeout_ms = to.timeout_ms;
    const auto& api = mh::use<mh_rpc>();
    const mh_status opened = api.open(mh::the_host, nullptr, &t, &kSink, this, &call_);
    if (opened < 0) {
        call_ = nullptr;
        const auto told = std::exchange(done_, nullptr);
        return told({false, false, {}, sentence(opened, {})});
    }
    // The end may come within, and with it ours.
    api.send(call_, mh::bytes(body), 1);
}

void Call::cancel() {
    if (mh_rpc_call* c = std::exchange(call_, nullptr)) mh::use<mh_rpc>().cancel(c);
    const auto held = std::exchange(done_, nullptr);  // may be the last that holds this
}

}  // namespace microhost::bot
