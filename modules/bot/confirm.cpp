// SPDX-License-Identifier: Apache-2.0
#include "confirm.hpp"

#include <algorithm>
#include <random>

namespace microhost::bot {
namespace {

constexpr size_t kMostOfOne = 4, kMost = 256;

uint32_t of_the_system() {
    std::random_device random;
    return random();
}

std::string code_of(uint32_t random) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(random >> shift) & 15u];
    return out;
}

}  // namespace

Confirmations::Confirmations(ms within, Random random)
    : within_(within), random_(random ? std::move(random) : of_the_system) {}

std::string Confirmations::ask(const Confirmer& who, Message m, uint64_t now_ms) {
    std::erase_if(waiting_, [&](const Waiting& w) { return w.until_ms <= now_ms; });
    const auto mine = [&](const Waiting& w) { return w.who == who; };
    if (std::ranges::count_if(waiting_, mine) >= static_cast<long>(kMostOfOne))
        waiting_.erase(std::ranges::find_if(waiting_, mine));
    if (waiting_.size() >= kMost) waiting_.pop_front();
    std::string code = code_of(random_());
    waiting_.push_back({who, code, std::move(m), now_ms + static_cast<uint64_t>(within_.count())});
    return code;
}

std::optional<Message> Confirmations::confirm(const Confirmer& who, std::string_view code,
                                              uint64_t now_ms) {
    const auto at = std::ranges::find_if(waiting_, [&](const Waiting& w) {
        return w.who == who && w.code == code && w.until_ms > now_ms;
    });
    if (at == waiting_.end()) return std::nullopt;
    Message out = std::move(at->message);
    waiting_.erase(at);
    return out;
}

}  // namespace microhost::bot
