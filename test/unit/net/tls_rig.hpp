// SPDX-License-Identifier: Apache-2.0
/// A TLS server with its authority on disk, and connections to it.
#pragma once

#include "certificates.hpp"
#include "sockets.hpp"

namespace microhost::net::test {

struct TlsPair {
    Stream client, server;
    ssize_t client_says = -EAGAIN, server_says = -EAGAIN;  // of the last read
    std::string at_client, at_server;

    /// One turn for each side. True when neither has anything more to do.
    void turn() {
        client_says = drain(client, at_client);
        server_says = drain(server, at_server);
    }
    bool ready() const { return client.tls_peer() && server.tls_peer(); }
    bool over() const { return client_says != -EAGAIN || server_says != -EAGAIN; }
    /// True when both ends have shaken hands; in TLS 1.3 a client hears only later that it was refused.
    bool shake_hands() {
        eventually([&] {
            turn();
            if (!ready() && !over()) wait_either(client.fd(), server.fd());
            return ready() || over();
        });
        return ready() && !over();
    }
    /// Until one side reports something other than "nothing now".
    void until_over() {
        CHECK(eventually([&] {
            turn();
            if (!over()) wait_either(client.fd(), server.fd());
            return over();
        }));
    }
};

struct TlsRig {
    Folder folder;
    Issued ca = Issued::authority("Test CA");
    TlsServerOptions server_options;
    TlsClientOptions client_options;

    TlsRig() {
        add("default", {.common_name = "default", .dns = {"default.test"}, .ip = {"127.0.0.1"}});
        client_options.ca = folder.file("ca.crt");
        write_file(client_options.ca, ca.certificate_pem());
    }
    void add(const std::string& name, const Wish& wish) {
        server_options.certificates.push_back(write_files(folder.path, name, ca.issue(wish)));
    }
    std::unique_ptr<TlsServerContext> server() const {
        auto r = TlsServerContext::load(server_options);
        INFO((r ? "" : r.error().what));
        REQUIRE(r.has_value());
        return std::move(*r);
    }
    std::unique_ptr<TlsClientContext> client() const {
        auto r = TlsClientContext::load(client_options);
        INFO((r ? "" : r.error().what));
        REQUIRE(r.has_value());
        return std::move(*r);
    }
    /// Through net::connect and a listener, as the host does it.
    TlsPair connect(const std::string& name, int buffer = 0) const {
        auto [c, s] = tcp_pair(buffer);
        int client_fd = std::exchange(c.fd, -1), server_fd = std::exchange(s.fd, -1);
        auto session = client()->open(client_fd, name);
        REQUIRE(session.has_value());
        return {Stream(client_fd, std::move(*session)),
                Stream(server_fd, server()->accept(server_fd))};
    }
};

}  // namespace microhost::net::test
