// SPDX-License-Identifier: Apache-2.0
#include "rooms.hpp"

#include <microhost/host.hpp>

#include <algorithm>

#include "namespaces.hpp"

namespace microhost::bot::xmpp {
namespace {

constexpr uint64_t kAnswer = 60'000;      // a room that does not answer so long is asked again
constexpr uint64_t kSelfPing = 600'000;   // XEP-0410
constexpr uint64_t kAfterKick = 60'000;   // whoever did it wants some peace
constexpr uint64_t kMayChange = 300'000;  // members only, full: somebody has to do something first
constexpr unsigned kMostConflicts = 5;
constexpr std::string_view kPingId = "room-";

std::string shortened(std::string_view text) {
    std::string out(text.substr(0, 120));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return out;
}

}  // namespace

// ---- which rooms

void Rooms::add(std::string_view text, bool trusted) {
    const auto jid = Jid::parse(text);
    if (!jid || jid->local.empty())
        throw mh::failure("\"" + shortened(text) +
                          "\" is no room; write one such as ops@conference.example.org");
    if (rooms_.size() >= kMost) throw mh::failure("more than " + std::to_string(kMost) + " rooms");
    Room& r = rooms_[jid->bare()];
    r.address = jid->with_resource("");
    r.wish = jid->resource;
    r.trusted = trusted;
}

bool Rooms::invite(const Jid& room, std::string_view password, bool trusted) {
    const auto at = rooms_.find(room.bare());
    if (at == rooms_.end() && rooms_.size() >= kMost) return false;
    Room& r = rooms_[room.bare()];
    if (r.state == Room::State::in || r.state == Room::State::joining) return true;
    if (at == rooms_.end())
        r.address = room.with_resource(""), r.invited = true, r.trusted = trusted;
    r.password = password;
    if (online_) join(r, nick_of(r));
    owner_.on_rooms();
    return true;
}

const Room* Rooms::find(const Jid& address) const {
    const auto at = rooms_.find(address.bare());
    return at == rooms_.end() ? nullptr : &at->second;
}

bool Rooms::joined(const Jid& address) const {
    const Room* r = find(address);
    return r && r->state == Room::State::in;
}

bool Rooms::hopeless(const Jid& address) const {
    const Room* r = find(address);
    return !r || r->state == Room::State::closed;
}

std::string Rooms::summary() const {
    if (rooms_.empty()) return {};
    size_t in = 0;
    std::string troubles;
    for (const auto& [name, r] : rooms_) {
        in += r.state == Room::State::in;
        if (!r.trouble.empty() && troubles.size() < 600) troubles += "; " + name + ": " + r.trouble;
    }
    return "in " + std::to_string(in) + " of " + std::to_string(rooms_.size()) +
           (rooms_.size() == 1 ? " room" : " rooms") + troubles;
}

// ---- joining

void Rooms::online(bool resumed) {
    online_ = true;
    if (resumed) return catch_up();
    to_leave_.clear();
    for (auto& [name, r] : rooms_) {
        if (r.state != Room::State::closed) join(r, nick_of(r));
    }
    owner_.on_rooms();
}

/// A session goes on, maybe with another list of rooms.
void Rooms::catch_up() {
    for (const Jid& gone : std::exchange(to_leave_, {}))
        owner_.send(Element("presence").with("type", "unavailable").with("to", gone.full()));
    for (auto& [name, r] : rooms_) {
        if (r.state == Room::State::out || r.state == Room::State::joining) join(r, nick_of(r));
    }
    tick();
}

void Rooms::join(Room& r, std::string nick) {
    r.state = Room::State::joining;
    r.nick = std::move(nick);
    r.asked_ms = owner_.now_ms();
    r.occupants.clear();
    Element muc("x", ns::kMuc);
    if (!r.password.empty()) muc.with(Element("password").saying(r.password));
    muc.with(Element("history").with("maxstanzas", "0"));
    owner_.send(Element("presence")
                    .with("to", r.address.with_resource(r.nick).full())
                    .with(std::move(muc)));
}

void Rooms::later(Room& r, std::string trouble, uint64_t at_least_ms) {
    r.state = Room::State::waiting;
    r.occupants.clear();
    r.conflicts = 0;
    const auto wait = r.patience.next(Backoff::ms(at_least_ms));
    r.retry_ms = owner_.now_ms() + static_cast<uint64_t>(wait.count());
    r.trouble = std::move(trouble) + "; tried again in " +
                std::to_string((wait.count() + 999) / 1000) + " s";
    owner_.on_rooms();
}

void Rooms::close(Room& r, std::string trouble) {
    r.state = Room::State::closed;
    r.occupants.clear();
    r.trouble = std::move(trouble) +
                "; not tried again before somebody invites the bot or it is started anew";
    owner_.on_rooms();
}

void Rooms::leave_all() {
    for (auto& [name, r] : rooms_) {
        if (online_ && (r.state == Room::State::in || r.state == Room::State::joining))
            owner_.send(Element("presence")
                            .with("type", "unavailable")
                            .with("to", r.address.with_resource(r.nick).full()));
        r.state = Room::State::out;
        r.occupants.clear();
    }
}

void Rooms::tick() {
    if (!online_) return;
    const uint64_t now = owner_.now_ms();
    for (auto& [name, r] : rooms_) {
        if (r.state == Room::State::joining && now - r.asked_ms >= kAnswer)
            later(r, "it does not answer", 0);
        if (r.state == Room::State::waiting && now >= r.retry_ms) join(r, nick_of(r));
        if (r.state == Room::State::in && now - r.pinged_ms >= kSelfPing) ping(r);
    }
}

/// Are we still in? A service that was started anew has forgotten us, and tells nobody.
void Rooms::ping(Room& r) {
    r.pinged_ms = owner_.now_ms();
    owner_.send(Element("iq")
                    .with("type", "get")
                    .with("id", std::string(kPingId) + r.address.bare())
                    .with("to", r.address.with_resource(r.nick).full())
                    .with(Element("ping", ns::kPing)));
}

void Rooms::on_iq(const Element& iq) {
    const std::string_view id = iq.attribute("id");
    if (iq.attribute("type") != "error" || !id.starts_with(kPingId)) return;
    const auto at = rooms_.find(id.substr(kPingId.size()));
    if (at == rooms_.end() || at->second.state != Room::State::in) return;
    if (Jid::of(iq.attribute("from")).bare() != at->first) return;
    const Element* e = iq.child("error", ns::kClient);
    if (!e || !e->child("not-acceptable", ns::kStanzaErrors))
        return;  // other answers say that we are in
    join(at->second, nick_of(at->second));
    owner_.on_rooms();
}

// ---- what rooms say

bool Rooms::on_presence(const Element& presence) {
    const RoomPresence p = RoomPresence::read(presence);
    const auto at = rooms_.find(p.from.bare());
    if (at == rooms_.end()) return false;
    Room& r = at->second;
    if (p.error) {
        on_error(r, p);
    } else if (r.state != Room::State::in && r.state != Room::State::joining) {
        return true;  // late word of a room that we left
    } else if (p.available) {
        on_there(r, p);
    } else {
        on_gone(r, p);
    }
    return true;
}

void Rooms::on_there(Room& r, const RoomPresence& p) {
    if (r.occupants.size() < Room::kMostOccupants || r.occupants.contains(p.from.resource))
        r.occupants[p.from.resource] = p.real;
    if (!p.own) return;
    r.nick = p.from.resource;  // services may change it
    if (p.created)             // and locked, until its owner takes it as it is
        owner_.send(Element("iq")
                        .with("type", "set")
                        .with("id", "unlock")
                        .with("to", r.address.bare())
                        .with(Element("query", ns::kMucOwner)
                                  .with(Element("x", ns::kForms).with("type", "submit"))));
    if (r.state == Room::State::in) return;
    r.state = Room::State::in;
    r.trouble.clear();
    r.conflicts = 0;
    r.pinged_ms = owner_.now_ms();
    owner_.on_rooms();
}

void Rooms::on_gone(Room& r, const RoomPresence& p) {
    if (!p.from.resource.empty()) r.occupants.erase(p.from.resource);
    if (p.renamed && !p.new_nick.empty() && (p.own || p.from.resource == r.nick)) {
        r.nick = p.new_nick;
        return;
    }
    if (!p.own && p.from.resource != r.nick && !p.destroyed) return;
    const std::string why = p.reason.empty() ? "" : " (" + shortened(p.reason) + ")";
    if (p.destroyed) return close(r, "the room was closed" + why);
    if (p.banned) return close(r, "banned" + why);
    if (p.kicked && !p.failed) return later(r, "thrown out" + why, kAfterKick);
    if (p.for_members) return later(r, "the room is for its members alone" + why, kMayChange);
    later(r, p.shut_down ? "the service ends" : "put out of the room" + why, 1'000);
}

void Rooms::on_error(Room& r, const RoomPresence& p) {
    if (r.state != Room::State::joining) return;
    if (p.condition == "conflict") {
        if (++r.conflicts > kMostConflicts)
            return later(r, "the nick " + nick_of(r) + " is taken, and those like it", kMayChange);
        return join(r, r.nick + '_');
    }
    if (p.condition == "not-authorized") return close(r, "it wants a password");
    if (p.condition == "forbidden") return close(r, "banned");
    if (p.condition == "registration-required")
        return later(r, "the room is for its members alone", kMayChange);
    if (p.condition == "service-unavailable") return later(r, "the room is full", kMayChange);
    if (p.condition == "not-acceptable")
        return later(r, "it does not take the nick " + shortened(r.nick), kMayChange);
    later(r, p.condition.empty() ? "it turned us away" : shortened(p.condition), kAfterKick);
}

// ---- another generation

Element Rooms::state() const {
    Element out("rooms");
    for (const auto& [name, r] : rooms_) {
        if (r.state != Room::State::in && !r.invited) continue;
        Element room("room");
        room.with("name", name)
            .with("nick", r.nick)
            .with("password", r.password)
            .with("wish", r.wish);
        if (r.invited) room.with("invited", "1");
        if (r.trusted) room.with("trusted", "1");
        if (r.state == Room::State::in) room.with("in", "1");
        for (const auto& [nick, real] : r.occupants)
            room.with(Element("who").with("nick", nick).with("real", real.bare()));
        out.with(std::move(room));
    }
    return out;
}

void Rooms::restore(const Element& state, bool online) {
    for (const Element& e : state.children) {
        const Jid address = Jid::of(e.attribute("name"));
        const bool in = e.attribute("in") == "1", invited = e.attribute("invited") == "1";
        if (address.empty()) continue;
        auto at = rooms_.find(address.bare());
        if (at == rooms_.end() && !invited) {
            if (in) to_leave_.push_back(address.with_resource(e.attribute("nick")));
            continue;
        }
        if (at == rooms_.end()) {
            at = rooms_.try_emplace(address.bare()).first;
            at->second.address = address, at->second.invited = true;
            at->second.trusted = e.attribute("trusted") == "1";
        }
        Room& r = at->second;
        r.password = e.attribute("password");
        if (!in || r.wish != e.attribute("wish")) continue;
        r.state = Room::State::in;
        r.nick = e.attribute("nick");
        r.pinged_ms = owner_.now_ms();
        for (const Element& who : e.children)
            r.occupants[std::string(who.attribute("nick"))] = Jid::of(who.attribute("real"));
    }
    online_ = online;
    if (online) catch_up();
}

}  // namespace microhost::bot::xmpp
