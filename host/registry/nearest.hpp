// SPDX-License-Identifier: Apache-2.0
/// "Did you mean": finds the candidate closest to a name, cheaply enough to run for every 404.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace microhost::registry {

/// Offer candidates one after the other; best() lives as long as the candidate does.
/// Close is: at most three edits (one per three characters; case does not count), else the same last
/// dotted part, because a wrong or missing namespace is the mistake that people make most.
class NearestName {
  public:
    explicit NearestName(std::string_view wanted);
    void offer(std::string_view candidate);
    [[nodiscard]] std::string_view best() const noexcept { return best_; }

  private:
    [[nodiscard]] size_t distance(std::string_view candidate, size_t limit) const;

    std::string wanted_;  // lower case
    uint64_t letters_ = 0;
    size_t limit_ = 0;
    size_t rank_;  // of best_: edits, or limit_ + 1 for the same last part
    std::string_view best_;
    std::string lowered_;
};

}  // namespace microhost::registry
