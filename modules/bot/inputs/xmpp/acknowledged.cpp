// SPDX-License-Identifier: Apache-2.0
#include "acknowledged.hpp"

#include <charconv>

namespace microhost::bot::xmpp {

void Acknowledged::sent(std::string stanza) {
    bytes_ += stanza.size();
    waiting_.push_back(std::move(stanza));
}

bool Acknowledged::acknowledge(uint32_t h) {
    uint32_t n = h - acknowledged_;
    if (n > waiting_.size()) return false;
    acknowledged_ = h;
    for (; n > 0; --n) {
        bytes_ -= waiting_.front().size();
        waiting_.pop_front();
    }
    return true;
}

void Acknowledged::restore(uint32_t received, uint32_t acknowledged) {
    *this = Acknowledged{};
    received_ = received, acknowledged_ = acknowledged;
}

std::optional<uint32_t> Acknowledged::number(std::string_view text) {
    uint32_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return out;
}

}  // namespace microhost::bot::xmpp
