// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <openssl/err.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "tls_rig.hpp"

using namespace microhost::net;
using namespace microhost::net::test;

namespace {

struct RawCtx {
    explicit RawCtx(bool server)
        : ctx(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()), SSL_CTX_free) {
        SSL_CTX_set_security_level(ctx.get(), 0);  // 1.1 needs SHA-1 signatures
        SSL_CTX_set_options(ctx.get(), SSL_OP_LEGACY_SERVER_CONNECT);
    }
    void versions(int lowest, int highest) {
        SSL_CTX_set_min_proto_version(ctx.get(), lowest);
        SSL_CTX_set_max_proto_version(ctx.get(), highest);
    }
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> ctx;
};

/// A variable of the environment, as it was before when it goes.
class Variable {
  public:
    explicit Variable(const char* name) : name_(name) {
        if (const char* before = std::getenv(name)) before_ = before;
    }
    ~Variable() { before_ ? set(*before_) : unset(); }
    void set(const std::string& value) { setenv(name_, value.c_str(), 1); }
    void unset() { unsetenv(name_); }

  private:
    const char* name_;
    std::optional<std::string> before_;
};

// Does our server let this client in?
bool lets_in(const TlsServerContext& context, SSL_CTX* client, std::string* protocol = nullptr) {
    auto [client_end, s] = tcp_pair();
    const int c = client_end.fd;
    int fd = std::exchange(s.fd, -1);
    Stream server(fd, context.accept(fd));
    RawTls raw(c, false, client);
    std::string got;
    int r = 0;
    ssize_t says = -EAGAIN;
    CHECK(eventually([&] {
        r = raw.shake_hands();
        says = drain(server, got);
        if (r == 0 && says == -EAGAIN) wait_either(c, fd);
        return r < 0 || says != -EAGAIN || (r == 1 && server.tls_peer());
    }));
    const unsigned char* p = nullptr;
    unsigned n = 0;
    SSL_get0_alpn_selected(raw.ssl(), &p, &n);
    if (protocol) protocol->assign(reinterpret_cast<const char*>(p), n);
    bool in = r == 1 && says == -EAGAIN && server.tls_peer();
    if (!in) CHECK_FALSE((raw.failed() && says == -EAGAIN && server.tls_peer()));
    return in;
}

// The common name of the certificate that a client sees who asks for `name`.
std::string shown(const TlsServerContext& context, const char* name) {
    auto [client_end, s] = tcp_pair();
    const int c = client_end.fd;
    int fd = std::exchange(s.fd, -1);
    Stream server(fd, context.accept(fd));
    RawCtx client(false);
    RawTls raw(c, false, client.ctx.get());
    if (name) SSL_set_tlsext_host_name(raw.ssl(), name);
    std::string got;
    CHECK(eventually([&] {
        int r = raw.shake_hands();
        CHECK(drain(server, got) == -EAGAIN);
        if (r == 0) wait_either(c, fd);
        return r != 0;
    }));
    X509* certificate = SSL_get0_peer_certificate(raw.ssl());
    REQUIRE(certificate);
    char text[100] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text,
                              sizeof text);
    return text;
}

}  // namespace

