// SPDX-License-Identifier: Apache-2.0
/// The people of a htpasswd file and their roles.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::shared {

/// What is wrong with a whole file, as one sentence: "line 3: ...".
struct Damage : std::runtime_error {
    using std::runtime_error::runtime_error;
};

using Roles = std::map<std::string, std::vector<std::string>, std::less<>>;  ///< of each user

/// Adds lines `ROLE: USER USER ...`, as in Apache's group files. Throws Damage.
void read_groups(std::string_view text, Roles& roles);

/// Read-only once made: shared by all loops.
class Users {
  public:
    /// Lines `USER:HASH[:ROLE,ROLE]`; empty ones and those with # in front are skipped. A third part that is no list of viewer,
    /// operator and admin (htpasswd files may have a name there) says nothing about roles. Throws Damage.
    Users(std::string_view htpasswd, const Roles& roles);

    struct User {
        std::string name, hash;  ///< the hash is empty where it is of no use: nobody is let in
        std::vector<std::string> roles;
    };
    /// Null: there is no such user, or nobody may log in as him.
    const User* find(std::string_view name) const;
    /// What is computed for people who are not there, so that the time does not tell. Empty: nobody is there at all.
    const std::string& dummy() const { return dummy_; }
    size_t size() const { return by_name_.size(); }
    /// "user "bob" (line 2): MD5 of Apache ($apr1$) is not supported ...", for each who cannot log in.
    const std::vector<std::string>& problems() const { return problems_; }

  private:
    void choose_dummy();

    std::map<std::string, User, std::less<>> by_name_;
    std::string dummy_;
    std::vector<std::string> problems_;
};

}  // namespace microhost::shared
