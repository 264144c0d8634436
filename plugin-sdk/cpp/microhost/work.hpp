// SPDX-License-Identifier: Apache-2.0
/// Blocking work on the host's threads, answered to a lambda. The module needs mh::uses<mh_work>.
#pragma once

#include <microhost/waiting.hpp>

#include <optional>

namespace mh {

/// Runs job() on a worker and then done(std::optional<its result>) on this thread: empty when the host stops first or job threw.
/// Exactly one call of done, or none at all and an error: MH_E_BUSY, the queue is full. What both capture must not be of the
/// filter's object, which may be gone when the work is done; see decide_on_worker.
/// [loop] [main]
template <class Job, class Done>
mh_status background(Job job, Done done) {
    using result = decltype(job());
    struct state {
        Job job;
        Done done;
        std::optional<result> out;
        static void run(void* arg) {
            auto& self = *static_cast<state*>(arg);
            guarded("work", [&] {
                self.out.emplace(self.job());
                return MH_OK;
            });
        }
        static void finish(void* arg, mh_status) {
            std::unique_ptr<state> self(static_cast<state*>(arg));
            guarded("work.done", [&] {
                self->done(std::move(self->out));
                return MH_OK;
            });
        }
    };
    auto s = std::unique_ptr<state>(new state{std::move(job), std::move(done), std::nullopt});
    const mh_status begun = use<mh_work>().run(the_host, state::run, state::finish, s.get());
    if (begun == MH_OK) s.release();  // finish owns it
    return begun;
}

/// `return mh::decide_on_worker(r, longest, job, f);` from on_request: suspends, runs job() on a worker, then
/// f(mh::request&, its result) on the request's loop, which answers the verdict. A full queue, an exception or too long a time
/// is mh::undecided.
/// [loop]
template <class Job, class F>
verdict decide_on_worker(request& r, std::chrono::milliseconds longest, Job job, F f) {
    waiting w(r, longest);
    if (!w) return undecided;
    using result = decltype(job());
    auto done = [w = std::move(w), f = std::move(f)](std::optional<result> out) mutable {
        if (!out) return;
        w.decide([f = std::move(f), out = std::move(*out)](request& later) mutable {
            return f(later, std::move(out));
        });
    };
    return background(std::move(job), std::move(done)) == MH_OK ? pending : undecided;
}

}  // namespace mh
