// SPDX-License-Identifier: Apache-2.0
#include "nick.hpp"

namespace microhost::bot::irc {

std::string Nick::taken() {
    if (++tries_ > kMostTries) return {};
    // nick_, nick__, nick3, nick4, ...: no longer than the server allows, or it would cut off what makes them different.
    const std::string tail = tries_ < 3 ? std::string(tries_, '_') : std::to_string(tries_);
    const size_t room = longest_ > tail.size() ? longest_ - tail.size() : 1;
    return now_ = configured_.substr(0, room) + tail;
}

std::string Nick::refused() {
    if (now_.size() <= kShort || longest_ <= kShort) return {};
    longest_ = kShort;
    return now_ = tries_ ? taken() : wanted();
}

}  // namespace microhost::bot::irc
