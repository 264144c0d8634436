// SPDX-License-Identifier: Apache-2.0
/// What a request keeps in its slot until it is done; on_done frees it.
#pragma once

#include <microhost/request.hpp>

namespace microhost::shared {

struct Ongoing {
    Ongoing() = default;
    Ongoing(const Ongoing&) = delete;
    virtual ~Ongoing() = default;
};

/// In on_done.
inline void free_ongoing(mh_req* q) { delete mh::request(q).kept<Ongoing>(); }

template <class T>
T* keep(mh::request r, T* owned) {
    r.keep(static_cast<Ongoing*>(owned));
    return owned;
}

}  // namespace microhost::shared
