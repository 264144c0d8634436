// SPDX-License-Identifier: Apache-2.0
#include "updates.hpp"

#include <algorithm>

#include "../../../shared/text.hpp"

namespace microhost::bot::telegram {
namespace {

/// Said by somebody else than who sent it: it is no wish of the sender.
bool second_hand(mh::json_value message) {
    for (const char* key : {"forward_origin", "forward_date", "forward_from", "via_bot"})
        if (!message[key].is_null()) return true;
    return false;
}

Sender sender(mh::json_value from, const std::string& id) {
    Sender out;
    const std::string_view user_name = from["username"].string().value_or(""),
                           first = from["first_name"].string().value_or("");
    out.name = user_name.empty() ? first : user_name;
    // Telegram gives each of them a number for life; names change hands.
    out.identity = "telegram:" + id;
    out.robot = from["is_bot"].boolean().value_or(false);
    return out;
}

bool read_message(mh::json_value m, const Me& me, const Settings& settings, int64_t oldest_s,
                  Message& out) {
    const auto text = m["text"].string();
    const auto from = m["from"]["id"].integer(), chat = m["chat"]["id"].integer();
    const std::string_view kind = m["chat"]["type"].string().value_or("");
    if (!text || !from || !chat || kind == "channel" || *from == me.id || second_hand(m))
        return false;
    if (m["date"].integer().value_or(0) < oldest_s) return false;
    const std::string id = std::to_string(*from);
    if (!settings.listens_to(m["from"]["username"].string().value_or(""), id)) return false;
    const bool direct = kind == "private";
    const Asked what = asked(*text, me.user_name, direct);
    out.from = sender(m["from"], id);
    out.place.peer = direct ? std::to_string(*chat) : id;
    if (!direct) out.place.room = std::to_string(*chat);
    const auto thread = m["message_thread_id"].integer();
    if (thread && m["is_topic_message"].boolean().value_or(false))
        out.place.thread = std::to_string(*thread);
    out.text = what.text;
    out.addressed = what.addressed || m["reply_to_message"]["from"]["id"].integer() == me.id;
    return !out.text.empty() || out.addressed;
}

/// Whether text begins with the name, as a whole word; it is cut off then.
bool cut_name(std::string_view& text, std::string_view user_name) {
    if (user_name.empty() || !shared::iequals(text.substr(0, user_name.size()), user_name))
        return false;
    const std::string_view rest = text.substr(user_name.size());
    if (!rest.empty() && (shared::is_alnum(rest[0]) || rest[0] == '_')) return false;
    text = rest;
    return true;
}

}  // namespace

Asked asked(std::string_view text, std::string_view user_name, bool direct) {
    text = shared::trim(text);
    if (text.starts_with('@')) {
        std::string_view rest = text.substr(1);
        if (!cut_name(rest, user_name)) return {std::string(text), direct};
        if (rest.starts_with(':') || rest.starts_with(',')) rest.remove_prefix(1);
        return {std::string(shared::trim(rest)), true};
    }
    if (!text.starts_with('/')) return {std::string(text), direct};
    // A command may say for which of the bots in the group it is.
    const size_t end = std::min(text.find_first_of("@ \n"), text.size());
    std::string_view command = text.substr(1, end - 1), rest = text.substr(end);
    bool ours = direct;
    if (rest.starts_with('@')) {
        rest.remove_prefix(1);
        if (!cut_name(rest, user_name)) return {std::string(text), false};
        ours = true;
    }
    if (!ours) return {std::string(text), false};
    if (command == "start") command = "help";  // what the button of a new chat sends
    return {std::string(shared::trim(std::string(command) + std::string(rest))), true};
}

Updates read_updates(mh::json_value result, const Me& me, const Settings& settings,
                     int64_t oldest_s) {
    Updates out;
    for (uint32_t i = 0; i < result.count(); ++i) {
        const mh::json_value update = result.at(i);
        const auto id = update["update_id"].integer();
        if (!id || *id < 0 || *id == INT64_MAX) continue;
        out.next = std::max(out.next, *id + 1);
        Message m;
        if (read_message(update["message"], me, settings, oldest_s, m))
            out.messages.push_back(std::move(m));
    }
    return out;
}

}  // namespace microhost::bot::telegram
