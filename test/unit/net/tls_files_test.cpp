// SPDX-License-Identifier: Apache-2.0
#include "tls_rig.hpp"

using namespace microhost::net;
using namespace microhost::net::test;

namespace {

std::string refusal(const TlsServerOptions& options) {
    auto r = TlsServerContext::load(options);
    if (r) return "it was accepted";
    CHECK(r.error().what.find('\n') == std::string::npos);
    return r.error().what;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("host/net") {
    TEST_CASE("a certificate that cannot be used is one line that names the file") {
        TlsRig rig;
        const TlsFiles good = rig.server_options.certificates[0];
        Issued other = rig.ca.issue({});
        const std::string garbage = rig.folder.file("garbage"), gone = rig.folder.file("gone"),
                          cut = rig.folder.file("cut"), locked = rig.folder.file("locked"),
                          empty = rig.folder.file("empty"), cut_key = rig.folder.file("cut.key");
        write_file(garbage, "hello");
        write_file(empty, "");
        write_file(cut, other.certificate_pem().substr(0, other.certificate_pem().size() / 2) +
                            "\n-----END CERTIFICATE-----\n");
        write_file(cut_key, "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n");
        write_file(locked, other.encrypted_key_pem());
        const TlsFiles others = write_files(rig.folder.path, "other", other);
        const struct {
            TlsFiles files;
            std::string names;
            const char* says;
        } rows[] = {
            {{gone, good.key}, gone, "No such file"},
            {{good.certificate, gone}, gone, "No such file"},
            {{rig.folder.path, good.key}, rig.folder.path, "Is a directory"},
            {{garbage, good.key}, garbage, "there is no certificate"},
            {{empty, good.key}, empty, "there is no certificate"},
            {{good.key, good.key}, good.key, "there is no certificate"},
            {{cut, good.key}, cut, "damaged"},
            {{good.certificate, garbage}, garbage, "there is no private key"},
            {{good.certificate, good.certificate}, good.certificate, "there is no private key"},
            {{good.certificate, cut_key}, cut_key, "damaged"},
            {{good.certificate, locked}, locked, "pass phrase"},
            {{good.certificate, others.key}, good.certificate, "does not belong"},
            {{good.certificate, others.key}, others.key, "does not belong"},
        };
        for (const auto& row : rows) {
            const std::string said = refusal({.certificates = {row.files}});
            CAPTURE(said);
            CHECK(has(said, row.names));
            CHECK(has(said, row.says));
        }
        CHECK(has(refusal({}), "needs a certificate"));
        CHECK(has(refusal({.certificates = {good}, .client_ca = gone}), gone));
        CHECK(has(refusal({.certificates = {good}, .client_ca = garbage}), garbage));
        CHECK(has(refusal({.certificates = {good, {gone, gone}}}), gone));
        CHECK_FALSE(TlsClientContext::load({.ca = gone}).has_value());
        CHECK_FALSE(TlsClientContext::load({.own = {gone, gone}}).has_value());
        CHECK(TlsServerContext::load({.certificates = {good, others}}).has_value());
    }

    TEST_CASE("certificate and key may be in one file") {
        TlsRig rig;
        Issued one = rig.ca.issue({.dns = {"default.test"}});
        const std::string both = rig.folder.file("both.pem");
        write_file(both, one.key_pem() + "some words\n" + one.certificate_pem());
        rig.server_options.certificates = {{both, ""}};
        CHECK(rig.connect("default.test").shake_hands());
    }

    TEST_CASE("the chain that follows the leaf is sent with it") {
        TlsRig rig;
        const std::string file = rig.folder.file("chain.crt");
        Issued leaf = rig.ca.issue({.dns = {"default.test"}});
        write_file(file, leaf.certificate_pem() + rig.ca.certificate_pem());
        rig.server_options.certificates = {write_files(rig.folder.path, "leaf", leaf)};
        for (bool with_chain : {false, true}) {
            if (with_chain) rig.server_options.certificates[0].certificate = file;
            rig.client_options.verify = false;
            auto [client, s] = tcp_pair();
            const int c = client.fd;
            int fd = std::exchange(s.fd, -1);
            Stream server(fd, rig.server()->accept(fd));
            std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> ctx(SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free);
            RawTls raw(c, false, ctx.get());
            std::string got;
            CHECK(eventually([&] {
                int r = raw.shake_hands();
                drain(server, got);
                if (r == 0) wait_either(c, fd);
                return r != 0;
            }));
            CHECK(sk_X509_num(SSL_get_peer_cert_chain(raw.ssl())) == (with_chain ? 2 : 1));
        }
    }

    TEST_CASE("the system's authorities are the default, and do not know ours") {
        TlsRig rig;
        rig.client_options.ca.clear();
        TlsPair pair = rig.connect("default.test");
        CHECK_FALSE(pair.shake_hands());
        CHECK(pair.client_says == -EPROTO);
    }
}
