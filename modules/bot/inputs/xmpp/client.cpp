// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include <microhost/host.hpp>

#include <algorithm>

#include "../../../shared/random_uuid.hpp"
#include "../../../shared/text.hpp"
#include "incoming.hpp"
#include "namespaces.hpp"

namespace microhost::bot::xmpp {
namespace {

// So much a server of anybody takes without making us wait.
constexpr double kBurst = 50, kEachMs = 20.0 / 1000;

}  // namespace

Client::Client(const Settings& settings, Owner& owner)
    : settings_(settings),
      owner_(owner),
      session_(settings.account, *this),
      rooms_(*this, settings.nick),
      tokens_(kBurst),
      id_prefix_(shared::random_uuid().substr(0, 8)) {
    if (!settings_.account.hipchat) add_named_rooms();
}

/// HipChat's may be without the domain, which the server tells.
void Client::add_named_rooms() {
    if (std::exchange(rooms_named_, true)) return;
    for (const std::string& room : settings_.rooms) {
        const bool whole = !settings_.account.hipchat || room.find('@') != room.npos;
        rooms_.add(whole ? room : room + '@' + std::string(session_.host_of_rooms()), true);
    }
}

std::string Client::summary() const {
    std::string out = "as " + session_.self().full() + ", by " + session_.mechanism();
    const std::string rooms = rooms_.summary();
    return rooms.empty() ? out : out + ", " + rooms;
}

// ---- the session

void Client::on_online(bool resumed) {
    if (session_.weaker() && !std::exchange(warned_, true))
        mh::log::warn(
            settings_.name +
                ": the server offers weaker ways to log in than before; somebody may sit between",
            {{"mechanism", session_.mechanism()}});
    if (!resumed) {
        send(Element("presence"));
        auto again = session_.take_undelivered();
        for (auto s = again.rbegin(); s != again.rend(); ++s) {  // in front of what came later
            Element e;
            if (!read_element(*s, e)) continue;
            const bool room = e.attribute("type") == "groupchat";
            const Jid to = Jid::of(e.attribute("to"));
            waiting_bytes_ += s->size();
            waiting_.push_front({room ? to : Jid{}, std::move(e), s->size()});
        }
    }
    if (!settings_.account.hipchat || resumed || !mentions_.empty()) {
        rooms_.online(resumed);
    } else {  // a nick has to be the user's full name
        send(Element("iq")
                 .with("type", "get")
                 .with("id", "profile")
                 .with("to", session_.self().bare())
                 .with(Element("query", ns::kHipchatProfile)));
    }
    owner_.on_online();
    pump();
}

void Client::on_profile(const Element& iq) {
    const Jid from = Jid::of(iq.attribute("from"));  // our own account may be left out
    if (!mentions_.empty() || !(from.empty() || from.same_account(session_.self()))) return;
    const Element* q = iq.child("query", ns::kHipchatProfile);
    std::string name(q ? q->child_text("name", ns::kHipchatProfile).substr(0, 100)
                       : std::string_view{});
    std::string mention(q ? q->child_text("mention_name", ns::kHipchatProfile).substr(0, 100)
                          : std::string_view{});
    if (name.empty()) name = settings_.account.user.substr(0, settings_.account.user.find('@'));
    if (mention.empty())
        std::copy_if(name.begin(), name.end(), std::back_inserter(mention),
                     [](char c) { return c != ' '; });
    rooms_.set_nick(name);
    mentions_ = {mention, name};
    add_named_rooms();
    rooms_.online(false);
}

void Client::on_over(const End& end) {
    rooms_.offline();
    owner_.on_over(end);
}

void Client::on_rooms() {
    owner_.on_change();
    pump();
}

void Client::lost() {
    session_.lost();
    rooms_.offline();
}

void Client::close() {
    if (session_.online()) {
        pump();
        rooms_.leave_all();
    }
    session_.close();
    rooms_.offline();
}

void Client::tick() {
    session_.tick();
    rooms_.tick();
    pump();
}

// ---- what comes

void Client::on_stanza(const Element& e) {
    if (settings_.debug)
        mh::log::info(settings_.name + ": a stanza came",
                      {{"name", e.name}, {"type", e.attribute("type")}});
    if (e.name == "iq") return on_iq(e);
    if (e.name == "presence") return void(rooms_.on_presence(e));
    on_message(e);
}

void Client::on_iq(const Element& iq) {
    const std::string_view type = iq.attribute("type");
    if (type == "get" || type == "set") return send(answer_to(iq));
    if (settings_.account.hipchat && iq.attribute("id") == "profile") return on_profile(iq);
    rooms_.on_iq(iq);
}

void Client::on_message(const Element& m) {
    const std::string_view type = m.attribute("type");
    const Jid from = Jid::of(m.attribute("from"));
    if (type == "error" || type == "headline" || from.empty() || from.same_account(session_.self()))
        return;
    if (const auto invitation = read_invitation(m); invitation && type != "groupchat")
        return on_invitation(*invitation);
    if (is_old(m, session_.self(), owner_.wall_s())) return;
    if (m.child("replace", ns::kCorrection)) return;  // a slip that is mended is no second command
    if (type == "groupchat")
        on_room_message(m, from);
    else
        on_direct(m, from);
}

void Client::on_room_message(const Element& m, const Jid& from) {
    const Room* r = rooms_.find(from);
    if (!r || r->state != Room::State::in || from.resource.empty() || from.resource == r->nick)
        return;
    Message out;
    out.from.name = from.resource;
    out.from.identity = identity(r->real_address(from.resource));
    out.place.room = r->address.bare();
    out.place.peer = from.full();
    std::string_view body = shared::trim(m.child_text("body", ns::kClient));
    out.addressed = take_mention(body, names(*r));
    if (r->real_address(from.resource).same_account(session_.self())) return;  // our other self
    tell(std::move(out), body);
}

void Client::on_direct(const Element& m, const Jid& from) {
    const Room* r = rooms_.find(from);
    const bool of_room = r || m.child("x", ns::kMucUser);
    if (of_room && (!r || from.resource.empty() || from.resource == r->nick))
        return;  // a room that we are not in, or one that speaks itself
    Message out;
    out.from.name = r ? from.resource : from.local.empty() ? from.domain : from.local;
    out.from.identity = identity(r ? r->real_address(from.resource) : from);
    out.from.robot = from.local.empty();  // a server, or a service
    out.place.peer = from.full();
    out.place.thread = m.child_text("thread", ns::kClient).substr(0, 256);
    out.addressed = true;
    std::string_view body = shared::trim(m.child_text("body", ns::kClient));
    const std::string_view whole = body;
    if (!take_mention(body, r ? names(*r) : mentions_) || body.empty()) body = whole;
    tell(std::move(out), body);
}

void Client::tell(Message m, std::string_view body) {
    if (body.empty() && !m.addressed) return;
    if (body.empty() && m.place.direct()) return;  // somebody types, or has read something
    m.text = body;
    ++counts_.received;
    owner_.on_message(std::move(m));
}

void Client::on_invitation(const Invitation& i) {
    const bool believed = !i.mediated || trusts(i.room);
    const bool anybody = std::find(settings_.inviters.begin(), settings_.inviters.end(), "*") !=
                         settings_.inviters.end();
    if (!anybody && !(believed && settings_.may_invite(i.inviter))) {
        mh::log::info(
            settings_.name + ": an invitation is not followed; xmpp_accept_invites says whose are",
            {{"room", i.room.bare()}, {"by", i.inviter.bare()}});
        return;
    }
    const bool good = rooms_.invite(i.room, i.password, trusts(i.room));
    mh::log::info(settings_.name +
                      (good ? ": follows an invitation" : ": an invitation into one room too many"),
                  {{"room", i.room.bare()}, {"by", i.inviter.bare()}});
}

/// Whether a room tells the truth about who is who: those of our own server do, and those of the services that the config names.
bool Client::trusts(const Jid& room) const {
    const std::string& own = session_.self().domain;
    if (room.domain == own || room.domain.ends_with('.' + own) ||
        room.domain == session_.host_of_rooms())
        return true;
    return std::any_of(settings_.rooms.begin(), settings_.rooms.end(),
                       [&](const std::string& r) { return Jid::of(r).domain == room.domain; });
}

std::vector<std::string> Client::names(const Room& r) const {
    std::vector<std::string> out = mentions_;
    out.insert(out.begin(), r.nick);
    return out;
}

std::string Client::identity(const Jid& who) const {
    return who.local.empty() ? std::string() : settings_.name + ':' + who.bare();
}

// ---- what goes

bool Client::send(const Place& to, std::string_view text) {
    const Jid room = to.room.empty() ? Jid{} : Jid::of(to.room);
    const Jid peer = room.empty() ? Jid::of(to.peer) : room;
    if (peer.empty()) return ++counts_.dropped, false;
    Element m("message");
    m.with("to", peer.full()).with("type", room.empty() ? "chat" : "groupchat");
    m.with("id", id_prefix_ + '-' + std::to_string(++ids_));
    m.with(Element("body").saying(text));
    if (!to.thread.empty()) m.with(Element("thread").saying(to.thread));
    if (room.empty() && rooms_.find(peer)) m.with(Element("x", ns::kMucUser));  // whispered
    const size_t bytes = text.size() + 256;
    if (waiting_.size() >= kMostWaiting || waiting_bytes_ + bytes > kMostWaitingBytes)
        return ++counts_.dropped, false;
    waiting_bytes_ += bytes;
    waiting_.push_back({room, std::move(m), bytes});
    pump();
    return true;
}

void Client::types(const Place& to) {
    const Jid peer = Jid::of(to.peer);
    if (peer.empty() || rooms_.find(peer)) return;
    Element m("message");
    m.with("to", peer.full()).with("type", "chat");
    send(m.with(Element("composing", ns::kChatStates)).with(Element("no-store", ns::kHints)));
}

bool Client::take_token() {
    const uint64_t now = owner_.now_ms();
    tokens_ = std::min(kBurst, tokens_ + static_cast<double>(now - filled_ms_) * kEachMs);
    filled_ms_ = now;
    return tokens_ >= 1;
}

/// In order; what waits for its room lets others pass.
void Client::pump() {
    for (auto w = waiting_.begin(); w != waiting_.end() && session_.online() && take_token();) {
        const bool hopeless = !w->room.empty() && rooms_.hopeless(w->room);
        if (!hopeless && !w->room.empty() && !rooms_.joined(w->room)) {
            ++w;
            continue;
        }
        if (!hopeless && !session_.send(w->stanza)) break;
        hopeless ? ++counts_.dropped : (--tokens_, ++counts_.sent);
        waiting_bytes_ -= w->bytes;
        w = waiting_.erase(w);
    }
}

// ---- another generation

Element Client::state(bool with_connection) const {
    Element out("client");
    out.with(session_.state(with_connection)).with(rooms_.state());
    for (const Waiting& w : waiting_)
        out.with(Element("waiting").with("room", w.room.bare()).with(w.stanza));
    for (const std::string& m : mentions_) out.with(Element("mention").saying(m));
    out.with("received", std::to_string(counts_.received))
        .with("sent", std::to_string(counts_.sent));
    return out.with("dropped", std::to_string(counts_.dropped));
}

bool Client::restore(const Element& state, bool with_connection) {
    const Element* session = state.child("session", state.ns);
    const Element* rooms = state.child("rooms", state.ns);
    if (!session || !rooms || !session_.restore(*session, with_connection)) return false;
    const auto count = [&](std::string_view key) {
        return Acknowledged::number(state.attribute(key)).value_or(0);
    };
    counts_ = {count("received"), count("sent"), count("dropped")};
    for (const Element& c : state.children) {
        if (c.name == "mention") mentions_.push_back(c.text);
        if (c.name == "waiting" && !c.children.empty())
            waiting_.push_back({Jid::of(c.attribute("room")), c.children[0], 0});
    }
    if (!mentions_.empty()) rooms_.set_nick(mentions_.back()), add_named_rooms();
    rooms_.restore(*rooms, with_connection);
    return true;
}

}  // namespace microhost::bot::xmpp
