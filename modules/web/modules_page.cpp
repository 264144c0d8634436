// SPDX-License-Identifier: Apache-2.0
#include "modules_page.hpp"

#include <microhost/draft/modules.h>
#include <microhost/host.hpp>

#include <memory>
#include <string>
#include <vector>

#include "../shared/text.hpp"
#include "../shared/url_encoding.hpp"
#include "answer.hpp"
#include "from_main.hpp"
#include "html.hpp"
#include "records.hpp"

namespace microhost::web {
namespace {

constexpr uint32_t kReloadPatienceMs = 120'000;  // requests of the old generation end first
constexpr uint64_t kLongestForm = 4096;

/// Done on the control thread, answered on the request's loop.
struct Job {
    mh_token token = 0;
    std::string id, who, refusal;
};

void drop(void* arg) { delete static_cast<Job*>(arg); }

void hand_back(Job* job, void (*answer)(mh_req*, void*)) {
    if (mh::use<mh_http_request>().post(job->token, answer, job, drop) != MH_OK) delete job;
}

/// On [main]; `job` is the function's from then on.
mh_status on_main(std::unique_ptr<Job> job, void (*fn)(void*, void*)) {
    Job* const raw = job.release();
    const mh_status s = mh::use<mh_loop>().post(mh::the_host, MH_LOOP_MAIN, fn, raw, drop);
    if (s == MH_OK) return MH_PENDING;
    delete raw;
    return s;
}

// ---- the page

std::string button(std::string_view id) {
    return "<form method=\"post\" action=\"/_/modules/reload\"><button name=\"id\" value=\"" +
           escaped(id) + "\">Reload</button></form>";
}

struct Table {
    bool may_reload;
    std::string html;

    static void add(void* user, const mh_module_info* i) {
        mh::guarded("modules", [&] { return static_cast<Table*>(user)->add(*i), MH_OK; });
    }
    void add(const mh_module_info& i) {
        const auto cell = [&](std::string_view text) { html.append("<td>").append(text); };
        const std::string_view detail = mh::view(i.detail);
        html += "<tr>";
        cell(escaped(mh::view(i.id)));
        cell(escaped(mh::view(i.version)));
        cell(std::to_string(i.generation));
        cell(std::string(state_name(i.state)) + (detail.empty() ? "" : ": " + escaped(detail)));
        cell(std::to_string(i.requests));
        cell(std::to_string(i.calls));
        cell(std::to_string(i.cpu_us / 1000) + " ms");
        cell(std::to_string(i.errors));
        cell(escaped(mh::view(i.path)));
        cell(may_reload && i.state == MH_MODULE_STATE_RUNNING ? button(mh::view(i.id)) : "");
        html += "</tr>\n";
    }
};

Reply modules_page(bool may_reload) {
    Table table{may_reload, {}};
    mh::use<mh_modules>().each(mh::the_host, Table::add, &table);
    return {200, "Modules",
            "<h1>Modules</h1>\n<table><thead><tr><th>Module</th><th>Version</th>"
            "<th>Generation</th><th>State</th><th>Requests</th><th>Calls</th>"
            "<th>CPU</th><th>Errors</th><th>File</th><th></th></tr></thead><tbody>\n" +
                table.html + "</tbody></table>\n"};
}

// ---- reload

void answer_reload(mh_req* q, void* arg) {
    const std::unique_ptr<Job> job(static_cast<Job*>(arg));
    mh::guarded("reload", [&] {
        mh::request r(q);
        if (job->refusal.empty())
            r.respond(303, {}, {}, {{"Location", "/_/modules"}, {"Cache-Control", "no-store"}});
        else
            answer_problem(r, 409, "Not reloaded", job->refusal);
        return MH_OK;
    });
}

void reloaded(void* user, mh_status s, mh_str text) {
    auto* job = static_cast<Job*>(user);
    mh::guarded("reload", [&] {
        if (s < 0) job->refusal = text.len ? std::string(mh::view(text)) : "it was refused";
        mh::log::info("audit", {{"action", "modules.reload"},
                                {"id", job->id},
                                {"principal", job->who},
                                {"outcome", s < 0 ? job->refusal : "done"}});
        return MH_OK;
    });
    hand_back(job, answer_reload);
}

void reload(void*, void* arg) {
    auto* job = static_cast<Job*>(arg);
    const mh_status s =
        mh::use<mh_modules>().reload(mh::the_host, mh::lend(job->id), reloaded, job);
    if (s < 0) reloaded(job, s, mh::lend("there is no such module"));
}

void on_form(mh_req* q, void* arg, mh_status s, mh_seg body) {
    std::unique_ptr<Job> job(static_cast<Job*>(arg));
    mh::guarded("reload", [&] {
        mh::request r(q);
        std::vector<shared::FormPair> pairs;
        if (s == MH_OK) shared::parse_form(shared::view(body), pairs);
        for (shared::FormPair& p : pairs)
            if (p.key == "id") job->id = std::move(p.value);
        if (job->id.empty()) return answer_problem(r, 400, "Not reloaded", "the form has no id");
        job->token = r.suspend(kReloadPatienceMs);
        if (!job->token || on_main(std::move(job), reload) < 0)
            return answer_problem(r, 503, "Not reloaded", "the control thread is busy");
        return mh_status{MH_OK};
    });
}

}  // namespace

mh_status show_modules(mh::request r, bool may_reload) {
    return answer_from_main(r, [may_reload] { return modules_page(may_reload); });
}

mh_status reload_module(mh::request r, std::string_view who) {
    if (!(r.flags() & MH_REQ_HAS_BODY))
        return answer_problem(r, 400, "Not reloaded", "the form has no id");
    auto job = std::make_unique<Job>();
    job->who = who;
    Job* const raw = job.release();
    const mh_status s = mh::use<mh_http_request>().collect(r.raw(), kLongestForm, on_form, raw);
    if (s != MH_OK) delete raw;
    return s;
}

}  // namespace microhost::web
