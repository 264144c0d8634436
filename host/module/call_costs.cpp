// SPDX-License-Identifier: Apache-2.0
#include "module/call_costs.hpp"

#include <utility>

#include "observe/metrics.hpp"
#include "observe/names.hpp"

namespace microhost::module {

void CallCosts::use(observe::Metrics& metrics, size_t loops, std::string module) {
    metrics_ = &metrics;
    loops_ = loops;
    module_ = std::move(module);
}

CallCosts::Entry* CallCosts::add(unsigned loop, const char* hook) noexcept {
    if (loop > loops_) return nullptr;  // not one of the process's
    try {
        const auto counter = [&](const observe::Definition& own) {
            return metrics_->counter(loop, metrics_->counter_id(own), {module_, hook});
        };
        const observe::ModuleCost cost(counter(observe::names::kModuleCalls),
                                       counter(observe::names::kModuleSeconds));
        auto& entries = by_loop_[loop];
        if (!entries) entries = std::make_unique<std::deque<Entry>>();
        return &entries->emplace_back(Entry{hook, cost, marks.of(hook)});
    } catch (...) {
        return nullptr;  // out of memory: the call itself goes on
    }
}

}  // namespace microhost::module
