// SPDX-License-Identifier: Apache-2.0
// Everything that comes in goes to one upstream: a reverse proxy in a handler.
#include <microhost/module.hpp>

struct forward : mh::handler<forward> {
    struct config {
        std::string_view address, upstream;
        std::chrono::milliseconds connect_timeout, response_timeout;
        bool keep_host, upgrade;
        static constexpr auto options =
            mh::options(mh::option("address", &config::address, "127.0.0.1:8088", "Where to listen"),
                        mh::required("upstream", &config::upstream, "Where to send to: host:port or unix:/path"),
                        mh::option("connect_timeout", &config::connect_timeout, std::chrono::seconds(1),
                                   "How long a connection to the upstream may take"),
                        mh::option("response_timeout", &config::response_timeout, std::chrono::seconds(5),
                                   "How long the upstream may take until the head of its response"),
                        mh::option("keep_host", &config::keep_host, true, "Send the client's Host on"),
                        mh::option("upgrade", &config::upgrade, true, "Let websockets through"));
    };
    static constexpr mh::uses<mh_http_forward> needs{};
    static std::vector<mh::listener> listeners(const config& c) { return {{"forward", std::string(c.address)}}; }

    explicit forward(const config& c) : to_{c.upstream, {}} {
        to_.keep_host = c.keep_host;
        to_.upgrade = c.upgrade;
        to_.connect_timeout_ms = static_cast<uint32_t>(c.connect_timeout.count());
        to_.response_timeout_ms = static_cast<uint32_t>(c.response_timeout.count());
    }

    // What the upstream fails at later is answered by the host: 502 or 504 with the error JSON.
    void on_request(mh::request& r) {
        const mh_status s = mh::forward(r, to_);
        if (s < 0) r.respond_error(502, "forward", "cannot forward: status " + std::to_string(s));
    }

  private:
    mh::forward_to to_;
};

MH_PLUGIN("forward", "1.0.0", "Sends everything to one upstream", forward)
