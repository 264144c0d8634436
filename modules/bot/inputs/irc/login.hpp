// SPDX-License-Identifier: Apache-2.0
/// From the open connection to the welcome: capabilities (IRCv3 CAP 302) and SASL. Servers that know neither are fine.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "line.hpp"
#include "sasl.hpp"
#include "settings.hpp"

namespace microhost::bot::irc {

/// Why a connection has to end.
struct End {
    std::string why;       ///< one line: what, and what to do
    bool refused = false;  ///< for good
    ms stay_away{0};       ///< at least this long
};

class Login {
  public:
    using Write = std::function<void(const std::string& line)>;
    Login(const Settings& settings, Write write) : settings_(settings), write_(std::move(write)) {}

    /// The first lines.
    void begin(std::string_view nick);
    /// CAP, AUTHENTICATE, and what is said about them; other lines say nothing to it. Something: that cannot work.
    std::optional<End> take(const Line& line);
    /// 001 came.
    std::optional<End> welcome();

    bool has(std::string_view capability) const { return enabled_.contains(capability); }
    const std::set<std::string, std::less<>>& enabled() const { return enabled_; }
    /// Goes on where another one was: it is welcome, with these.
    void resume(std::set<std::string, std::less<>> enabled);

  private:
    std::optional<End> cap(const Line& line);
    void offered(std::string_view list);
    std::optional<End> ask();
    std::optional<End> acknowledged(std::string_view list);
    std::optional<End> denied();
    std::optional<End> begin_sasl();
    std::optional<End> authenticate(const Line& line);
    std::optional<End> authenticated();
    std::optional<End> finish();
    End sasl_failed(const Line& line) const;
    bool wanted(std::string_view capability) const;

    const Settings& settings_;
    Write write_;
    std::map<std::string, std::string, std::less<>> offered_;  ///< with their values
    std::set<std::string, std::less<>> enabled_;
    std::unique_ptr<Mechanism> mechanism_;
    Pieces pieces_;
    std::string mechanisms_;  ///< that the server takes, from 908
    bool asked_sasl_alone_ = false, logged_in_ = false, welcome_ = false;
};

/// Of what the server wrote for people: one line, not too long, nothing that could paint a terminal.
std::string quoted_text(std::string_view text);

}  // namespace microhost::bot::irc
