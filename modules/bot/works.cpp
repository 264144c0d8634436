// SPDX-License-Identifier: Apache-2.0
#include "works.hpp"

#include <microhost/host.hpp>

#include <utility>

#include "command_message.hpp"
#include "utf8.hpp"

namespace microhost::bot {
namespace {

constexpr size_t kLongestError = 1000;

}  // namespace

// ---- of the host

const mh_command_sink HostWork::kSink = {
    sizeof(mh_command_sink), 0,
    [](void* user, const mh_str* names, uint32_t n) {
        mh::guarded("columns",
                    [&] { return static_cast<HostWork*>(user)->output.columns(names, n), MH_OK; });
    },
    [](void* user, const mh_cell* cells, uint32_t n) {
        mh::guarded("row",
                    [&] { return static_cast<HostWork*>(user)->output.row(cells, n), MH_OK; });
    },
    [](void* user, mh_str text) {
        mh::guarded("text", [&] {
            return static_cast<HostWork*>(user)->output.text(mh::view(text)), MH_OK;
        });
    },
    [](void* user, mh_str json) {
        mh::guarded("json", [&] {
            return static_cast<HostWork*>(user)->output.json(mh::view(json)), MH_OK;
        });
    },
    [](void* user, mh_status s, int32_t exit_code, mh_str error) {
        mh::guarded("end", [&] {
            auto& self = *static_cast<HostWork*>(user);
            self.token_ = 0;
            Result r;
            r.error = one_line(mh::view(error), kLongestError);
            if (s == MH_E_TIMEOUT)
                r.verdict = Verdict::timeout;
            else if (s == MH_E_DENIED)
                r.verdict = Verdict::denied;
            else if (s < 0 || exit_code != 0)
                r.verdict = Verdict::failed;
            std::exchange(self.done_, nullptr)(std::move(r));
            return MH_OK;
        });
    },
    // In a chat there is one stream: a note is for the same person.
    [](void* user, mh_str line) {
        mh::guarded("note", [&] {
            auto& self = *static_cast<HostWork*>(user);
            return self.output.text(std::string(mh::view(line)) + "\n"), MH_OK;
        });
    }};

HostWork::HostWork(const Person& who, shared::Role role, std::string line, Output::Style style)
    : subject_(who.subject()), line_(std::move(line)), role_(role) {
    output.style(style);
}

HostWork::~HostWork() {
    if (token_) mh::use<mh_command>().cancel(token_);
}

void HostWork::begin(Done done) {
    done_ = std::move(done);
    const mh_str role = mh::lend(shared::name_of(role_));
    mh_principal who{};
    who.size = sizeof who;
    who.subject = mh::lend(subject_);
    who.issuer = mh::lend("bot");
    who.roles = &role;
    who.n_roles = role_ == shared::Role::nobody ? 0 : 1;
    mh_command_run run{};
    run.size = sizeof run;
    run.surface = MH_SURFACE_CHAT;
    run.line = mh::lend(line_);
    run.principal = &who;
    const auto& api = mh::use<mh_command>();
    const mh_status s = api.run(mh::the_host, &run, &kSink, this, &token_);
    if (s == MH_OK) return;
    token_ = 0;
    const Verdict v = s == MH_E_DENIED ? Verdict::denied : Verdict::failed;
    std::exchange(done_, nullptr)({v, one_line(mh::view(api.fault(mh::the_host)), kLongestError)});
}

// ---- of a service

void ServiceWork::begin(Done done) {
    done_ = std::move(done);
    call_.begin(to_, exec_request(args_, protobuf_), [this](CallEnd end) {
        Result r;
        ExecResponse response;
        if (!end.ok) {
            r = {end.late ? Verdict::timeout : Verdict::failed, end.error};
        } else if (std::string why; !read_exec(end.body, protobuf_, response, why)) {
            r = {Verdict::failed, why};
        } else if (!response.error.empty()) {
            r = {Verdict::failed, one_line(response.error, kLongestError)};
        }
        output.text(response.result);
        std::exchange(done_, nullptr)(std::move(r));
    });
}

}  // namespace microhost::bot
