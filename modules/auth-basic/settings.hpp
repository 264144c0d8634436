// SPDX-License-Identifier: Apache-2.0
/// The options of the filter: names, defaults and texts.
#pragma once

#include <microhost/options.hpp>

namespace microhost::auth_basic {

struct Settings {
    std::string file, realm, groups_file, user_header;
    std::vector<std::string> roles;
    std::chrono::milliseconds cache_ttl, timeout;
    std::int64_t cache_size;
    bool forward_authorization;

    static constexpr auto options = mh::options(
        mh::required("file", &Settings::file,
                     "htpasswd file; hashes are bcrypt, SHA-crypt or yescrypt"),
        mh::option("realm", &Settings::realm, "microhost",
                   "What the browser shows when it asks for the password"),
        mh::option("groups_file", &Settings::groups_file, "", "File of lines ROLE: USER USER ..."),
        mh::option("roles", &Settings::roles, "", "Such lines, beside those of the file"),
        mh::option(
            "user_header", &Settings::user_header, "",
            "Request field that tells the handler the user; what clients send in it is removed"),
        mh::option("forward_authorization", &Settings::forward_authorization, false,
                   "Leave the password in the request"),
        mh::option("cache_ttl", &Settings::cache_ttl, std::chrono::milliseconds(60'000),
                   "How long a verified password is not computed again; 0: always"),
        mh::option("cache_size", &Settings::cache_size, 1000,
                   "Verified passwords that each loop keeps")
            .range(0, 100'000),
        mh::option("timeout", &Settings::timeout, std::chrono::milliseconds(5'000),
                   "Longest wait for a worker; then on_error"));
};

}  // namespace microhost::auth_basic
