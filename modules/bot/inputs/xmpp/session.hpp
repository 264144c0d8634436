// SPDX-License-Identifier: Apache-2.0
/// One stream of XMPP, from its greeting to its end, and over several connections when it can be resumed (XEP-0198). It knows no
/// sockets: bytes go in and out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../scram.hpp"
#include "acknowledged.hpp"
#include "jid.hpp"
#include "parser.hpp"

namespace microhost::bot::xmpp {

struct Account {
    Jid jid;           ///< in HipChat's dialect its domain counts, and who we are the server says
    std::string user;  ///< as SASL has it: the local part, or an e-mail address
    std::string password;     ///< never in a log, a status or a state
    std::string resource;     ///< empty: the server chooses
    bool hipchat = false;     ///< its own authentication, when the server offers it
    bool keep_alive = false;  ///< a blank each minute, for servers and routers that count silence
};

/// Why a stream is over.
struct End {
    enum class How : uint8_t {
        lost,       ///< the next connection may do better
        refused,    ///< it will not, before somebody changes the config
        elsewhere,  ///< the server sends us to `host`
    };
    How how = How::lost;
    std::string text;  ///< one line
    std::string host;
};

class Session final : private Parser::Sink {
  public:
    /// [main], never from within its constructor. None may destroy the session.
    class Owner {
      public:
        virtual uint64_t now_ms() const = 0;
        virtual void write(std::string_view bytes) = 0;
        /// secured() follows.
        virtual void start_tls() = 0;
        /// Resumed: as if nothing had happened. Otherwise presence and rooms begin anew.
        virtual void on_online(bool resumed) = 0;
        /// message, presence or iq.
        virtual void on_stanza(const Element& stanza) = 0;
        /// Once, when the stream ends by itself.
        virtual void on_over(const End& end) = 0;

      protected:
        ~Owner() = default;
    };

    Session(Account account, Owner& owner) : account_(std::move(account)), owner_(owner) {}

    /// A connection stands, encrypted from its first byte or not.
    void open(bool secure);
    void secured();
    void receive(std::string_view bytes);
    /// The connection is gone; what can be resumed is kept.
    void lost();
    /// Says goodbye: nothing is resumed afterwards.
    void close();
    /// Every second or so.
    void tick();

    void set_password(std::string password) { account_.password = std::move(password); }
    bool online() const { return step_ == Step::online; }
    /// False: not online, or too much waits for the server's acknowledgement.
    bool send(const Element& stanza);
    /// Messages that a session which could not be resumed never got to the server.
    std::vector<std::string> take_undelivered() { return std::exchange(undelivered_, {}); }

    const Account& account() const { return account_; }
    const Jid& self() const { return self_; }  ///< since it was online
    const std::string& mechanism() const { return mechanism_; }
    bool weaker() const { return weaker_; }  ///< than a mechanism that the server offered before
    const std::string& location() const {
        return location_;
    }  ///< where the server wants us to resume; or empty
    std::string_view host_of_rooms() const { return host_of_rooms_; }  ///< HipChat's word on it

    /// To go on in another generation: everything but the password. Not from within a callback.
    Element state(bool with_connection) const;
    /// False: it is of another account. With its connection, it is online at once, and receive() goes on.
    bool restore(const Element& state, bool with_connection);

  private:
    enum class Step : uint8_t { off, header, tls, handshake, sasl, bind, session, resume, online };
    enum class Managed : uint8_t { no, asked, yes };

    void on_header(const Element& stream) override;
    void on_stanza(Element stanza) override;
    void on_end() override;

    void greet();
    void on_features(const Element& features);
    void log_in(const Element& features);
    void on_sasl(const Element& e);
    void on_challenge(const Element& e);
    void on_success(const Element& e);
    void resume_or_bind();
    void bind();
    void on_bound(const Element& iq);
    void go_online();
    void on_management(const Element& e);
    void on_resumed(const Element& e);
    void on_not_resumed(const Element& e);
    void on_stream_error(const Element& e);
    void ask();
    void forget_resume();
    void write(const Element& e);
    void fail(End::How how, std::string text, std::string host = {});

    Account account_;
    Owner& owner_;
    Step step_ = Step::off;
    bool secure_ = false, authenticated_ = false, wants_tls_ = false;
    std::unique_ptr<Parser> parser_;
    std::unique_ptr<Scram> scram_;
    bool proved_ = false;
    bool can_manage_ = false, wants_session_ = false;  ///< of the features
    Jid self_;
    std::string mechanism_, best_mechanism_, location_, host_of_rooms_;
    bool weaker_ = false;

    Managed managed_ = Managed::no;
    std::string resume_id_;  ///< empty: nothing to resume
    Acknowledged acknowledged_;
    std::vector<std::string> undelivered_;

    uint64_t opened_ms_ = 0, heard_ms_ = 0, asked_ms_ = 0,
             blank_ms_ = 0;  ///< asked: 0 when no answer is awaited
};

}  // namespace microhost::bot::xmpp
