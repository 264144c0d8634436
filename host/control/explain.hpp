// SPDX-License-Identifier: Apache-2.0
/// What a request would pass, as JSON: for `microhost explain`, and the command of that name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/census.hpp"
#include "control/sources.hpp"
#include "json/value.hpp"
#include "result.hpp"

namespace microhost::control {

/// The request that is asked about.
struct ExplainedRequest {
    std::string method = "GET", path = "/", host;
    std::string listener;              ///< empty: all
    std::vector<std::string> headers;  ///< "Name: value"

    /// method=, path=, host=, listener=, and any number of header=.
    static Result<ExplainedRequest> read(std::string_view query);
};

/// {"method","path","listeners":[{"listener","module","address","answer":503,"because":NAME,"filters":[{"name","module",
///   "phase","after","before","applies","match","on_error","mode","state","reason","verdicts","hooks"}]}]}; in the order in
/// which requests pass; "match" says what it asks for, or the key that does not fit. "answer" only where a filter that must
/// be there is not. Costs are of the module, over all its instances. Errors: a sentence for 400. Thread: main.
Result<std::string> explain_page(const Sources& s, const LoopFigures& figures,
                                 const ExplainedRequest& request);

/// Such a page as a person reads it.
std::string explain_text(json::Value page);

/// The command "explain". Both outlive the table; `figures` adds what is not of the loops. Thread: main, before the first module.
void add_explain_command(command::Table& table, const Sources& sources, Census& census,
                         std::function<LoopFigures()> figures);

}  // namespace microhost::control
