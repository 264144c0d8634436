// SPDX-License-Identifier: Apache-2.0
/// The options of the module; README.md says more.
#pragma once

#include <microhost/options.hpp>

#include <chrono>
#include <string>

namespace microhost::broker_http {

struct Settings {
    std::string address, advertise;
    std::chrono::milliseconds timeout, ttl;

    static constexpr auto options = mh::options(
        mh::option("address", &Settings::address, "127.0.0.1:0",
                   "Where messages of other processes come in"),
        mh::option("advertise", &Settings::advertise, "",
                   "HOST or HOST:PORT that others reach it at; empty: the address itself"),
        mh::option("timeout", &Settings::timeout, std::chrono::milliseconds(5'000),
                   "Longest wait for a subscriber to take a message"),
        mh::option("ttl", &Settings::ttl, std::chrono::milliseconds(60'000),
                   "How long others see our subscriptions after this process was killed"));
};

}  // namespace microhost::broker_http
