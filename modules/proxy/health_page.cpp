// SPDX-License-Identifier: Apache-2.0
#include "health_page.hpp"

#include <microhost/fetch.hpp>

#include "answer.hpp"

namespace microhost::proxy {
namespace {

/// One check for one request. Frees itself.
struct Check {
    mh::fetching fetching;
    mh_token token = 0;
    unsigned status = 500;
    std::string text;
};

void drop(void* arg) { delete static_cast<Check*>(arg); }

void answer(mh_req* q, void* arg) {
    const std::unique_ptr<Check> c(static_cast<Check*>(arg));
    mh::guarded("answer", [&] {
        mh::request(q).respond(c->status, "text/plain; charset=utf-8", c->text);
        return MH_OK;
    });
}

void finish(Check& c, const mh::fetched& got) {
    // The app's own status, and why not where there is none.
    c.status = got.status == MH_OK && got.code >= 200 && got.code <= 599 ? got.code : 500;
    c.text = got.status == MH_OK ? got.body : health_text(got);
    if (mh::use<mh_http_request>().post(c.token, answer, &c, drop) != MH_OK) delete &c;
}

}  // namespace

mh_status answer_health(Shard& shard, mh::request r) {
    const Settings& settings = shard.proxy.settings;
    if (r.method() != "GET" && r.method() != "HEAD") return refuse_method(r, "GET, HEAD");
    if (settings.healthcheck_url.empty()) {
        r.respond(200, "text/plain; charset=utf-8", "OK");
        return MH_OK;
    }
    auto c = std::make_unique<Check>();
    c->token = r.suspend(10'000);
    if (!c->token) return MH_E_NOMEM;
    mh::to_fetch t;
    t.where = *mh::url::parse(settings.healthcheck_url);
    t.max_response = 64 * 1024;
    Check* const job = c.get();
    const mh_status s = c->fetching.start(t, [job](const mh::fetched& got) { finish(*job, got); });
    if (s != MH_OK) {
        r.respond(500, "text/plain; charset=utf-8", "the check cannot be made");
        return MH_OK;
    }
    c.release();
    return MH_PENDING;
}

}  // namespace microhost::proxy