TEST_SUITE("host/net") {
    TEST_CASE("the name that a client asks for chooses the certificate") {
        TlsRig rig;
        rig.add("exact", {.common_name = "exact", .dns = {"www.example.test", "example.test"}});
        rig.add("star", {.common_name = "star", .dns = {"*.example.test"}});
        rig.add("plain.test", {.common_name = "plain.test"});
        rig.add("late", {.common_name = "late", .dns = {"www.example.test"}});
        auto context = rig.server();
        const struct {
            const char *asked, *shown;
        } rows[] = {
            {nullptr, "default"},
            {"default.test", "default"},
            {"www.example.test", "exact"},
            {"WWW.Example.TEST", "exact"},
            {"example.test", "exact"},
            {"api.example.test", "star"},
            {"a.b.example.test", "default"},
            {"plain.test", "plain.test"},
            {"unknown.test", "default"},
            {"test", "default"},
            {".example.test", "default"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.asked);
            CHECK(shown(*context, row.asked) == row.shown);
        }
    }

    TEST_CASE("a client believes only the authority it was given") {
        TlsRig rig, stranger;
        const struct {
            std::string name;
            bool ours, verify, good;
            std::string why;
        } rows[] = {
            {"default.test", true, true, true, ""},
            {"DEFAULT.test", true, true, true, ""},
            {"default.test.", true, true, true, ""},
            {"127.0.0.1", true, true, true, ""},
            {"other.test", true, true, false, "ostname mismatch"},
            {"default", true, true, false, "ostname mismatch"},
            {"127.0.0.2", true, true, false, "IP address mismatch"},
            {"default.test", false, true, false, "certificate verify failed: "},
            {"default.test", false, false, true, ""},
            {"other.test", true, false, true, ""},
            {"", false, false, true, ""},
        };
        for (const auto& row : rows) {
            CAPTURE(row.name);
            CAPTURE(row.why);
            rig.client_options.ca = (row.ours ? rig : stranger).folder.file("ca.crt");
            rig.client_options.verify = row.verify;
            TlsPair pair = rig.connect(row.name);
            CHECK(pair.shake_hands() == row.good);
            CHECK((pair.client_says == -EPROTO) == !row.good);
            CHECK(pair.client.tls_failure().find(row.why) != std::string_view::npos);
            if (!row.good) {
                CHECK(write_text(pair.client, "secret") == -EPROTO);
                CHECK(pair.at_server.empty());
            }
        }
    }

    TEST_CASE("the system's authorities are a bundle, or a folder of hashed names") {
        TlsRig rig;
        rig.client_options.ca.clear();
        const std::string bundle = rig.folder.file("bundle.pem"),
                          by_hash = rig.folder.file("certs");
        write_file(bundle, rig.ca.certificate_pem());
        std::filesystem::create_directory(by_hash);
        const unsigned long hash = X509_subject_name_hash(rig.ca.certificate());
        write_file(fmt::format("{}/{:08x}.0", by_hash, hash), rig.ca.certificate_pem());
        Variable file("SSL_CERT_FILE"), folder("SSL_CERT_DIR");
        auto trusted = [&] { return rig.connect("default.test").shake_hands(); };
        file.set(bundle);
        CHECK(trusted());
        file.unset();
        folder.set(by_hash);
        CHECK(trusted());
        folder.set(rig.folder.path);  // no names of that kind in it, so there is nothing to trust
        CHECK_FALSE(trusted());
    }
    TEST_CASE("without a name there is nothing to verify") {
        TlsRig rig;
        auto client = rig.client();
        auto [c, s] = tcp_pair();
        CHECK_FALSE(client->open(c.fd, "").has_value());
        CHECK_FALSE(client->open(c.fd, std::string("default.test\0.evil.test", 23)).has_value());
        CHECK_FALSE(client->open(c.fd, std::string(300, 'a')).has_value());
    }

    TEST_CASE("an expired certificate is a warning at home and refused by clients") {
        TlsRig rig;
        rig.server_options.certificates.clear();
        rig.add("old", {.dns = {"default.test"}, .from_days = -20, .until_days = -10});
        rig.add("soon", {.dns = {"soon.test"}, .from_days = 1, .until_days = 2});
        auto context = rig.server();
        REQUIRE(context->warnings().size() == 2);
        CHECK(context->warnings()[0].find("old.crt\" expired on 20") != std::string::npos);
        CHECK(context->warnings()[1].find("soon.crt\" is not valid before") != std::string::npos);
        TlsPair pair = rig.connect("default.test");
        CHECK_FALSE(pair.shake_hands());
        CHECK(pair.client.tls_failure().find("expired") != std::string_view::npos);
    }

    TEST_CASE("client certificates are demanded, verified and named") {
        TlsRig rig;
        Issued clients = Issued::authority("Client CA"), strangers = Issued::authority("Client CA");
        rig.server_options.client_ca = rig.folder.file("clients.crt");
        write_file(rig.server_options.client_ca, clients.certificate_pem());
        const struct {
            const Issued* by;
            bool good;
        } rows[] = {{&clients, true}, {nullptr, false}, {&strangers, false}};
        for (const auto& row : rows) {
            rig.client_options.own = {};
            if (row.by)
                rig.client_options.own = write_files(
                    rig.folder.path, "me", row.by->issue({.common_name = "me, myself\n"}));
            TlsPair pair = rig.connect("default.test");
            pair.shake_hands();
            CAPTURE(pair.server.tls_failure());
            if (row.good) {
                REQUIRE(pair.server.tls_peer());
                CHECK(pair.server.tls_peer()->subject == "CN=me\\, myself\\0A");
                continue;
            }
            pair.until_over();
            CHECK(pair.server_says == -EPROTO);
            CHECK_FALSE(pair.server.tls_peer());
        }
    }

    TEST_CASE("only TLS 1.2 and 1.3 with AEAD suites are spoken") {
        TlsRig rig;
        auto any = rig.server();
        rig.server_options.only_version_1_3 = true;
        auto newest = rig.server();
        const struct {
            int lowest, highest;
            const char* suites;  // of 1.2 and older
            bool any, newest;
        } rows[] = {
            {TLS1_VERSION, TLS1_1_VERSION, "ALL:@SECLEVEL=0", false, false},
            {TLS1_1_VERSION, TLS1_1_VERSION, "ALL:@SECLEVEL=0", false, false},
            {TLS1_2_VERSION, TLS1_2_VERSION, "ALL", true, false},
            {TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", true, false},
            {TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", true, false},
            {TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA", false, false},
            {TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384", false, false},
            {TLS1_3_VERSION, TLS1_3_VERSION, "ALL", true, true},
        };
        for (const auto& row : rows) {
            CAPTURE(row.highest);
            CAPTURE(row.suites);
            RawCtx client(false);
            client.versions(row.lowest, row.highest);
            REQUIRE(SSL_CTX_set_cipher_list(client.ctx.get(), row.suites) == 1);
            CHECK(lets_in(*any, client.ctx.get()) == row.any);
            CHECK(lets_in(*newest, client.ctx.get()) == row.newest);
        }
    }

    TEST_CASE("our client refuses a server that speaks only TLS 1.1") {
        TlsRig rig;
        Issued own = rig.ca.issue({.dns = {"default.test"}});
        for (int version : {TLS1_1_VERSION, TLS1_2_VERSION}) {
            RawCtx server(true);
            server.versions(version, version);
            SSL_CTX_use_certificate(server.ctx.get(), own.certificate());
            SSL_CTX_use_PrivateKey(server.ctx.get(), own.key());
            auto [c, server_end] = tcp_pair();
            const int s = server_end.fd;
            int fd = std::exchange(c.fd, -1);
            Stream client(fd, rig.client()->open(fd, "default.test").value());
            RawTls raw(s, true, server.ctx.get());
            std::string got;
            int r = 0;
            ssize_t says = -EAGAIN;
            CHECK(eventually([&] {
                says = drain(client, got);
                r = raw.shake_hands();
                if (says == -EAGAIN && r == 0) wait_either(fd, s);
                return says != -EAGAIN || r == 1;
            }));
            CHECK((r == 1) == (version == TLS1_2_VERSION));
        }
    }

    TEST_CASE("http/1.1 is agreed on; a client that offers only something else is refused") {
        TlsRig rig;
        auto context = rig.server();
        const struct {
            std::string offer;
            bool good;
            const char* chosen;
        } rows[] = {{"", true, ""},
                    {"\x08http/1.1", true, "http/1.1"},
                    {"\x02h2\x08http/1.1", true, "http/1.1"},
                    {"\x02h2", false, ""}};
        for (const auto& row : rows) {
            CAPTURE(row.offer);
            RawCtx client(false);
            if (!row.offer.empty())
                SSL_CTX_set_alpn_protos(client.ctx.get(),
                                        reinterpret_cast<const unsigned char*>(row.offer.data()),
                                        static_cast<unsigned>(row.offer.size()));
            std::string chosen;
            CHECK(lets_in(*context, client.ctx.get(), &chosen) == row.good);
            CHECK(chosen == row.chosen);
        }
    }
}
