// SPDX-License-Identifier: Apache-2.0
/// "/_/api/session": who the page's user is.
#pragma once

#include <microhost/request.hpp>

#include <string_view>

#include "../shared/access.hpp"

namespace microhost::web {

struct Shard;

/// `set_cookie` goes with it unless it is empty.
mh_status answer_session(mh::request r, Shard& shard, const shared::Asker& who,
                         std::string_view token, std::string_view set_cookie);

}  // namespace microhost::web
