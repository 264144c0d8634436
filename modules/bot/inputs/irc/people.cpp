// SPDX-License-Identifier: Apache-2.0
#include "people.hpp"

#include "line.hpp"

namespace microhost::bot::irc {

std::string known_account(std::string_view account) {
    const bool nobody = account == "*" || account == "0" || !is_word(account);
    if (nobody || account.size() > People::kLongestAccount) return {};
    return fold(account, Casemap::ascii);
}

People::Person* People::find(std::string_view nick) {
    const auto it = all_.find(fold(nick, map_));
    return it == all_.end() ? nullptr : &it->second;
}

const People::Person* People::find(std::string_view nick) const {
    return const_cast<People*>(this)->find(nick);
}

void People::joined(std::string_view nick, std::string_view room) {
    if (nick.empty() || (all_.size() >= kMost && !find(nick))) return;
    all_[fold(nick, map_)].rooms.insert(fold(room, map_));
}

void People::set_account(std::string_view nick, std::string_view account) {
    if (Person* p = find(nick)) p->account = known_account(account);
}

void People::set_robot(std::string_view nick) {
    if (Person* p = find(nick)) p->robot = true;
}

void People::renamed(std::string_view from, std::string_view to) {
    auto node = all_.extract(fold(from, map_));
    if (node.empty()) return quit(to);
    node.key() = fold(to, map_);
    all_.erase(node.key());
    all_.insert(std::move(node));
}

void People::left(std::string_view nick, std::string_view room) {
    const auto it = all_.find(fold(nick, map_));
    if (it == all_.end()) return;
    it->second.rooms.erase(fold(room, map_));
    if (it->second.rooms.empty()) all_.erase(it);
}

void People::quit(std::string_view nick) { all_.erase(fold(nick, map_)); }

void People::closed(std::string_view room) {
    const std::string gone = fold(room, map_);
    for (auto it = all_.begin(); it != all_.end();) {
        it->second.rooms.erase(gone);
        it = it->second.rooms.empty() ? all_.erase(it) : std::next(it);
    }
}

std::string_view People::account(std::string_view nick) const {
    const Person* p = find(nick);
    return p ? std::string_view(p->account) : std::string_view();
}

bool People::robot(std::string_view nick) const {
    const Person* p = find(nick);
    return p && p->robot;
}

}  // namespace microhost::bot::irc
