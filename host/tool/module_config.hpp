// SPDX-License-Identifier: Apache-2.0
/// The configuration of one module by itself, for trials.
#pragma once

#include <string>

#include "config/config.hpp"
#include "module/check.hpp"
#include "result.hpp"

namespace microhost::tool {

/// `text`: its section as JSON, or empty. Defaults are filled in; the error says which key is wrong or missing.
Result<json::Document> module_config(const module::Candidate& module, const std::string& text);

}  // namespace microhost::tool
