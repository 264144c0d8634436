// SPDX-License-Identifier: Apache-2.0
// What one generation of the module tells the next, so that the bot stays in its channels.
#include <microhost/json.hpp>

#include "../../../shared/base64.hpp"
#include "../../../shared/json_writer.hpp"
#include "session.hpp"

namespace microhost::bot::irc {
namespace {

using shared::JsonWriter;

void write_people(JsonWriter& w, const People& people) {
    w.key("people").begin_array();
    for (const auto& [nick, person] : people.all()) {
        w.begin_object().key("nick").string(nick).key("account").string(person.account);
        w.key("robot").boolean(person.robot).key("rooms").begin_array();
        for (const std::string& room : person.rooms) w.string(room);
        w.end_array().end_object();
    }
    w.end_array();
}

void write_outbox(JsonWriter& w, const Outbox& outbox) {
    w.key("waiting").begin_array();
    for (const Outbox::Item& i : outbox.items())
        w.begin_object().key("to").string(i.target).key("text").string(i.text).end_object();
    w.end_array();
}

std::string text(mh::json_value v) { return std::string(v.string().value_or("")); }

template <class F>
void each(mh::json_value list, F&& f) {
    for (uint32_t i = 0; i < list.count(); ++i) f(list.at(i));
}

}  // namespace

std::string Session::save() const {
    std::string out, rest = shared::base64_encode(reader_.rest());
    JsonWriter w(out);
    w.begin_object().key("nick").string(nick_.now()).key("user_host").string(user_host_);
    w.key("network").string(network_).key("prefixes").string(nick_prefixes_);
    w.key("robot_flag").string(robot_flag_).key("whox").boolean(whox_);
    w.key("casemap").integer(static_cast<int64_t>(map_)).key("rest").string(rest);
    w.key("server_time").integer(server_time_s_);
    w.key("longest_nick").integer(static_cast<int64_t>(nick_.longest()));
    w.key("sent").integer(static_cast<int64_t>(sent_));
    w.key("received").integer(static_cast<int64_t>(received_));
    w.key("capabilities").begin_array();
    for (const std::string& c : login_.enabled()) w.string(c);
    w.end_array().key("rooms").begin_array();
    for (const Room& r : rooms_.all())
        if (r.state == Room::State::in) w.string(r.name);
    w.end_array();
    write_people(w, people_);
    write_outbox(w, outbox_);
    w.end_object();
    return out;
}

bool Session::load(std::string_view state, ms now) {
    const mh::json_document document(state);
    const mh::json_value root = document.root();
    std::string rest;
    if (text(root["nick"]).empty() || !shared::base64_decode(text(root["rest"]), rest))
        return false;
    now_ = opened_ = heard_ = now;
    outbox_ = {};
    people_.clear();
    phase_ = Phase::online;
    regain_ = now + kAnswer;
    map_ = static_cast<Casemap>(root["casemap"].integer().value_or(0) % 3);
    rooms_.set_casemap(map_), people_.set_casemap(map_);
    nick_.set_longest(static_cast<size_t>(root["longest_nick"].integer().value_or(0)));
    nick_.is(text(root["nick"]));
    user_host_ = text(root["user_host"]), network_ = text(root["network"]);
    nick_prefixes_ = text(root["prefixes"]), robot_flag_ = text(root["robot_flag"]);
    whox_ = root["whox"].boolean().value_or(false);
    server_time_s_ = root["server_time"].integer().value_or(0);
    sent_ = static_cast<uint64_t>(root["sent"].integer().value_or(0));
    received_ = static_cast<uint64_t>(root["received"].integer().value_or(0));
    reader_.reset(rest);
    std::set<std::string, std::less<>> enabled;
    each(root["capabilities"], [&](mh::json_value c) { enabled.insert(text(c)); });
    login_.resume(std::move(enabled));
    rooms_.reset();
    each(root["rooms"], [&](mh::json_value name) {
        if (Room* r = rooms_.find(text(name)))
            rooms_.joined(*r, now);
        else
            urgent(compose("PART", {text(name)}));  // the new config does not have it
    });
    each(root["people"], [&](mh::json_value p) {
        each(p["rooms"], [&](mh::json_value room) { people_.joined(text(p["nick"]), text(room)); });
        people_.set_account(text(p["nick"]), text(p["account"]));
        if (p["robot"].boolean().value_or(false)) people_.set_robot(text(p["nick"]));
    });
    each(root["waiting"], [&](mh::json_value i) {
        outbox_.push({text(i["to"]), text(i["text"]), now});
    });
    return true;
}

}  // namespace microhost::bot::irc
