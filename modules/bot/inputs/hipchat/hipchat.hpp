// SPDX-License-Identifier: Apache-2.0
/// HipChat's dialect of XMPP: its way to log in, full names as nicks, mention names. What differs is in inputs/xmpp, behind
/// Account::hipchat; here are its options.
#pragma once

#include "../xmpp/xmpp.hpp"

namespace microhost::bot {

class Hipchat final : public Xmpp {
  public:
    /// Throws mh::failure.
    Hipchat(const mh_config* config, Ears& ears) : Xmpp(xmpp::Settings::hipchat(config), ears) {}
};

}  // namespace microhost::bot
