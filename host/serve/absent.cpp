// SPDX-License-Identifier: Apache-2.0
#include "serve/absent.hpp"

#include "http/exchange.hpp"
#include "serve/filter_chain.hpp"

namespace microhost::serve {
namespace {

config::OnError on_error_of(const module::ManifestFilter& f) {
    const uint32_t phase = phase_number(f.phase);
    // Without a phase it could be anybody.
    const bool access = phase == 0 || (phase >= MH_PHASE_AUTHN && phase < MH_PHASE_ROUTE);
    if (f.on_error == "open") return config::OnError::open;
    if (f.on_error == "skip" || (f.on_error.empty() && !access)) return config::OnError::skip;
    return config::OnError::closed;
}

/// One instance stands for all filters of the module: it is as strict as the strictest. There is at least one.
config::OnError strictest(const std::vector<module::ManifestFilter>& filters) {
    for (const module::ManifestFilter& f : filters)
        if (on_error_of(f) == config::OnError::closed) return config::OnError::closed;
    return on_error_of(filters.front());
}

}  // namespace

void mark_absent(config::Config& config, const std::vector<supervise::HeldBack>& held) {
    for (const supervise::HeldBack& h : held) {
        const module::Candidate& c = *h.candidate;
        config.absent.push_back({c.id(), fmt::format("module {} {}", c.id(), h.why)});
        const auto& filters = c.manifest.filters;
        bool configured = false;
        for (config::FilterInstance& f : config.filters) {
            if (f.use != c.id()) continue;
            configured = true;
            if (!f.on_error && !filters.empty()) f.on_error = strictest(filters);
        }
        if (configured || filters.empty()) continue;
        config::FilterInstance plain;
        plain.name = plain.use = c.id();
        plain.on_error = strictest(filters);
        config.filters.push_back(std::move(plain));
    }
}

AbsentHandler::AbsentHandler() {
    handler_.size = sizeof handler_;
    handler_.name = "absent";
    handler_.on_request = [](void*, void*, mh_req* r, const mh_header*, uint32_t) {
        http::Exchange::of(r).refuse(503, "the module that answers here is not running");
        return mh_status{MH_OK};
    };
}

}  // namespace microhost::serve
