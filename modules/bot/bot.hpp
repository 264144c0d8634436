// SPDX-License-Identifier: Apache-2.0
/// The bot: its inputs, and what it does with what they hear. [main]
#pragma once

#include <memory>
#include <vector>

#include "inputs/inputs.hpp"

namespace microhost::bot {

class Bot final : private Ears {
  public:
    /// Throws mh::failure.
    explicit Bot(const mh_config* config);

    void start();
    void stop();

  private:
    void on_message(Input& in, Message m) override;
    void on_status(Input& in) override;

    std::vector<std::unique_ptr<Input>> inputs_;
};

}  // namespace microhost::bot
