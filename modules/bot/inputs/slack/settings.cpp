// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <microhost/config_reader.hpp>

#include "../../../shared/text.hpp"

namespace microhost::bot::slack {
namespace {

constexpr char kNoRtm[] =
    "slack_token alone is Slack's old RTM API, which Slack has ended for apps of today and for "
    "legacy bots; "
    "make an app with Socket Mode (README.md says how) and give its xapp- token as slack_app_token "
    "as well";

void one_of(const std::string& value, const std::string& file, const char* option) {
    const std::string name(option + 1);
    if (!value.empty() && !file.empty())
        throw mh::failure("give one of " + name + " and " + name + "_file", option);
}

}  // namespace

Settings Settings::read(const mh_config* config) {
    const mh::config_reader from(config);
    Settings s;
    from.read("slack_token", s.token), from.read("slack_token_file", s.token_file);
    from.read("slack_app_token", s.app_token), from.read("slack_app_token_file", s.app_token_file);
    from.read("slack_api", s.api), from.read("slack_ca_file", s.ca_file);
    from.read("slack_debug", s.debug);
    one_of(s.token, s.token_file, "/slack_token");
    one_of(s.app_token, s.app_token_file, "/slack_app_token");
    if (s.token.empty() && s.token_file.empty())
        throw mh::failure(
            "slack_token: the bot's token is missing: the one of the app's page that begins with "
            "xoxb-",
            "/slack_token");
    if (s.app_token.empty() && s.app_token_file.empty())
        throw mh::failure(kNoRtm, "/slack_app_token");
    return s;
}

const char* token_problem(std::string_view token, bool of_app) {
    if (token.empty()) return "it is empty";
    for (const char c : token)
        if (c <= ' ' || c >= 0x7f) return "it holds blanks or characters that no token has";
    if (of_app) return token.starts_with("xapp-") ? nullptr : "the app's token begins with xapp-";
    if (token.starts_with("xapp-"))
        return "this is the app's token; it belongs into slack_app_token";
    if (token.starts_with("xoxp-")) return "this is a person's token; the bot's begins with xoxb-";
    return token.starts_with("xoxb-") || token.starts_with("xoxe.xoxb-")
               ? nullptr
               : "the bot's token begins with xoxb-";
}

Secret::Secret(std::string value, const std::string& file, const char* option, bool of_app,
               std::function<void()> changed)
    : value_(std::move(value)), of_app_(of_app), changed_(std::move(changed)) {
    if (file.empty()) {
        const char* wrong = token_problem(value_, of_app);
        problem_ = wrong ? wrong : "";
    } else {
        file_.emplace(
            file, [this, file](mh_status s, std::string_view content) { read(file, s, content); });
    }
    if (!problem_.empty())
        throw mh::failure(
            std::string(option + 1) + (file.empty() ? ": " : "_file: " + file + ": ") + problem_,
            option + std::string(file.empty() ? "" : "_file"));
    ready_ = true;
}

void Secret::read(const std::string& file, mh_status s, std::string_view content) {
    const std::string_view token = shared::trim(content);
    const char* wrong = s == MH_OK ? token_problem(token, of_app_) : nullptr;
    problem_ = s != MH_OK ? std::string(mh::file_problem(s)) : wrong ? wrong : "";
    if (!problem_.empty()) {
        if (ready_) mh::log::warn(file + ": " + problem_ + "; the token read last still counts");
        return;
    }
    if (value_ == token) return;
    value_ = token;
    if (ready_) changed_();
}

}  // namespace microhost::bot::slack
