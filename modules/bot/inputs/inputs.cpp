// SPDX-License-Identifier: Apache-2.0
#include "inputs.hpp"

#include <microhost/host.hpp>

#include <string>

#include "console/console.hpp"
#include "hipchat/hipchat.hpp"
#include "irc/irc.hpp"
#include "service/service.hpp"
#include "slack/slack.hpp"
#include "telegram/telegram.hpp"
#include "xmpp/xmpp.hpp"

namespace microhost::bot {
namespace {

template <class Network>
std::unique_ptr<Input> make(const mh_config* config, Ears& ears) {
    return std::make_unique<Network>(config, ears);
}

struct Row {
    std::string_view name;
    std::unique_ptr<Input> (*make)(const mh_config*, Ears&);
};
constexpr Row kInputs[] = {
    {"console", make<Console>}, {"xmpp", make<Xmpp>}, {"hipchat", make<Hipchat>},
    {"slack", make<Slack>},     {"irc", make<Irc>},   {"telegram", make<Telegram>},
    {"service", make<Service>},
};

}  // namespace

std::unique_ptr<Input> make_input(std::string_view name, const mh_config* config, Ears& ears) {
    std::string known;
    for (const Row& row : kInputs) {
        if (row.name == name) return row.make(config, ears);
        known += (known.empty() ? "" : ", ") + std::string(row.name);
    }
    throw mh::failure("there is no input " + std::string(name) + "; there are " + known, "/inputs");
}

}  // namespace microhost::bot
