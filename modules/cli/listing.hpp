// SPDX-License-Identifier: Apache-2.0
/// The commands "list services", "list nodes", "list endpoints" and "get service".
#pragma once

#include <microhost/command.hpp>

namespace microhost::cli {

void list_services(const mh::run_ptr& run);
void list_nodes(const mh::run_ptr& run);
void list_endpoints(const mh::run_ptr& run);
void get_service(const mh::run_ptr& run);

/// Whether the output is for eyes: in a terminal, here or from afar, or in a chat.
bool is_person(const mh::command_run& run);
/// Whether a person asked for nothing else: then the output is as Micro prints it.
bool as_micro(const mh::command_run& run);

}  // namespace microhost::cli
