// SPDX-License-Identifier: Apache-2.0
#include "registering.hpp"

#include <algorithm>

#include "input.hpp"
#include "request.hpp"

namespace microhost::cli {
namespace {

const mh_registry& api() { return mh::use<mh_registry>(); }

/// The definition as it is typed, read or piped; then(JSON) follows.
void with_definition(const mh::run_ptr& run, std::function<void(std::string)> then) {
    const std::vector<std::string> words = run->args("definition");
    if (words.empty()) return run->fail("require service definition", 2);
    Request request;
    try {
        request = read_request(words);
    } catch (const mh::failure& f) {
        return run->fail(f.what(), 2);
    }
    if (request.from == Request::From::words) return then(std::move(request.text));
    read_input(run, std::move(request.text), std::move(then));
}

void end(mh::command_run& run, mh_status s) {
    if (s == MH_OK) return run.text("ok\n"), run.done();
    run.fail(std::string(mh::view(api().fault(mh::the_host))), s == MH_E_INVALID ? 2 : 1, s);
}

}  // namespace

void register_service(const mh::run_ptr& run) {
    const int64_t ttl = run->integer("ttl").value_or(0);
    with_definition(run, [run, ttl](const std::string& json) {
        const auto seconds =
            static_cast<uint32_t>(std::clamp<int64_t>((ttl + 999) / 1000, 0, UINT32_MAX));
        end(*run, api().put(mh::the_host, mh::lend(json), seconds));
    });
}

void deregister_service(const mh::run_ptr& run) {
    with_definition(run, [run](const std::string& json) {
        end(*run, api().remove(mh::the_host, mh::lend(json)));
    });
}

}  // namespace microhost::cli
