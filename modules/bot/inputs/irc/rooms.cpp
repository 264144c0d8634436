// SPDX-License-Identifier: Apache-2.0
#include "rooms.hpp"

#include <microhost/host.hpp>

#include <algorithm>

#include "line.hpp"

namespace microhost::bot::irc {
namespace {

constexpr size_t kLongestName = 200, kMostRooms = 100;

ms pause_after(unsigned failures) {
    return std::min(Rooms::kLongestPause, Rooms::kFirstPause * (1u << std::min(failures, 10u)));
}

}  // namespace

Rooms::Rooms(const std::vector<std::string>& wanted) {
    for (const std::string& w : wanted) {
        Room r;
        r.name = w.substr(0, w.find(' '));
        if (r.name.size() < w.size()) r.key = w.substr(r.name.size() + 1);
        const bool channel = is_word(r.name) && r.name.find_first_of("#&+!") == 0 &&
                             r.name.size() <= kLongestName && r.name.find(',') == r.name.npos;
        const bool key = r.key.empty() || (is_word(r.key) && r.key.find(',') == r.key.npos);
        if (!channel || !key)
            throw mh::failure("irc_channels: \"" + r.name.substr(0, 60) +
                                  "\" is no channel; write #NAME, or \"#NAME KEY\"",
                              "/irc_channels");
        if (!find(r.name)) all_.push_back(std::move(r));
    }
    if (all_.size() > kMostRooms)
        throw mh::failure("irc_channels: more than " + std::to_string(kMostRooms) + " channels",
                          "/irc_channels");
}

void Rooms::reset() {
    for (Room& r : all_) {
        r.state = Room::State::out;
        r.next = ms(0);
        r.failures = 0;
    }
}

Room* Rooms::due(ms now) {
    for (Room& r : all_) {
        if (r.state == Room::State::in || r.next > now) continue;
        r.state = Room::State::joining;
        r.next = now + kAnswer;
        return &r;
    }
    return nullptr;
}

std::optional<ms> Rooms::next_due() const {
    std::optional<ms> out;
    for (const Room& r : all_)
        if (r.state != Room::State::in) out = std::min(out.value_or(r.next), r.next);
    return out;
}

Room* Rooms::find(std::string_view name) {
    const std::string wanted = fold(name, map_);
    const auto it = std::find_if(all_.begin(), all_.end(),
                                 [&](const Room& r) { return fold(r.name, map_) == wanted; });
    return it == all_.end() ? nullptr : &*it;
}

bool Rooms::in(std::string_view name) const {
    const Room* r = const_cast<Rooms*>(this)->find(name);
    return r && r->state == Room::State::in;
}

void Rooms::joined(Room& r, ms now) {
    r.state = Room::State::in;
    r.trouble.clear();
    r.next = now;  // since when
}

bool Rooms::out(Room& r, std::string why, ms pause, ms now) {
    r.state = Room::State::out;
    r.next = now + pause;
    ++r.failures;
    const bool fresh = r.trouble != why;
    r.trouble = std::move(why);
    return fresh;
}

bool Rooms::refused(Room& r, std::string why, ms now) {
    return out(r, std::move(why), std::max(ms(60'000), pause_after(r.failures)), now);
}

bool Rooms::kicked(Room& r, std::string why, ms now) {
    if (now - r.next >= kLongestPause) r.failures = 0;  // it was there in peace
    const ms pause = r.failures >= kMostKicks ? ms::max() / 4 : pause_after(r.failures);
    return out(r, std::move(why), pause, now);
}

}  // namespace microhost::bot::irc
