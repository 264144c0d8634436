// SPDX-License-Identifier: Apache-2.0
/// What `microhost doctor` looks at, one question a function.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace microhost::tool {

enum class Health : uint8_t { ok, warning, problem };

struct Symptom {
    Health health = Health::ok;
    std::string about;  ///< "port", "files", ...
    std::string text;   ///< what is so, and what mends it
};

using Diagnosis = std::vector<Symptom>;

void look_at_ports(const config::Config& config, Diagnosis& out);
void look_at_limits(const config::Config& config, Diagnosis& out);
void look_at_folders(const config::Config& config, Diagnosis& out);
void look_at_clock(Diagnosis& out);
void look_at_certificates(const config::Config& config, Diagnosis& out);
void look_at_modules(const config::Config& config, Diagnosis& out);
void look_at_instances(const config::Config& config, Diagnosis& out);

}  // namespace microhost::tool
