// SPDX-License-Identifier: Apache-2.0
/// The sockets of both families: one on the port of mdns that hears and speaks, one on a port of our own that asks. [main]
#pragma once

#include <microhost/draft/net_udp.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "air.hpp"
#include "settings.hpp"

namespace microhost::registry_mdns {

class Sockets final : public Air {
  public:
    struct Reports {
        /// `from.address` is lent.
        std::function<void(const Source& from, std::string_view bytes)> packet;
        std::function<void(const std::string& key, const std::string& text)> complain;
        /// Nothing can be sent at all, or something can again (empty).
        std::function<void(const std::string& text)> trouble;
    };
    Sockets(const Settings& s, Reports reports) : settings_(s), reports_(std::move(reports)) {}
    ~Sockets() { close(); }
    Sockets(const Sockets&) = delete;

    /// Throws mh::failure.
    void open();
    void close();
    bool is_open() const { return families_[0].hears || families_[1].hears; }
    /// Looks which interfaces there are; true when one has come.
    bool refresh();

    void tell(std::string_view packet, Reach reach) override;
    void ask(std::string_view packet) override;
    void reply(const Source& to, std::string_view packet) override;

  private:
    struct Interface {
        uint32_t index;
        std::string name;
        bool loopback;
        bool operator==(const Interface&) const = default;
    };
    struct Family {
        std::string group, any;  ///< "224.0.0.251", "0.0.0.0"
        mh_udp* hears = nullptr;
        mh_udp* asks = nullptr;
        uint16_t asks_port = 0;
        std::vector<Interface> interfaces;
    };
    static void on_datagram(void* user, mh_udp* u, mh_str from, uint32_t interface, mh_seg bytes);
    static void on_close(void* user, mh_udp* u, mh_status why, mh_str text);
    void open_family(Family& f);
    mh_udp* open_socket(const std::string& address, uint32_t flags, mh_status& status);
    void add(uint32_t index, std::string_view name, std::string_view ip, bool multicast);
    bool chosen(std::string_view name, std::string_view ip, bool multicast) const;
    bool is_here(std::string_view ip) const;
    void send(mh_udp* Family::*socket, std::string_view packet, Reach reach);
    Family& family_of(std::string_view ip) { return families_[ip.find(':') != ip.npos]; }

    const Settings& settings_;
    Reports reports_;
    std::array<Family, 2> families_;              // IPv4, IPv6
    std::vector<std::string> own_;                // addresses of this machine
    std::array<std::vector<Interface>, 2> seen_;  // while refresh() looks
    bool troubled_ = false;
};

}  // namespace microhost::registry_mdns
