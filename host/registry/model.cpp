// SPDX-License-Identifier: Apache-2.0
#include "registry/model.hpp"

namespace microhost::registry {

Protocol Node::protocol() const {
    const std::string_view name = get(metadata, "protocol");
    if (name.empty()) return Protocol::legacy;
    if (name == "mucp") return Protocol::mucp;
    if (name == "grpc") return Protocol::grpc;
    if (name == "http") return Protocol::http;
    return Protocol::unknown;
}

}  // namespace microhost::registry
