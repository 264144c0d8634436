// SPDX-License-Identifier: Apache-2.0
/// STATE/registry/PROVIDER.json: what a provider said last, for a start during which its source cannot be reached.
#pragma once

#include "registry/model.hpp"
#include "result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace microhost::registry {

/// Thread: any one. It blocks on the disk.
class LastKnown {
  public:
    static constexpr size_t kLargest = 64 * 1024 * 1024;

    struct Content {
        std::string written;  // "2006-01-02T15:04:05Z"; empty: there is no file
        std::vector<Service> services;
    };

    /// `state_dir` empty: nothing is kept. `provider`: fits into a file name.
    LastKnown(std::string_view state_dir, std::string_view provider);

    [[nodiscard]] const std::string& path() const { return path_; }
    /// Errors: a file that cannot be understood, or that others can write.
    [[nodiscard]] Result<Content> read() const;
    /// Whole or not at all; mode 0600. Errors name the file.
    [[nodiscard]] Result<void> write(const std::vector<Service>& services) const;

  private:
    std::string folder_, path_, provider_;
};

}  // namespace microhost::registry
