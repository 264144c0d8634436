// SPDX-License-Identifier: Apache-2.0
#include "serve/filter_chain.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include "module/generation.hpp"
#include "module/host_side.hpp"

namespace microhost::serve {
namespace {

struct PhaseName {
    uint32_t number;
    std::string_view name;
};
constexpr std::array<PhaseName, 9> kPhases{{{MH_PHASE_EARLY, "early"},
                                            {MH_PHASE_AUTHN, "authn"},
                                            {MH_PHASE_AUTHZ, "authz"},
                                            {MH_PHASE_LIMIT, "limit"},
                                            {MH_PHASE_ROUTE, "route"},
                                            {MH_PHASE_TRANSFORM, "transform"},
                                            {MH_PHASE_UPSTREAM, "upstream"},
                                            {MH_PHASE_RESPONSE, "response"},
                                            {MH_PHASE_LOG, "log"}}};

http::OnError on_error_of(const config::FilterInstance& c, bool access) {
    if (!c.on_error) return access ? http::OnError::closed : http::OnError::skip;
    switch (*c.on_error) {
        case config::OnError::closed: return http::OnError::closed;
        case config::OnError::open: return http::OnError::open;
        case config::OnError::skip: return http::OnError::skip;
    }
    return http::OnError::closed;
}

std::vector<std::string> names(const char* const* list) {
    std::vector<std::string> out;
    for (; list && *list; list++) out.emplace_back(*list);
    return out;
}

// The filter that a module contributed, if it has exactly one or one of that name.
const module::Contribution* filter_of(const std::vector<module::Contribution>& filters,
                                      std::string_view module_id) {
    for (const module::Contribution& c : filters)
        if (c.generation->id() == module_id) return &c;
    return nullptr;
}

}  // namespace

std::string_view phase_name(uint32_t phase) {
    std::string_view best = "early";
    for (const PhaseName& p : kPhases)
        if (phase >= p.number) best = p.name;
    return best;
}

uint32_t phase_number(std::string_view text) {
    for (const PhaseName& p : kPhases)
        if (p.name == text) return p.number;
    uint32_t n = 0;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
    return ec == std::errc{} && end == text.data() + text.size() ? n : 0;
}

std::string_view on_error_name(http::OnError e) {
    return e == http::OnError::closed ? "closed" : e == http::OnError::open ? "open" : "skip";
}

FilterInstance::~FilterInstance() {
    if (!created_ || !filter || !MH_FIELD_OK(filter, instance_destroy)) return;
    module::guarded(generation->side(), "instance_destroy",
                    [&] { filter->instance_destroy(filter->user, instance); });
}

Result<FilterSet> FilterSet::make(const config::Config& config, const module::ModuleSet& modules) {
    FilterSet set;
    auto filters = modules.published(MH_HTTP_FILTER);
    auto add = [&](const config::FilterInstance& c) {
        auto f = std::make_shared<FilterInstance>();
        f->name = c.name;
        f->module = c.use;
        f->shadow = c.shadow;
        f->match = {c.match.path, c.match.path_prefix, c.match.host, c.match.method,
                    c.match.header};
        set.all_.push_back(f);
        const module::Contribution* found = filter_of(filters, c.use);
        if (!found) {
            // What is missing could have been anybody: it is treated like an access filter.
            f->phase = MH_PHASE_AUTHN;
            const std::string* why = config.why_absent(c.use);
            f->problem =
                why ? *why : fmt::format("no loaded module offers a filter as \"{}\"", c.use);
            f->on_error = on_error_of(c, true);
            return;
        }
        const auto* d = static_cast<const mh_http_filter*>(found->descriptor);
        f->generation = found->generation;
        f->phase = d->phase;
        f->after = names(d->after);
        f->before = names(d->before);
        f->on_error = on_error_of(c, f->access());
        f->config_ = std::make_unique<mh_config>(c.config);
        f->instance = d->user;
        if (MH_FIELD_OK(d, instance_create)) {
            mh_filter_instance i{
                sizeof i, c.shadow, {f->name.data(), f->name.size()}, f->config_.get()};
            module::take_report(found->generation->side());
            mh_status s =
                module::guarded(found->generation->side(), "instance_create", mh_status{MH_E_PANIC},
                                [&] { return d->instance_create(d->user, &i, &f->instance); });
            if (s < 0) {
                f->problem = module::take_report(found->generation->side());
                if (f->problem.empty()) f->problem = fmt::format("instance_create answered {}", s);
                return;
            }
        }
        f->created_ = true;
        f->filter = d;
    };
    for (const config::FilterInstance& c : config.filters) add(c);
    for (const module::Contribution& c : filters) {
        bool configured = std::any_of(config.filters.begin(), config.filters.end(),
                                      [&](auto& i) { return i.use == c.generation->id(); });
        if (configured) continue;
        config::FilterInstance plain;
        plain.name = plain.use = c.generation->id();
        const config::ModuleConfig* own = config.module(c.generation->id());
        if (own) plain.config = own->config;
        add(plain);
    }
    if (Result<> r = set.sort(); !r) return r.error();
    return set;
}

// Phase, then after/before, then name. Small numbers: a repeated search for the first that nothing holds back will do.
Result<> FilterSet::sort() {
    std::stable_sort(all_.begin(), all_.end(), [](const FilterPtr& a, const FilterPtr& b) {
        return std::tie(a->phase, a->name) < std::tie(b->phase, b->name);
    });
    auto is = [](const FilterInstance& f, std::string_view name) {
        return f.name == name || f.module == name;
    };
    std::vector<FilterPtr> left = std::move(all_), done;
    while (!left.empty()) {
        auto free = std::find_if(left.begin(), left.end(), [&](const FilterPtr& f) {
            return std::none_of(left.begin(), left.end(), [&](const FilterPtr& other) {
                if (other == f || other->phase != f->phase) return false;
                for (auto& n : f->after)
                    if (is(*other, n)) return true;
                for (auto& n : other->before)
                    if (is(*f, n)) return true;
                return false;
            });
        });
        if (free == left.end())
            return error("the filters \"{}\" and \"{}\" each want to come after the other",
                         left[0]->name, left.size() > 1 ? left[1]->name : left[0]->name);
        done.push_back(*free);
        left.erase(free);
    }
    all_ = std::move(done);
    return {};
}

Result<std::vector<FilterPtr>> FilterSet::chain(const config::Listener& listener) const {
    if (!listener.filters) return all_;
    std::vector<FilterPtr> out;
    for (const FilterPtr& f : all_)
        if (std::find(listener.filters->begin(), listener.filters->end(), f->name) !=
            listener.filters->end())
            out.push_back(f);
    for (const std::string& name : *listener.filters) {
        bool known =
            std::any_of(all_.begin(), all_.end(), [&](auto& f) { return f->name == name; });
        if (!known)
            return error(
                "listener \"{}\": there is no filter \"{}\"; name one under \"filters\" or "
                "load a module of that name",
                listener.name, name);
    }
    return out;
}

}  // namespace microhost::serve
