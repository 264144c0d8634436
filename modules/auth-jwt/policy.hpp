// SPDX-License-Identifier: Apache-2.0
/// Which tokens are believed, and whom they make known. Read-only once made: shared by loops and workers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../shared/identity.hpp"
#include "key_set.hpp"
#include "settings.hpp"
#include "token.hpp"

namespace microhost::auth_jwt {

/// What came of a token: somebody, or why nobody. `why` is without anything of the token: it goes into a response.
struct Outcome {
    const char* why = nullptr;
    shared::Identity who;
    int64_t until = 0;  ///< seconds since 1970: good that long

    static Outcome bad(const char* why) { return {why, {}, 0}; }
};

class Policy {
  public:
    /// Throws mh::failure for settings that make no sense.
    explicit Policy(const Settings& settings);

    /// Null: a key of this algorithm is worth looking for. Otherwise why not.
    const char* refuses(const Token& t) const;
    /// The keys that may have signed it. Empty for algorithms that are not accepted.
    std::vector<const Key*> keys_for(const Token& t, const KeySet& keys) const;
    /// `now`: seconds since 1970. For any thread.
    Outcome check(const Token& t, const KeySet& keys, double now) const;

    /// The fields that are made of claims: whatever a client sends in them is removed.
    const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

  private:
    const char* check_times(mh::json_value claims, double now, double& until) const;
    const char* check_names(mh::json_value claims) const;
    const char* introduce(mh::json_value claims, shared::Identity& who) const;

    const Settings settings_;  // its own: a worker may outlive the instance
    std::vector<const Algorithm*> algorithms_;
    std::vector<std::pair<std::string, std::string>> fields_;  // field and claim
    bool any_audience_ = false;
    double leeway_;
};

}  // namespace microhost::auth_jwt
