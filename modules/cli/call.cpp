// SPDX-License-Identifier: Apache-2.0
#include "call.hpp"

#include <microhost/json.hpp>

#include <algorithm>

#include "../shared/text.hpp"
#include "indent.hpp"
#include "listing.hpp"
#include "registry.hpp"
#include "request.hpp"
#include "rpc_call.hpp"

namespace microhost::cli {
namespace {

/// What both commands take. Nothing: the run has failed.
std::optional<CallTo> target_of(mh::command_run& run) {
    CallTo to;
    to.address = run.arg("address");
    to.endpoint = run.arg("endpoint");
    const auto name = resolve(run, run.arg("service"), to.address.empty());
    if (!name) return std::nullopt;
    to.service = *name;
    for (const std::string& pair : run.args("metadata")) {
        const size_t equals = pair.find('=');
        if (equals == 0 || equals == pair.npos) {
            run.fail("--metadata: \"" + pair + "\" is no pair; write --metadata key=value", 2);
            return std::nullopt;
        }
        to.metadata.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
    const int64_t wanted = run.integer("timeout").value_or(0);
    to.timeout_ms = static_cast<uint32_t>(std::clamp<int64_t>(wanted, 0, UINT32_MAX));
    return to;
}

/// The request as it is typed. Nothing: the run has failed.
std::optional<std::string> request_of(mh::command_run& run) {
    try {
        std::string text = read_request(run.args("request"));
        check_object(text);
        return text;
    } catch (const mh::failure& f) {
        run.fail(f.what(), 2);
        return std::nullopt;
    }
}

/// A message of the service as it was asked for: Micro indents it, "raw" is the bytes.
void show(mh::command_run& run, std::string_view body) {
    const std::string_view output = run.arg("output");
    const bool json = bool(mh::json_document(body));
    const bool as_text = is_person(run) && output != "json";
    if (output == "raw" || !json) return run.text(std::string(shared::trim(body)) + "\n");
    if (as_text) return run.text(indented(body) + "\n");
    run.json(std::string(body));
}

}  // namespace

void call(const mh::run_ptr& run) {
    const auto to = target_of(*run);
    const auto body = to ? request_of(*run) : std::nullopt;
    if (!body) return;
    auto c = std::make_shared<RpcCall>();
    auto answer = std::make_shared<std::string>();
    run->on_cancel = [c] { c->cancel(); };
    c->begin(
        *to, *body, [answer](std::string_view message) { *answer = message; },
        [run, to = *to, answer, c](const CallEnd& end) {
            if (!end.ok())
                return run->fail(call_error("error calling", to, end), exit_code_of(end));
            show(*run, answer->empty() ? "{}" : std::string_view(*answer));
            run->done();
        });
}

void stream(const mh::run_ptr& run) {
    auto to = target_of(*run);
    const auto body = to ? request_of(*run) : std::nullopt;
    if (!body) return;
    to->stream = true;
    auto c = std::make_shared<RpcCall>();
    run->on_cancel = [c] { c->cancel(); };
    c->begin(
        *to, *body, [run](std::string_view message) { show(*run, message); },
        [run, to = *to, c](const CallEnd& end) {
            if (end.ok()) return run->done();
            run->fail(call_error("error receiving from", to, end), exit_code_of(end));
        });
}

}  // namespace microhost::cli
