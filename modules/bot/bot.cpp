// SPDX-License-Identifier: Apache-2.0
#include "bot.hpp"

#include <microhost/config_reader.hpp>

#include <string>

namespace microhost::bot {

Bot::Bot(const mh_config* config) {
    std::vector<std::string> names;
    mh::config_reader(config).read("inputs", names);
    for (const auto& name : names) inputs_.push_back(make_input(name, config, *this));
}

void Bot::start() {
    for (const auto& in : inputs_) in->start();
}

void Bot::stop() {
    for (const auto& in : inputs_) in->stop();
}

void Bot::on_message(Input&, Message) {}
void Bot::on_status(Input&) {}

}  // namespace microhost::bot
