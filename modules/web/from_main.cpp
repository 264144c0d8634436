// SPDX-License-Identifier: Apache-2.0
#include "from_main.hpp"

#include <microhost/draft/loop.h>
#include <microhost/host.hpp>

#include <memory>

#include "answer.hpp"
#include "web.hpp"

namespace microhost::web {
namespace {

constexpr uint32_t kPatienceMs = 10'000;

struct Question {
    mh_token token = 0;
    std::function<Reply()> make;
    Reply reply;
};

void drop(void* arg) { delete static_cast<Question*>(arg); }

void answer(mh_req* q, void* arg) {
    const std::unique_ptr<Question> question(static_cast<Question*>(arg));
    mh::guarded("answer", [&] { return answer_reply(mh::request(q), question->reply); });
}

void ask(void*, void* arg) {
    auto* question = static_cast<Question*>(arg);
    const mh_status s =
        mh::guarded("main", [&] { return question->reply = question->make(), MH_OK; });
    if (s != MH_OK) question->reply = {500, {}, "the answer could not be made: see the log"};
    if (mh::use<mh_http_request>().post(question->token, answer, question, drop) != MH_OK)
        delete question;
}

}  // namespace

mh_status answer_reply(mh::request r, const Reply& reply) {
    if (reply.title.empty() && reply.status >= 400)
        return r.respond_error(reply.status, kServerName, reply.body), MH_OK;
    if (reply.status >= 400) return answer_problem(r, reply.status, reply.title, reply.body);
    if (reply.title.empty()) return answer_json(r, reply.body);
    return answer_page(r, reply.status, reply.title, reply.body);
}

mh_status answer_from_main(mh::request r, std::function<Reply()> make) {
    auto question = std::make_unique<Question>(Question{0, std::move(make), {}});
    question->token = r.suspend(kPatienceMs);
    if (!question->token) return MH_E_NOMEM;
    Question* const raw = question.release();
    const mh_status s = mh::use<mh_loop>().post(mh::the_host, MH_LOOP_MAIN, ask, raw, drop);
    if (s == MH_OK) return MH_PENDING;
    delete raw;
    return s;
}

}  // namespace microhost::web
