// SPDX-License-Identifier: Apache-2.0
/// The host's side of mh_config: one validated document, for a module or a filter instance.
#pragma once

#include <microhost/config.h>

#include <utility>

#include "json/document.hpp"

/// Whoever hands out a `const mh_config *` owns one of these.
struct mh_config {
    explicit mh_config(microhost::json::Document d) : document(std::move(d)) {}
    microhost::json::Document document;
};
