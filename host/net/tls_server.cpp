// SPDX-License-Identifier: Apache-2.0
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <map>

#include "net/tls_openssl.hpp"

namespace microhost::net {

/// Shared with the sessions, which may still shake hands when a reload has replaced the context.
struct TlsServerContext::Certificates {
    std::vector<tls::Ctx> contexts;  // one for each certificate; the first begins every handshake
    std::map<std::string, SSL_CTX*, std::less<>> by_name;  // "example.org", "*.example.org"
    std::string alpn;                                      // as it is sent

    SSL_CTX* find(std::string name) const;
};

namespace {

using Certificates = TlsServerContext::Certificates;

int choose_certificate(SSL* ssl, int*, void* arg) {
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (!name) return SSL_TLSEXT_ERR_NOACK;
    SSL_CTX* chosen = static_cast<const Certificates*>(arg)->find(name);
    if (chosen && chosen != SSL_get_SSL_CTX(ssl)) SSL_set_SSL_CTX(ssl, chosen);
    return SSL_TLSEXT_ERR_OK;
}

// RFC 7301 3.2: a client that offers only what we do not speak is told so.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_n, const unsigned char* in,
                    unsigned in_n, void* arg) {
    const std::string& ours = static_cast<const Certificates*>(arg)->alpn;
    unsigned char* chosen = nullptr;
    int r =
        SSL_select_next_proto(&chosen, out_n, reinterpret_cast<const unsigned char*>(ours.data()),
                              static_cast<unsigned>(ours.size()), in, in_n);
    if (r != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

Result<> demand_client_certificates(SSL_CTX* ctx, const std::string& ca) {
    auto trusted = tls::trust_file(ctx, ca);
    if (!trusted) return trusted.error();
    for (auto& c : *trusted) SSL_CTX_add_client_CA(ctx, c.get());
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, tls::note_distrust);
    return {};
}

}  // namespace

SSL_CTX* TlsServerContext::Certificates::find(std::string name) const {
    for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    if (name.ends_with('.')) name.pop_back();
    if (auto it = by_name.find(name); it != by_name.end()) return it->second;
    size_t dot = name.find('.');
    if (dot == 0 || dot == name.npos) return nullptr;
    auto it = by_name.find("*" + name.substr(dot));  // RFC 6125 6.4.3: a star is one label
    return it == by_name.end() ? nullptr : it->second;
}

Result<std::unique_ptr<TlsServerContext>> TlsServerContext::load(const TlsServerOptions& options) {
    if (options.certificates.empty())
        return error("tls: a listener needs a certificate and its key");
    std::unique_ptr<TlsServerContext> context(new TlsServerContext);
    auto all = std::make_shared<Certificates>();
    auto protocols = tls::alpn_wire(options.alpn);
    if (!protocols) return protocols.error();
    all->alpn = std::move(*protocols);
    for (const TlsFiles& files : options.certificates) {
        auto made = tls::make_context(true);
        if (!made) return made.error();
        SSL_CTX* ctx = made->get();
        auto leaf = tls::use_certificate(ctx, files, context->warnings_);
        if (!leaf) return leaf.error();
        if (!options.client_ca.empty())
            if (auto r = demand_client_certificates(ctx, options.client_ca); !r) return r.error();
        if (options.only_version_1_3) SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
        static const unsigned char kScope[] = "microhost";  // resumption with client CAs needs one
        SSL_CTX_set_session_id_context(ctx, kScope, sizeof kScope - 1);
        SSL_CTX_set_num_tickets(ctx, 1);
        if (!all->alpn.empty()) SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, all.get());
        SSL_CTX_set_tlsext_servername_callback(ctx, choose_certificate);
        SSL_CTX_set_tlsext_servername_arg(ctx, all.get());
        for (std::string& name : tls::names_of(leaf->get())) all->by_name.emplace(name, ctx);
        all->contexts.push_back(std::move(*made));
    }
    context->certificates_ = std::move(all);
    return context;
}

TlsServerContext::~TlsServerContext() = default;

std::unique_ptr<TlsSession> TlsServerContext::accept(int fd) const {
    tls::Ssl ssl(SSL_new(certificates_->contexts.front().get()));
    ERR_clear_error();
    return tls::make_session(std::move(ssl), fd, true, certificates_);
}

}  // namespace microhost::net
