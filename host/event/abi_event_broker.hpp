// SPDX-License-Identifier: Apache-2.0
/// Bridges to brokers outside that modules offer: the point at which they contribute, and the table through which they deliver.
#pragma once

#include <microhost/draft/event_broker.h>

#include "module/contribution.hpp"

namespace microhost::module {
struct HostSide;
}

namespace microhost::event {

extern const module::Point kBrokerPoint;
extern const mh_event_sink kSinkTable;

/// From here on what this broker delivers is taken. Thread: main.
void open_door(module::HostSide& side, const mh_event_broker& broker);
/// Nothing more is taken: when it returns, no delivery is under way. Thread: main.
void close_door(const mh_event_broker& broker);

}  // namespace microhost::event
