// SPDX-License-Identifier: Apache-2.0
#include "envelopes.hpp"

#include <microhost/json.hpp>

#include <algorithm>

#include "text.hpp"

namespace microhost::bot::slack {
namespace {

constexpr size_t kLongestId = 255, kLongestName = 80, kLongestUrl = 2000;

std::string text_of(mh::json_value v, size_t most) {
    const auto s = v.string();
    return s && s->size() <= most ? std::string(*s) : std::string();
}
std::string id_of(mh::json_value v) { return text_of(v, kLongestId); }

void take_text(Heard& h, mh::json_value v) {
    h.text = text_of(v, kLongestText);
    h.too_long = v.string().value_or("").size() > kLongestText;
}

/// For the log: only what cannot be somebody's words.
std::string word_of(mh::json_value v) {
    std::string word = text_of(v, 40);
    const bool plain = std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    });
    return plain ? word : "?";
}

/// Edits, deletions, people who join: nobody speaks in them.
bool is_speech(std::string_view subtype) {
    return subtype.empty() || subtype == "file_share" || subtype == "thread_broadcast" ||
           subtype == "bot_message" || subtype == "me_message";
}

std::optional<Heard> read_event(mh::json_value payload) {
    const mh::json_value event = payload["event"];
    const std::string type = id_of(event["type"]);
    if (type != "message" && type != "app_mention") return {};
    if (!is_speech(event["subtype"].string().value_or(""))) return {};
    Heard h;
    h.event = id_of(payload["event_id"]);
    h.channel = id_of(event["channel"]), h.ts = id_of(event["ts"]);
    h.thread = id_of(event["thread_ts"]);
    h.team = id_of(payload["team_id"]), h.user = id_of(event["user"]);
    // Of a guest of a shared channel it is the other team that vouches.
    if (const std::string theirs = id_of(event["user_team"]); !theirs.empty()) h.team = theirs;
    take_text(h, event["text"]);
    h.direct = event["channel_type"].string() == "im" || h.channel.starts_with('D');
    h.robot = event["bot_id"].string() || event["subtype"].string() == "bot_message" ||
              h.user == "USLACKBOT";
    if (h.channel.empty() || h.ts.empty() || (h.user.empty() && !h.robot)) return {};
    return h;
}

std::optional<Heard> read_slash(mh::json_value payload) {
    Heard h;
    h.slash = true;
    h.channel = id_of(payload["channel_id"]), h.team = id_of(payload["team_id"]);
    h.user = id_of(payload["user_id"]), h.user_name = text_of(payload["user_name"], kLongestName);
    take_text(h, payload["text"]);
    h.response_url = text_of(payload["response_url"], kLongestUrl);
    h.direct = payload["channel_name"].string() == "directmessage";
    // What was typed again is another command; what Slack sends again is the same.
    h.event = id_of(payload["trigger_id"]);
    if (h.channel.empty() || h.user.empty()) return {};
    return h;
}

}  // namespace

Frame read_frame(std::string_view json) {
    Frame f;
    const mh::json_document document(json);
    const mh::json_value root = document.root();
    if (!document || !root["type"].string()) return f;
    f.type = word_of(root["type"]);
    f.envelope = id_of(root["envelope_id"]);
    if (!f.envelope.empty()) {
        f.kind = Frame::Kind::envelope;
        const mh::json_value payload = root["payload"];
        if (f.type == "events_api") f.heard = read_event(payload);
        if (f.type == "slash_commands") f.heard = read_slash(payload);
    } else if (f.type == "hello") {
        f.kind = Frame::Kind::hello;
    } else if (f.type == "disconnect") {
        f.kind = Frame::Kind::disconnect;
        f.reason = word_of(root["reason"]);
    } else {
        f.kind = Frame::Kind::other;
    }
    return f;
}

std::string acknowledgement(std::string_view envelope) {
    return "{\"envelope_id\":" + mh::quoted(envelope) + "}";
}

Message message_of(const Heard& h, std::string_view self) {
    Message m;
    m.from.name = h.user_name.empty() ? h.user : h.user_name;
    if (!h.team.empty() && !h.user.empty()) m.from.identity = "slack:" + h.team + "/" + h.user;
    m.from.robot = h.robot;
    // A direct conversation has an address of its own; it is where its person is spoken to.
    m.place.peer = h.direct ? h.channel : h.user;
    if (!h.direct) m.place.room = h.channel;
    m.place.thread = !h.thread.empty() ? h.thread : h.direct ? std::string() : h.ts;
    std::string_view text = h.text;
    m.addressed = strip_mention(text, self) || h.direct || h.slash;
    m.text = unescape(text);
    return m;
}

}  // namespace microhost::bot::slack
