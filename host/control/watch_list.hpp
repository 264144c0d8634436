// SPDX-License-Identifier: Apache-2.0
/// Who wants to be told of something, by token: any of them may come and go while they are told.
#pragma once

#include <microhost/base.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace microhost::module {
struct HostSide;
}

namespace microhost::control {

/// What a Watch of a WatchList has of it.
struct Watching {
    module::HostSide* side = nullptr;  ///< whose it is; null: the host's own
    mh_token token = 0;
    bool over = false;
};

/// Watch: derives from Watching. Thread: one.
template <class Watch>
class WatchList {
  public:
    static constexpr size_t kMost = 64;

    /// 0: there are too many.
    mh_token add(Watch w) {
        sweep();
        if (all_.size() >= kMost) return 0;
        w.token = ++tokens_;
        all_.push_back(std::make_unique<Watch>(std::move(w)));
        return all_.back()->token;
    }
    mh_status remove(mh_token t) {
        if (t == 0) return MH_E_INVALID;
        for (auto& w : all_)
            if (w->token == t && !w->over) return end(*w), MH_OK;
        return MH_E_GONE;
    }
    void end(const module::HostSide& side) {
        for (auto& w : all_)
            if (w->side == &side) w->over = true;
        sweep();
    }
    bool empty() const { return all_.empty(); }

    /// fn(Watch&) for each that is there now; one that has ended meanwhile is left out. fn asks `over` before each further call.
    template <class F>
    void tell(F&& fn) {
        const size_t n = all_.size();
        telling_++;
        for (size_t i = 0; i < n; i++) {
            Watch& w = *all_[i];
            if (!w.over) fn(w);
        }
        telling_--;
        sweep();
    }

  private:
    void end(Watch& w) {
        w.over = true;
        sweep();
    }
    void sweep() {
        if (telling_ == 0) std::erase_if(all_, [](const auto& w) { return w->over; });
    }

    std::vector<std::unique_ptr<Watch>> all_;
    mh_token tokens_ = 0;
    unsigned telling_ = 0;
};

}  // namespace microhost::control
