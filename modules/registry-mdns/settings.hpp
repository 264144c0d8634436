// SPDX-License-Identifier: Apache-2.0
/// What the operator chose; README.md has the table.
#pragma once

#include <microhost/options.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace microhost::registry_mdns {

struct Settings {
    std::vector<std::string> domains, interfaces;
    std::int64_t port;
    std::string group, group6;
    std::chrono::milliseconds query_interval, first_wait;

    // Each is --registry_mdns_<name> and MICRO_REGISTRY_MDNS_<NAME> as well.
    static constexpr auto options = mh::options(
        mh::option("domains", &Settings::domains, "micro",
                   "Domains in which our nodes are announced: micro, and local for go-micro up to "
                   "1.10; both are read"),
        mh::option("interfaces", &Settings::interfaces, "",
                   "Names of network interfaces, or addresses of them; none: all that can "
                   "multicast, and loopback"),
        mh::option("port", &Settings::port, 5353, "UDP port of all who take part").range(1, 65535),
        mh::option("group", &Settings::group, "224.0.0.251",
                   "IPv4 multicast group; empty: no IPv4"),
        mh::option("group6", &Settings::group6, "ff02::fb", "The IPv6 one; empty: no IPv6"),
        mh::option(
            "query_interval", &Settings::query_interval, std::chrono::seconds(60),
            "How often the list of services is asked for; what comes and goes is heard at once"),
        mh::option("first_wait", &Settings::first_wait, std::chrono::milliseconds(100),
                   "At the start, how long anybody may take to answer; those who do are waited for "
                   "five times as long"));
};

}  // namespace microhost::registry_mdns
