// SPDX-License-Identifier: Apache-2.0
/// Answers of the dashboard, with the headers that keep its pages safe.
#pragma once

#include <microhost/request.hpp>

#include <string_view>

#include "../shared/method.hpp"

namespace microhost::web {

using shared::refuse_method;

inline constexpr std::string_view kJsonType = "application/json";

/// Micro chose by the request's Content-Type; Accept is asked as well.
bool wants_json(const mh::request& r);

mh_status answer_page(mh::request r, unsigned status, std::string_view title,
                      std::string_view body);
/// A document that is HTML already: the page.
mh_status answer_document(mh::request r, std::string_view html);
mh_status answer_json(mh::request r, std::string_view json);
/// A page, or Micro's error object for who wants JSON.
mh_status answer_problem(mh::request r, unsigned status, std::string_view title,
                         std::string_view detail);

}  // namespace microhost::web
