// SPDX-License-Identifier: Apache-2.0
/// --remote: the environment that a command works on when it is not this machine, and how it is reached.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/client.hpp"
#include "config/surroundings.hpp"
#include "result.hpp"

namespace microhost::tool {

/// What was asked for on the command line.
struct RemoteFlags {
    std::optional<std::string> remote, ca_file, token_file;
    bool insecure = false;

    /// Takes --remote, --remote_ca, --remote_token_file and --insecure out of the words before "--". Those that come later count.
    Result<> take(std::vector<std::string>& words);
    bool any() const { return remote || ca_file || token_file || insecure; }
    /// As words again, for a process that is to work on the same environment.
    std::vector<std::string> words() const;
};

struct Remote {
    std::string name;  ///< as it was asked for: a name or a URL
    command::Target target;
    std::string token_from;  ///< "tokens/prod", "MICROHOST_REMOTE_TOKEN", or empty

    /// One line on standard error, when a person reads it.
    void tell() const;
    /// Why its answer is none, and what would help.
    Error refusal(const command::Reply& reply) const;
};

struct RemoteUrl {
    std::string host;
    uint16_t port = 8081;
    bool tls = false;

    /// "https://host:8081", "http://[::1]:8081". Errors say what is wrong with it.
    static Result<RemoteUrl> parse(std::string_view text);
    std::string text() const;
    bool is_loopback() const;
};

/// --remote, else MICROHOST_REMOTE, else what `microhost env use` chose. Nothing: this machine. Errors are for exit status 2.
Result<std::optional<Remote>> find_remote(const RemoteFlags& flags, const config::Surroundings& in);

}  // namespace microhost::tool
