// SPDX-License-Identifier: Apache-2.0
#include "login.hpp"

#include <algorithm>

#include "../../../shared/text.hpp"
#include "text.hpp"

namespace microhost::bot::irc {
namespace {

// echo-message is not among them: what the bot said it knows.
constexpr std::string_view kWanted[] = {"account-notify", "account-tag",  "extended-join",
                                        "message-tags",   "multi-prefix", "server-time"};
constexpr size_t kMostOffered = 200;

std::string with_text(std::string why, const Line& line) {
    return std::move(why) + " (it says " + quoted_text(line.last()) + ")";
}

}  // namespace

std::string quoted_text(std::string_view text) {
    const std::string plain = without_formatting(text);
    return '"' + plain.substr(0, fitting(plain, 200)) + '"';
}

void Login::begin(std::string_view nick) {
    offered_.clear(), enabled_.clear(), mechanism_.reset(), pieces_ = {}, mechanisms_.clear();
    asked_sasl_alone_ = logged_in_ = welcome_ = false;
    write_(compose("CAP", {"LS", "302"}));
    if (!settings_.password.empty()) write_(compose("PASS", {}, settings_.password));
    write_(compose("NICK", {nick}));
    write_(compose("USER", {settings_.user, "0", "*"}, "microhost bot"));
}

void Login::resume(std::set<std::string, std::less<>> enabled) {
    enabled_ = std::move(enabled);
    logged_in_ = welcome_ = true;
}

std::optional<End> Login::take(const Line& line) {
    const std::string_view c = line.command;
    if (c == "CAP") return cap(line);
    if (c == "AUTHENTICATE") return authenticate(line);
    if (c == "903" || c == "907") return authenticated();
    if (c == "902" || c == "904" || c == "905" || c == "906") return sasl_failed(line);
    if (c == "908") mechanisms_ = line.param(1);
    if (welcome_) return {};
    if (c == "464")
        return End{with_text("the server wants another password: check irc_password", line), true};
    if (c == "465") return End{with_text("the server bans the bot", line), true};
    return {};
}

std::optional<End> Login::welcome() {
    welcome_ = true;
    // A server without CAP has welcomed us as nobody.
    if (settings_.wants_sasl() && !logged_in_) return finish();
    return {};
}

// ---- capabilities

std::optional<End> Login::cap(const Line& line) {
    const std::string_view what = line.param(1), list = line.last();
    if (line.params.size() < 3) return {};
    if (what == "LS" || what == "NEW") {
        offered(list);
        const bool more = what == "LS" && line.params.size() > 3 && line.param(2) == "*";
        return more ? std::nullopt : ask();
    }
    if (what == "DEL") {
        shared::for_each_item(list, ' ', [this](std::string_view name) {
            enabled_.erase(std::string(name)), offered_.erase(std::string(name));
        });
    }
    if (what == "ACK") return acknowledged(list);
    if (what == "NAK") return denied();
    return {};
}

void Login::offered(std::string_view list) {
    shared::for_each_item(list, ' ', [this](std::string_view item) {
        const size_t eq = std::min(item.find('='), item.size());
        if (offered_.size() < kMostOffered)
            offered_[std::string(item.substr(0, eq))] = item.substr(std::min(eq + 1, item.size()));
    });
}

bool Login::wanted(std::string_view capability) const {
    if (capability == "sasl") return settings_.wants_sasl() && !welcome_ && !logged_in_;
    return std::find(std::begin(kWanted), std::end(kWanted), capability) != std::end(kWanted);
}

std::optional<End> Login::ask() {
    std::string list;
    for (const auto& [name, value] : offered_)
        if (wanted(name) && !has(name)) list += (list.empty() ? "" : " ") + name;
    if (list.empty()) return finish();
    write_(compose("CAP", {"REQ"}, list));
    return {};
}

std::optional<End> Login::acknowledged(std::string_view list) {
    shared::for_each_item(list, ' ', [this](std::string_view name) {
        if (name.starts_with('-'))
            enabled_.erase(std::string(name.substr(1)));
        else if (wanted(name))
            enabled_.emplace(name);
    });
    if (welcome_) return {};
    return has("sasl") && !logged_in_ ? begin_sasl() : finish();
}

// All or nothing: what we cannot do without is asked for by itself.
std::optional<End> Login::denied() {
    if (welcome_) return {};
    if (!wanted("sasl") || !offered_.contains("sasl") || asked_sasl_alone_) return finish();
    asked_sasl_alone_ = true;
    write_(compose("CAP", {"REQ"}, "sasl"));
    return {};
}

std::optional<End> Login::finish() {
    if (settings_.wants_sasl() && !logged_in_)
        return End{
            "the server has no SASL now, so the bot cannot log in to its account; are its "
            "services away? irc_sasl none goes without"};
    if (!welcome_) write_(compose("CAP", {"END"}));
    return {};
}

// ---- SASL

std::optional<End> Login::begin_sasl() {
    if (mechanism_) return {};
    const auto offer = offered_.find("sasl");
    const std::string list = offer == offered_.end() ? std::string() : offer->second;
    mechanism_ = make_mechanism(settings_, list);
    if (!mechanism_)
        return End{"the server logs in with " + quoted_text(list) + " only: set irc_sasl", true};
    write_(compose("AUTHENTICATE", {mechanism_->name()}));
    return {};
}

std::optional<End> Login::authenticate(const Line& line) {
    if (!mechanism_ || logged_in_) return {};
    const Pieces::State state = pieces_.add(line.param(0));
    if (state == Pieces::State::more) return {};
    const auto answer =
        state == Pieces::State::bad ? std::nullopt : mechanism_->answer(pieces_.take());
    if (!answer)
        return End{"the server's part of " + std::string(mechanism_->name()) +
                       " makes no sense: it is not the one that knows the account, or the password "
                       "is wrong",
                   true};
    for (const std::string& piece : authenticate_pieces(*answer))
        write_(compose("AUTHENTICATE", {piece}));
    return {};
}

std::optional<End> Login::authenticated() {
    if (!mechanism_ || logged_in_) return {};
    if (!mechanism_->complete())
        return End{"the server has not proved that it knows the account: it is another one", true};
    logged_in_ = true;
    mechanism_.reset();
    return finish();
}

End Login::sasl_failed(const Line& line) const {
    const std::string with = mechanism_ ? std::string(mechanism_->name()) : "SASL";
    std::string why = settings_.sasl == "external"
                          ? "the server does not know the certificate: check irc_cert_file"
                          : "the server does not accept the account " + settings_.account +
                                " with " + with + ": check irc_account and irc_account_password";
    if (!mechanisms_.empty()) why += "; it takes " + quoted_text(mechanisms_);
    return End{with_text(std::move(why), line), true};
}

}  // namespace microhost::bot::irc
