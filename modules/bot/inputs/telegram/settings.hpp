// SPDX-License-Identifier: Apache-2.0
/// The options of the input, read once; README.md of the module says more.
#pragma once

#include <microhost/config.h>
#include <microhost/fetch.hpp>

#include <string>
#include <vector>

namespace microhost::bot::telegram {

struct Settings {
    std::string token, token_file;
    std::vector<std::string> whitelist;  ///< user names or numbers; empty: everybody
    std::string api = "https://api.telegram.org";
    std::string ca_file;
    bool debug = false;
    mh::url where;  ///< of `api`

    /// Throws mh::failure for what cannot work.
    static Settings read(const mh_config* config);
    void check();
    /// Whether who has this name and number is listened to.
    bool listens_to(std::string_view user_name, std::string_view id) const;
};

/// "123456:AA...": nothing else goes into a URL.
bool is_token(std::string_view token);

}  // namespace microhost::bot::telegram
