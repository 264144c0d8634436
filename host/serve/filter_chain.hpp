// SPDX-License-Identifier: Apache-2.0
/// Which filter instances a listener has, in which order, and what happens when one cannot be had.
#pragma once

#include <microhost/http_filter.h>

#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "http/program.hpp"
#include "module/abi/config.hpp"
#include "module/absent.hpp"
#include "module/module_set.hpp"

namespace microhost::serve {

using module::AbsentModule;

/// One instance of a filter, shared by all listeners and loops. Made and destroyed on main. It pins its generation.
class FilterInstance {
  public:
    FilterInstance() = default;
    FilterInstance(const FilterInstance&) = delete;
    ~FilterInstance();

    std::string name, module;
    const mh_http_filter* filter = nullptr;  // null: it should be here and is not
    module::Generation* generation = nullptr;
    void* instance = nullptr;
    uint32_t phase = MH_PHASE_TRANSFORM;
    http::OnError on_error = http::OnError::closed;
    bool shadow = false;
    http::Match match;
    std::string problem;  // why `filter` is null
    std::vector<std::string> after, before;

    /// Authentication, authorization, limits: what must not be missing.
    bool access() const { return phase >= MH_PHASE_AUTHN && phase < MH_PHASE_ROUTE; }

  private:
    friend class FilterSet;
    void create(module::Generation& g, const mh_http_filter& d);
    bool serves_as(const FilterInstance& wanted, const module::Generation& g,
                   const mh_http_filter& d) const;
    std::unique_ptr<mh_config> config_;
    bool created_ = false;
};

using FilterPtr = std::shared_ptr<FilterInstance>;

/// All instances of the process in the order in which requests pass them.
class FilterSet {
  public:
    /// Makes the configured instances, and one with its defaults of each filter that none is configured for. What
    /// `before` has as it is wanted now is taken over. Errors: an order that contradicts itself, two filters of one name.
    /// An instance that cannot be made is there without its filter.
    /// Access filters of `absent` modules that nobody configured are there without a filter, too.
    static Result<FilterSet> make(const config::Config& config, const module::Published& published,
                                  const std::vector<AbsentModule>& absent, const FilterSet& before);

    /// The chain of a listener: all, or exactly the named ones. Errors: an unknown name.
    Result<std::vector<FilterPtr>> chain(const config::Listener& listener) const;
    const std::vector<FilterPtr>& all() const { return all_; }

  private:
    void add(const config::FilterInstance& wanted, const module::Published& published,
             const std::vector<AbsentModule>& absent, const FilterSet& before);
    void add_absent(const AbsentModule& m);
    Result<> sort();
    std::vector<FilterPtr> all_;
};

std::string_view phase_name(uint32_t phase);
/// Of a manifest: a name, or a number as text; 0 when it is neither.
uint32_t phase_number(std::string_view text);
std::string_view on_error_name(http::OnError e);

}  // namespace microhost::serve
