// SPDX-License-Identifier: Apache-2.0
/// Standard input and output, or a unix socket: for who tries the bot out, and for tests.
#pragma once

#include <microhost/config.h>

#include "../../input.hpp"

namespace microhost::bot {

class Console final : public Input {
  public:
    Console(const mh_config* config, Ears& ears);

    std::string_view name() const override { return "console"; }
    Format format() const override { return {}; }
    Status status() const override { return {}; }
    void start() override;
    void stop() override;
    bool send(const Place& to, std::string_view text) override;
};

}  // namespace microhost::bot
