// SPDX-License-Identifier: Apache-2.0
/// A user of XMPP: a session, its rooms, what is said to it and what it says. It knows no sockets and no clock.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "../../message.hpp"
#include "rooms.hpp"
#include "session.hpp"
#include "settings.hpp"

namespace microhost::bot::xmpp {

struct Invitation;

class Client final : private Session::Owner, private Rooms::Owner {
  public:
    class Owner {
      public:
        virtual uint64_t now_ms() const = 0;  ///< that only ever grows
        virtual int64_t wall_s() const = 0;   ///< since 1970
        virtual void write(std::string_view bytes) = 0;
        virtual void start_tls() = 0;
        virtual void on_message(Message m) = 0;
        virtual void on_online() = 0;
        virtual void on_over(const End& end) = 0;
        /// summary() has changed.
        virtual void on_change() = 0;

      protected:
        ~Owner() = default;
    };
    struct Counts {
        uint64_t received = 0, sent = 0, dropped = 0;
    };
    static constexpr size_t kMostWaiting = 1000, kMostWaitingBytes = 4 * 1024 * 1024;

    /// Throws mh::failure.
    Client(const Settings& settings, Owner& owner);

    Session& session() { return session_; }
    const Session& session() const { return session_; }

    bool send(const Place& to, std::string_view text);
    /// Tells a person that an answer is on its way (XEP-0085). Not queued.
    void types(const Place& to);
    /// Every second, and each 100 ms while something waits.
    void tick();
    void pump();
    void lost();
    void close();

    size_t waiting() const { return waiting_.size(); }
    const Counts& counts() const { return counts_; }
    std::string summary() const;

    Element state(bool with_connection) const;
    bool restore(const Element& state, bool with_connection);

  private:
    struct Waiting {
        Jid room;  ///< empty: it goes to a person
        Element stanza;
        size_t bytes = 0;
    };

    // Session::Owner, Rooms::Owner
    uint64_t now_ms() const override { return owner_.now_ms(); }
    void write(std::string_view bytes) override { owner_.write(bytes); }
    void start_tls() override { owner_.start_tls(); }
    void on_online(bool resumed) override;
    void on_stanza(const Element& stanza) override;
    void on_over(const End& end) override;
    void send(const Element& stanza) override { session_.send(stanza); }
    void on_rooms() override;

    void on_iq(const Element& iq);
    void on_profile(const Element& iq);
    void on_message(const Element& m);
    void on_direct(const Element& m, const Jid& from);
    void on_room_message(const Element& m, const Jid& from);
    void on_invitation(const Invitation& i);
    void tell(Message m, std::string_view body);
    void enter();
    void add_named_rooms();
    bool trusts(const Jid& room) const;
    std::vector<std::string> names(const Room& r) const;
    std::string identity(const Jid& who) const;
    bool take_token();

    const Settings settings_;
    Owner& owner_;
    Session session_;
    Rooms rooms_;
    std::vector<std::string> mentions_;  ///< other names that people call us by
    std::deque<Waiting> waiting_;
    size_t waiting_bytes_ = 0;
    double tokens_;
    uint64_t filled_ms_ = 0, ids_ = 0;
    std::string id_prefix_;
    Counts counts_;
    bool rooms_named_ = false, warned_ = false;
};

}  // namespace microhost::bot::xmpp
