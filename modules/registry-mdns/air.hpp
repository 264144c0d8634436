// SPDX-License-Identifier: Apache-2.0
/// Where packets go; tests put something else there than sockets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace microhost::registry_mdns {

/// Who sent a packet.
struct Source {
    std::string_view address;  ///< "ip:port"
    uint32_t interface = 0;
    uint16_t port = 0;
    bool here = false;  ///< on this machine
};

class Air {
  public:
    enum class Reach { link, machine };
    /// To everybody on the link, from the port of mdns. `machine`: for what nobody else can use.
    virtual void tell(std::string_view packet, Reach reach) = 0;
    /// To everybody, from a port of our own: the answers come there.
    virtual void ask(std::string_view packet) = 0;
    virtual void reply(const Source& to, std::string_view packet) = 0;

  protected:
    ~Air() = default;
};

}  // namespace microhost::registry_mdns
