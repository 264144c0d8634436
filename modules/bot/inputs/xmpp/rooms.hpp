// SPDX-License-Identifier: Apache-2.0
/// The rooms: joined, kept, joined again, and who in them is who.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "room.hpp"

namespace microhost::bot::xmpp {

class Rooms {
  public:
    class Owner {
      public:
        virtual uint64_t now_ms() const = 0;
        virtual void send(const Element& stanza) = 0;
        /// summary() changed, or what can be sent to a room.
        virtual void on_rooms() = 0;

      protected:
        ~Owner() = default;
    };
    static constexpr size_t kMost = 100;

    Rooms(Owner& owner, std::string nick) : owner_(owner), nick_(std::move(nick)) {}

    /// "room@service", "room@service/nick". Throws mh::failure.
    void add(std::string_view text, bool trusted);
    /// Asked in by somebody who may. False: there is no room for more.
    bool invite(const Jid& room, std::string_view password, bool trusted);
    /// The nick of rooms that have none of their own; for those that are not joined yet.
    void set_nick(std::string nick) { nick_ = std::move(nick); }

    void online(bool resumed);
    void offline() { online_ = false; }
    void leave_all();
    void tick();
    /// False: it is of no room.
    bool on_presence(const Element& presence);
    /// An answer to one of ours.
    void on_iq(const Element& iq);

    const Room* find(const Jid& address) const;
    /// Text can be sent there, now; or never.
    bool joined(const Jid& address) const;
    bool hopeless(const Jid& address) const;
    /// "in 2 of 3 rooms; ops@conference.example.org: ..."; empty without rooms.
    std::string summary() const;

    Element state() const;
    /// Rooms that are not wanted any more are left, new ones joined, as soon as we are online.
    void restore(const Element& state, bool online);

  private:
    std::string nick_of(const Room& r) const { return r.wish.empty() ? nick_ : r.wish; }
    void join(Room& r, std::string nick);
    void later(Room& r, std::string trouble, uint64_t at_least_ms);
    void close(Room& r, std::string trouble);
    void on_error(Room& r, const RoomPresence& p);
    void on_gone(Room& r, const RoomPresence& p);
    void on_there(Room& r, const RoomPresence& p);
    void ping(Room& r);
    void catch_up();

    Owner& owner_;
    std::string nick_;
    bool online_ = false;
    std::vector<Jid> to_leave_;
    std::map<std::string, Room, std::less<>> rooms_;  ///< by address
};

}  // namespace microhost::bot::xmpp
