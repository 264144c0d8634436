// SPDX-License-Identifier: Apache-2.0
#include "registering.hpp"

#include <algorithm>

#include "request.hpp"

namespace microhost::cli {
namespace {

const mh_registry& api() { return mh::use<mh_registry>(); }

/// The definition as it is typed. Nothing: the run has failed.
std::optional<std::string> definition_of(mh::command_run& run) {
    const std::vector<std::string> words = run.args("definition");
    if (words.empty()) return run.fail("require service definition", 2), std::nullopt;
    try {
        return read_request(words);
    } catch (const mh::failure& f) {
        return run.fail(f.what(), 2), std::nullopt;
    }
}

void end(mh::command_run& run, mh_status s) {
    if (s == MH_OK) return run.text("ok\n"), run.done();
    run.fail(std::string(mh::view(api().fault(mh::the_host))), s == MH_E_INVALID ? 2 : 1, s);
}

}  // namespace

void register_service(const mh::run_ptr& run) {
    const int64_t ttl = run->integer("ttl").value_or(0);
    const auto seconds =
        static_cast<uint32_t>(std::clamp<int64_t>((ttl + 999) / 1000, 0, UINT32_MAX));
    if (const auto json = definition_of(*run))
        end(*run, api().put(mh::the_host, mh::lend(*json), seconds));
}

void deregister_service(const mh::run_ptr& run) {
    if (const auto json = definition_of(*run))
        end(*run, api().remove(mh::the_host, mh::lend(*json)));
}

}  // namespace microhost::cli
