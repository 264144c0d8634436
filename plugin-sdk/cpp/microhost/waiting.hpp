// SPDX-License-Identifier: Apache-2.0
/// A request that waits for a worker, a call, a timer: suspended, and never forgotten.
#pragma once

#include <microhost/request.hpp>

#include <algorithm>
#include <chrono>
#include <memory>

namespace mh {

/// Suspends a request, and lets it go on exactly once. One that is dropped undecided (an early return, an exception, work that
/// was cancelled) resumes with mh::undecided: on_error applies at once, not when the time is over. Move it to whoever decides:
///
///     mh::waiting w(r, std::chrono::seconds(2));
///     if (!w) return mh::undecided;
///     start([w = std::move(w)](bool good) mutable { w.decide([good](mh::request& r) { ... return verdict; }); });
///     return mh::pending;
class [[nodiscard]] waiting {
  public:
    waiting() = default;
    /// After `longest` the host gives up: on_error for a filter, 504 for a handler. Empty when the request is over.
    waiting(request& r, std::chrono::milliseconds longest)
        : token_(r.suspend(
              static_cast<uint32_t>(std::clamp<std::int64_t>(longest.count(), 1, 600'000)))) {}
    waiting(waiting&& o) noexcept : token_(std::exchange(o.token_, 0)) {}
    waiting& operator=(waiting&& o) noexcept {
        std::swap(token_, o.token_);
        return *this;
    }
    ~waiting() { go(undecided); }
    explicit operator bool() const { return token_ != 0; }
    /// The one that on_cancel speaks of?
    bool is(token t) const { return token_ == t; }

    /// Goes on with `v`. From every thread.
    void go(verdict v) {
        if (const token t = std::exchange(token_, 0)) resume(t, v);
    }

    /// Runs f(mh::request&) on the request's loop and goes on with the verdict that it answers; f may respond, and the filter's
    /// object is alive in it. When the request is gone, f is destroyed unused. From every thread.
    template <class F>
    void decide(F f) {
        struct posted {
            waiting w;
            F f;
            static void run(mh_req* raw, void* arg) {
                std::unique_ptr<posted> self(static_cast<posted*>(arg));
                verdict v = undecided;
                guarded("decide", [&] {
                    request r(raw);
                    v = self->f(r);
                    return MH_OK;
                });
                self->w.go(v);
            }
            static void drop(void* arg) { delete static_cast<posted*>(arg); }
        };
        const token t = token_;
        if (!t) return;
        // post() owns it from here, whatever it answers.
        auto* p = new posted{std::move(*this), std::move(f)};
        the_table<mh_http_request>->post(t, posted::run, p, posted::drop);
    }

  private:
    token token_ = 0;
};

}  // namespace mh
