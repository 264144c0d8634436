// SPDX-License-Identifier: Apache-2.0
/// The module's options, but those of the inputs.
#pragma once

#include <microhost/draft/limit.h>
#include <microhost/config_reader.hpp>

#include <string>
#include <vector>

#include "addressing.hpp"
#include "people.hpp"
#include "rules.hpp"
#include "running.hpp"

namespace microhost::bot {

struct Settings {
    std::vector<std::string> inputs;
    std::string namespace_;  ///< of command services, without the dot
    Callsigns callsigns;
    People people;
    Rules rules;
    Running::Limits limits;
    bool confirm = true;
    std::chrono::milliseconds confirm_within{60'000};
    shared::Role service_role = shared::Role::operator_;
    std::string audit_file;
    mh_limit_rule rate{};  ///< of a person

    /// Throws mh::failure.
    static Settings read(const mh_config* config);
};

/// "60/m", "5/s", "1000/h" with that burst. False for other text.
bool parse_rate(std::string_view text, uint32_t burst, mh_limit_rule& out);

}  // namespace microhost::bot
