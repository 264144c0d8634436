// SPDX-License-Identifier: Apache-2.0
/// Fields that only a trusted peer may set: they are removed from everybody else's requests before anything reads them.
#pragma once

#include "http/head.hpp"

namespace microhost::http {

/// Removes Forwarded, X-Forwarded-*, X-Real-IP, X-Request-Id, Micro-*, X-Micro-* and the same names spelled with "_".
void strip_untrusted(RequestHead& head);
/// The same but for Micro-* and X-Micro-*, which a listener that speaks rpc reads.
void strip_forwarded(RequestHead& head);

/// A field whose bytes live in the request's arena already (mh_header.flags).
constexpr uint32_t kInArena = 1u << 31;

}  // namespace microhost::http
