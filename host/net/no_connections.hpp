// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace microhost::net {

/// From now on connect() fails. For a process that only tries a module: whoever is out there must hear of the real one alone; a chat
/// network would say to the other what is meant for it. Thread: any.
void forbid_connections();

}  // namespace microhost::net
