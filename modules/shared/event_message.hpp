// SPDX-License-Identifier: Apache-2.0
/// An event as Micro's HTTP broker and its sidecar write it: {"Header":{..},"Body":"<base64>"} (source: captures 70, v1.1-26).
#pragma once

#include <microhost/draft/event.h>

#include <string>

namespace microhost::shared {

/// `between_brokers`: with the header ":topic", by which the receiving broker knows it; who is told of an event has none.
std::string event_message(const mh_event& e, bool between_brokers);

}  // namespace microhost::shared
