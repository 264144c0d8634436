// SPDX-License-Identifier: Apache-2.0
/// Micro's other pages, where they need no script: "/client", "/terminal", "/stats", and the names that they had before.
#pragma once

#include <microhost/request.hpp>

#include <string>
#include <string_view>

#include "../shared/stats.hpp"

namespace microhost::web {

/// The call form; what the query says is filled in. `token`: the page's.
mh_status show_client(mh::request r, std::string_view token);
/// Where commands are run without script.
mh_status show_terminal(mh::request r);
mh_status show_stats(mh::request r, const shared::StatsBoard& stats);

/// Where "/query", "/call" and "/cli" went; empty for other paths.
std::string_view newer_name(std::string_view path);
/// 301 there, with the query.
mh_status answer_moved(mh::request r, std::string_view to);

}  // namespace microhost::web
