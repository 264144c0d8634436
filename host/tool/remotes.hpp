// SPDX-License-Identifier: Apache-2.0
/// The remote environments that a user has given names: CONFIG/microhost/remotes.json.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/surroundings.hpp"
#include "result.hpp"

namespace microhost::tool {

/// The name of this machine, which no remote can have.
inline constexpr std::string_view kLocal = "local";

struct NamedRemote {
    std::string url, ca_file, token_file;  ///< the files may be empty
};

class Remotes {
  public:
    /// Of the user; without a file none. Errors name the file.
    static Result<Remotes> read(const config::Surroundings& in);
    Result<> write() const;

    /// The one that commands work on without being told; empty: this machine.
    std::string current;
    std::map<std::string, NamedRemote, std::less<>> all;

    const std::string& path() const { return path_; }
    /// Why there is none of that name, with those that there are.
    Error unknown(std::string_view name) const;

  private:
    std::string path_;
};

/// Letters, digits, ".", "-" and "_", at most 64 of them, and not "local".
bool is_remote_name(std::string_view name);

}  // namespace microhost::tool
