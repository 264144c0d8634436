// SPDX-License-Identifier: Apache-2.0
/// The input of XMPP: a client (client.hpp) on a connection that is made again whenever it is lost.
#pragma once

#include <microhost/connection.hpp>
#include <microhost/watch.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "../../backoff.hpp"
#include "../../input.hpp"
#include "client.hpp"
#include "lookup.hpp"
#include "settings.hpp"

namespace microhost::bot {

class Xmpp : public Input, private xmpp::Client::Owner {
  public:
    /// Throws mh::failure.
    Xmpp(const mh_config* config, Ears& ears) : Xmpp(xmpp::Settings::xmpp(config), ears) {}
    ~Xmpp() override;

    std::string_view name() const override { return settings_.name; }
    Format format() const override;
    Status status() const override;
    void start() override;
    void stop() override;
    bool send(const Place& to, std::string_view text) override;
    void working(const Place& where, bool on) override;
    std::string hand_over() override;
    bool take_over(std::string_view state) override;

  protected:
    Xmpp(xmpp::Settings settings, Ears& ears);

  private:
    // Client::Owner
    uint64_t now_ms() const override;
    int64_t wall_s() const override;
    void write(std::string_view bytes) override;
    void start_tls() override;
    void on_message(Message m) override;
    void on_online() override;
    void on_over(const xmpp::End& end) override;
    void on_change() override;

    void read_password();
    void connect();
    void ask_dns();
    std::string address_of(const std::string& host) const;
    void dial(std::string address);
    mh::connection::options options() const;
    mh::connection::handler handler();
    void on_open();
    void on_closed(mh_status why, std::string_view text);
    void retry(std::string why);
    void refuse(std::string why);
    void flush();
    void tick();
    void pump_soon();
    void go_on();
    void begin_anew();
    bool adopt(const xmpp::Element& state, const xmpp::Element& client);
    void set(Link link, std::string detail);

    const xmpp::Settings settings_;
    Ears& ears_;
    std::unique_ptr<xmpp::Client> client_;
    std::optional<mh::watched_file> password_file_;
    mh::connection connection_;
    xmpp::Lookup lookup_;
    std::deque<std::string> targets_;  ///< to be tried before the DNS is asked again
    std::string address_, redirect_, unsent_;
    mh::timer again_, tick_, soon_;
    Backoff backoff_;
    Status status_;
    bool running_ = false, opened_ = false, pumping_ = false, tried_location_ = false;
    unsigned redirects_ = 0;
    uint64_t online_ms_ = 0;  ///< since when; 0: it never was
};

}  // namespace microhost::bot
