// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace microhost::net {

/// From now on connect() fails. For a process that only tries a module: whoever is out there must hear of the real one alone; a chat
/// network would say to the other what is meant for it. Thread: any.
void forbid_connections();
/// Whether that was called: then nothing is listened at, streams of modules stay as if nobody had answered yet, and datagrams neither
/// come nor go. Thread: any.
bool connections_forbidden();

}  // namespace microhost::net
