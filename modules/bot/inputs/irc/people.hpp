// SPDX-License-Identifier: Apache-2.0
/// Who is in our channels, and as whom the services know them: for servers that do not tag each message with the account.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "text.hpp"

namespace microhost::bot::irc {

/// What it does not know it answers with nobody: whoever is out of sight for a moment may come back as somebody else.
class People {
  public:
    static constexpr size_t kMost = 20'000, kLongestAccount = 128;

    void set_casemap(Casemap map) { map_ = map; }
    void joined(std::string_view nick, std::string_view room);
    /// `account` as the server writes it: "*" and "0" are nobody.
    void set_account(std::string_view nick, std::string_view account);
    void set_robot(std::string_view nick);
    void renamed(std::string_view from, std::string_view to);
    void left(std::string_view nick, std::string_view room);
    void quit(std::string_view nick);
    /// We are not there any more.
    void closed(std::string_view room);
    void clear() { all_.clear(); }

    /// Empty: nobody that is known.
    std::string_view account(std::string_view nick) const;
    bool robot(std::string_view nick) const;
    size_t size() const { return all_.size(); }

    struct Person {
        std::string account;
        std::set<std::string> rooms;
        bool robot = false;
    };
    const std::unordered_map<std::string, Person>& all() const { return all_; }

  private:
    Person* find(std::string_view nick);
    const Person* find(std::string_view nick) const;

    std::unordered_map<std::string, Person> all_;
    Casemap map_ = Casemap::rfc1459;
};

/// As `account` is compared and shown: in small letters; empty for "*", "0" and what can be none.
std::string known_account(std::string_view account);

}  // namespace microhost::bot::irc
