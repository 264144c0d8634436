// SPDX-License-Identifier: Apache-2.0
/// The instances of this machine, found in the runtime folder and asked over their control sockets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "command/client.hpp"
#include "json/document.hpp"
#include "result.hpp"

namespace microhost::tool {

struct Instance {
    std::string name, folder;
    bool alive = false;  ///< its folder is locked; a dead one leaves it behind

    std::string socket() const { return folder + "/control.sock"; }
    /// Errors: it does not answer.
    Result<command::Reply> ask(std::string_view method, std::string_view target,
                               std::string_view body = {}) const;
    /// The same for GET, and anything but 200 with JSON is an error.
    Result<json::Document> get(std::string_view target) const;
};

/// All below RUNTIME/instances, by name.
std::vector<Instance> instances(const std::string& runtime_dir);

/// The one of that name; with an empty name the only one that is alive. Errors say where it was looked for.
Result<Instance> find_instance(const std::string& runtime_dir, std::string_view name);

/// "a b" as a part of a query.
std::string percent_encoded(std::string_view text);

}  // namespace microhost::tool
