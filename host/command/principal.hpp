// SPDX-License-Identifier: Apache-2.0
/// A principal with memory of its own: a command may outlive the request that asked for it.
#pragma once

#include <microhost/http_request.h>

#include <string>
#include <vector>

namespace microhost::command {

class Principal {
  public:
    Principal() = default;  ///< nobody
    explicit Principal(const mh_principal* p);
    Principal(const Principal&) = delete;
    Principal& operator=(const Principal&) = delete;

    /// Null for nobody.
    const mh_principal* get() const { return view_.size ? &view_ : nullptr; }

  private:
    std::vector<std::string> texts_;
    std::vector<mh_str> roles_;
    std::vector<mh_kv> claims_;
    mh_principal view_{};
};

}  // namespace microhost::command
