// SPDX-License-Identifier: Apache-2.0
/// What a request keeps in its slot until it is done; on_done frees it.
#pragma once

#include <microhost/request.hpp>

namespace microhost::proxy {

struct Ongoing {
    Ongoing() = default;
    Ongoing(const Ongoing&) = delete;
    virtual ~Ongoing() = default;
};

template <class T>
T* keep(mh::request r, T* owned) {
    r.keep(static_cast<Ongoing*>(owned));
    return owned;
}

}  // namespace microhost::proxy
