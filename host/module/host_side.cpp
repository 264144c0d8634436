// SPDX-License-Identifier: Apache-2.0
#include "module/host_side.hpp"

#include <fmt/format.h>

#include <array>
#include <new>

namespace microhost::module {
namespace {

thread_local Reported last_report;
thread_local const HostSide* reporter = nullptr;

}  // namespace

void HostSide::panicked(const char* hook, const char* what) noexcept {
    panics.fetch_add(1, std::memory_order_relaxed);
    log.error("an exception came out of the module", {{"hook", hook}, {"what", what}});
}

void report(const HostSide& side, mh_status code, std::string_view where, std::string_view text) {
    constexpr size_t kLongest = 4096;
    last_report = {code, std::string(where.substr(0, kLongest)),
                   std::string(text.substr(0, kLongest))};
    reporter = &side;
}

std::string take_report(const HostSide& side) {
    if (reporter != &side) return {};
    reporter = nullptr;
    if (last_report.where.empty()) return std::move(last_report.text);
    return fmt::format("{} (at {})", last_report.text, last_report.where);
}

std::string status_name(mh_status s) {
    static constexpr std::array<const char*, 18> kNames{
        "MH_PENDING",       "MH_OK",           "MH_E_UNSUPPORTED", "MH_E_INVALID",
        "MH_E_NOMEM",       "MH_E_GONE",       "MH_E_TIMEOUT",     "MH_E_CANCELLED",
        "MH_E_LIMIT",       "MH_E_DENIED",     "MH_E_BUSY",        "MH_E_WRONG_THREAD",
        "MH_E_PANIC",       "MH_E_IO",         "MH_E_EXISTS",      "MH_E_NOT_FOUND",
        "MH_E_UNAVAILABLE", "MH_E_UNREACHABLE"};
    const int64_t at = 1 - int64_t{s};
    if (at < 0 || at >= static_cast<int64_t>(kNames.size())) return fmt::format("status {}", s);
    return kNames[static_cast<size_t>(at)];
}

}  // namespace microhost::module
