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

constexpr size_t kMostAtOnce = 1024 * 1024;  // the host takes no larger output

/// In pieces that the host takes, each of whole characters.
void put_text(mh::command_run& run, std::string_view text) {
    constexpr size_t kPiece = kMostAtOnce / 4;
    while (!text.empty()) {
        size_t n = std::min(text.size(), kPiece);
        while (n < text.size() && n > kPiece / 2 && (text[n] & 0xc0) == 0x80) --n;
        run.text(std::string(text.substr(0, n)));
        text.remove_prefix(n);
    }
}

/// A message of the service as it was asked for: Micro indents it, "raw" is the bytes. False: the run has failed.
bool show(mh::command_run& run, std::string_view body) {
    const std::string_view output = run.arg("output");
    const bool json = bool(mh::json_document(body));
    const bool as_text = is_person(run) && output != "json";
    if (output == "raw" || !json)
        put_text(run, std::string(shared::trim(body)) + "\n");
    else if (as_text)
        put_text(run, indented(body) + "\n");
    else if (body.size() < kMostAtOnce)
        run.json(std::string(body));
    else
        run.fail("the answer has " + std::to_string(body.size()) +
                 " bytes, too many for one JSON value; use --output raw");
    return !run.over();
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
            if (show(*run, answer->empty() ? "{}" : std::string_view(*answer))) run->done();
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
        *to, *body,
        [run, call = c.get()](std::string_view message) {
            const mh::run_ptr mine = run;  // cancel() forgets this function
            if (!show(*mine, message)) call->cancel();
        },
        [run, to = *to, c](const CallEnd& end) {
            if (end.ok()) return run->done();
            run->fail(call_error("error receiving from", to, end), exit_code_of(end));
        });
}

}  // namespace microhost::cli
