// SPDX-License-Identifier: Apache-2.0
/// Talks to a process that runs commands: an instance on this machine over its control socket, or a remote one over its proxy.
/// Blocking; for the terminal.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "command/link.hpp"
#include "result.hpp"

namespace microhost::command {

struct Instance {
    std::string name;
    std::string socket;  ///< path of control.sock
};

/// The instances in FOLDER/instances that take a connection, by name. Dead ones leave their socket behind.
std::vector<Instance> running_instances(const std::vector<std::string>& runtime_folders);

struct Reply {
    unsigned status = 0;
    std::string content_type;  ///< in lower case, without parameters
    std::string body;          ///< without what was handed to a receiver
    bool streamed = false;     ///< the lines of a command went to the receiver
    bool late = false;         ///< it did not end in time
};

/// Gets pieces of a streamed body as they come; `more`: the next one is here already, or the end is.
using Receive = std::function<void(std::string_view piece, bool more)>;

/// One request, one connection; leaving (ctrl-C, an exception) closes it, which ends a command. A reply of 200 with the lines of a
/// command goes to `receive`, when there is one, for at most `limit_ms`. Errors: no connection, no answer within 5 s (10 s from
/// afar), not HTTP, a connection that broke.
Result<Reply> ask(const Target& target, std::string_view method, std::string_view path,
                  std::string_view body = {}, const Receive& receive = {},
                  int64_t limit_ms = Link::kForEver);
/// The same over a control socket.
Result<Reply> ask(const std::string& socket, std::string_view method, std::string_view path,
                  std::string_view body = {}, const Receive& receive = {});

/// "detail" of an error reply, else its status.
std::string detail_of(const Reply& reply);

}  // namespace microhost::command
