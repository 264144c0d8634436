// SPDX-License-Identifier: Apache-2.0
#include "tool/token.hpp"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "command/definition.hpp"
#include "json/nearest.hpp"
#include "tool/options.hpp"

namespace microhost::tool {
namespace {

constexpr size_t kBytes = 32;

/// base64url without padding: what may stand in a header, in a file and in a shell.
std::string url_text(const std::array<unsigned char, kBytes>& bytes) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    uint32_t waiting = 0;
    unsigned bits = 0;
    for (const unsigned char b : bytes) {
        waiting = waiting << 8 | b;
        for (bits += 8; bits >= 6; bits -= 6) out += kDigits[waiting >> (bits - 6) & 63];
    }
    return out += kDigits[waiting << (6 - bits) & 63];
}

bool is_subject(std::string_view name) {
    return !name.empty() && name.size() <= 100 && std::ranges::all_of(name, [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
    });
}

}  // namespace

int token(const Arguments& arguments) {
    std::string action, role = "operator", name = "token";
    Options options(
        arguments,
        "microhost token new --role viewer --name anna >> tokens   # the proxy's token_file");
    options.word("ACTION", action, "new")
        .value("--role", role, "ROLE", "viewer, operator (without it) or admin")
        .value("--name", name, "NAME", "whose it is: the proxy's log says it");
    if (auto status = options.parse()) return *status;
    if (action != "new") return options.refuse(json::quote_short(action) + " is not new");
    if (command::rank(role) <= 0)
        return options.refuse("--role: " + json::quote_short(role) +
                              " is none of viewer, operator, admin" +
                              json::did_you_mean(role, {"viewer", "operator", "admin"}));
    if (!is_subject(name)) return options.refuse("--name: one word of at most 100 bytes");
    std::array<unsigned char, kBytes> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return no(error("the system gives no random bytes: {}", std::strerror(errno)));
    // What a person has to know stands beside the line, so that >> works.
    fmt::print(stderr,
               "microhost: a line for the proxy's token_file; its first word is the token, for "
               "--remote_token_file or MICROHOST_REMOTE_TOKEN. It is shown once.\n");
    return print(fmt::format("{} {} {}\n", url_text(bytes), name, role));
}

}  // namespace microhost::tool
