// SPDX-License-Identifier: Apache-2.0
/// The options of the input, and its tokens, which may lie in files that are watched.
#pragma once

#include <microhost/config.h>
#include <microhost/watch.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace microhost::bot::slack {

struct Settings {
    std::string token, token_file, app_token, app_token_file;
    std::string api, ca_file;
    bool debug = false;

    /// Throws mh::failure for what cannot work.
    static Settings read(const mh_config* config);
};

/// What is wrong with a token, as a part of a sentence that does not repeat it; null when nothing is.
const char* token_problem(std::string_view token, bool of_app);

/// [main]
class Secret {
  public:
    /// `value`, or what `file` says. Throws mh::failure. `changed` is called when the file says something else later on.
    Secret(std::string value, const std::string& file, const char* option, bool of_app,
           std::function<void()> changed);
    const std::string& value() const { return value_; }

  private:
    void read(const std::string& file, mh_status s, std::string_view content);

    std::string value_, problem_;
    bool of_app_, ready_ = false;
    std::function<void()> changed_;
    std::optional<mh::watched_file> file_;
};

}  // namespace microhost::bot::slack
