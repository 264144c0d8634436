// SPDX-License-Identifier: Apache-2.0
/// What a request would pass, as JSON: for `microhost explain`.
#pragma once

#include <string>
#include <string_view>

#include "control/census.hpp"
#include "control/sources.hpp"
#include "result.hpp"

namespace microhost::control {

/// `query`: method (GET), path, host, listener (all), and any number of header ("Name: value").
/// {"method","path","listeners":[{"listener","module","address","answer":503,"because":NAME,"filters":[{"name","module",
///   "phase","after","before","applies","match","on_error","mode","state","reason","verdicts","hooks"}]}]}; in the order in
/// which requests pass; "match" says what it asks for, or the key that does not fit. "answer" only where a filter that must
/// be there is not. Costs are of the module, over all its instances. Errors: a sentence for 400. Thread: main.
Result<std::string> explain_page(const Sources& s, const LoopFigures& figures,
                                 std::string_view query);

}  // namespace microhost::control
