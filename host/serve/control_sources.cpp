// SPDX-License-Identifier: Apache-2.0
#include "serve/control_sources.hpp"

namespace microhost::serve {

std::vector<control::ListenerRow> listener_rows(const SiteSet& sites) {
    std::vector<control::ListenerRow> out;
    for (const auto& s : sites.sites()) {
        control::ListenerRow row;
        row.name = s->name;
        row.module = s->module;
        row.address = s->address.text();
        row.tls = s->tls != nullptr;
        row.proxy_protocol = s->proxy_protocol;
        for (const FilterPtr& f : s->chain)
            row.filters.push_back({f->name, f->module, std::string(phase_name(f->phase)), f->on_error,
                                   f->shadow, f->filter ? std::string() : f->problem});
        out.push_back(std::move(row));
    }
    return out;
}

}  // namespace microhost::serve
