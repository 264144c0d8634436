// SPDX-License-Identifier: Apache-2.0
/// Talks to a running instance on this machine over its control socket. Blocking; for the terminal.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

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
    std::string body;  ///< without what was handed to a receiver
};

/// Gets pieces of a streamed body as they come; `more`: the next one is here already.
using Receive = std::function<void(std::string_view piece, bool more)>;

/// One request, one connection; leaving (ctrl-C, an exception) closes it, which ends a command. A reply of 200 goes to
/// `receive`, when there is one. Errors: no connection, no answer within 5 s, not HTTP.
Result<Reply> ask(const std::string& socket, std::string_view method, std::string_view target,
                  std::string_view body = {}, const Receive& receive = {});

/// "detail" of an error reply, else its status.
std::string detail_of(const Reply& reply);

}  // namespace microhost::command
