// SPDX-License-Identifier: Apache-2.0
#include "lookup.hpp"

#include <algorithm>

namespace microhost::bot::xmpp {
namespace {

constexpr uint32_t kTimeout = 5'000;
constexpr uint32_t kMostTargets = 8;

}  // namespace

void Lookup::ask(const std::string& domain, bool direct_tls, Answer f) {
    cancel();
    answer_ = std::move(f);
    const std::string name = (direct_tls ? "_xmpps-client._tcp." : "_xmpp-client._tcp.") + domain;
    const mh_status s = mh::use<mh_net_resolve>().look_up(
        mh::the_host, mh::lend(name), MH_RESOLVE_SRV, kTimeout, on_answer, this, &token_);
    if (s == MH_OK) return;
    token_ = 0;
    on_answer(this, s, nullptr, 0);
}

void Lookup::cancel() {
    if (const mh_token t = std::exchange(token_, 0)) mh::use<mh_net_resolve>().cancel(t);
}

void Lookup::on_answer(void* user, mh_status s, const mh_resolved* v, uint32_t n) {
    mh::guarded("look_up", [&] {
        auto& self = *static_cast<Lookup*>(user);
        self.token_ = 0;
        std::deque<std::string> targets;
        const bool none =
            s == MH_OK && n == 1 && (mh::view(v[0].text) == "." || v[0].text.len == 0);
        for (uint32_t i = 0; s == MH_OK && !none && i < std::min(n, kMostTargets); ++i) {
            std::string host(mh::view(v[i].text));
            if (host.ends_with('.')) host.pop_back();
            if (v[i].port > 0 && v[i].port < 65536)
                targets.push_back(host + ':' + std::to_string(v[i].port));
        }
        const Answer answer = std::exchange(self.answer_, nullptr);
        if (answer) answer(std::move(targets), none);
        return MH_OK;
    });
}

}  // namespace microhost::bot::xmpp
