// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>

#include "net/tls_openssl.hpp"

namespace microhost::net {
namespace {

bool is_ip(const std::string& name) {
    unsigned char ip[16];
    return inet_pton(AF_INET, name.c_str(), ip) == 1 || inet_pton(AF_INET6, name.c_str(), ip) == 1;
}

// c_rehash and Debian's ca-certificates name a certificate by the hash of its subject: 1a2b3c4d.0
bool has_hashed_names(const char* folder) {
    std::error_code ec;
    std::filesystem::directory_iterator entry(folder, ec), end;
    for (; !ec && entry != end; entry.increment(ec))
        if (entry->path().extension() == ".0") return true;
    return false;
}

// Out of a folder OpenSSL takes certificates one by one, when a chain needs them. Null: there is only the bundle.
const char* system_folder() {
    if (std::getenv(X509_get_default_cert_file_env())) return nullptr;  // that bundle was asked for
    const char* chosen = std::getenv(X509_get_default_cert_dir_env());
    const char* folder = chosen ? chosen : X509_get_default_cert_dir();
    return has_hashed_names(folder) ? folder : nullptr;
}

bool trust_folder(SSL_CTX* ctx, const char* folder) {
    X509_LOOKUP* found = X509_STORE_add_lookup(SSL_CTX_get_cert_store(ctx), X509_LOOKUP_hash_dir());
    return found && X509_LOOKUP_add_dir(found, folder, X509_FILETYPE_PEM) == 1;
}

}  // namespace

Result<std::unique_ptr<TlsClientContext>> TlsClientContext::load(const TlsClientOptions& options) {
    std::unique_ptr<TlsClientContext> context(new TlsClientContext);
    if (auto r = context->read(options); !r) return r.error();
    return context;
}

std::unique_ptr<TlsClientContext> TlsClientContext::of_system() {
    std::unique_ptr<TlsClientContext> context(new TlsClientContext);
    context->late_ = true;
    return context;
}

Result<> TlsClientContext::prepare() const {
    if (late_)
        std::call_once(late_read_, [self = const_cast<TlsClientContext*>(this)] {
            self->late_outcome_ = self->read({});
        });
    return late_outcome_;
}

Result<> TlsClientContext::read(const TlsClientOptions& options) {
    auto made = tls::make_context(false);
    if (!made) return made.error();
    SSL_CTX* ctx = made->get();
    if (!options.ca.empty()) {
        auto trusted = tls::trust_file(ctx, options.ca);
        if (!trusted) return trusted.error();
    }
    const bool by_system = options.ca.empty() && options.verify;
    const char* folder = by_system ? system_folder() : nullptr;
    if (folder && !trust_folder(ctx, folder))
        return error("tls: the system's CA certificates cannot be read: {}", tls::last_error());
    if (!options.own.certificate.empty()) {
        std::vector<std::string> ignored;  // the server will say what it thinks of it
        auto leaf = tls::use_certificate(ctx, options.own, ignored);
        if (!leaf) return leaf.error();
    }
    if (options.verify)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, tls::note_distrust);
    else
        SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
    ERR_clear_error();
    verify_ = options.verify;
    whole_bundle_ = by_system && !folder;
    ctx_ = made->release();
    return {};
}

TlsClientContext::~TlsClientContext() { SSL_CTX_free(ctx_); }

Result<std::unique_ptr<TlsSession>> TlsClientContext::open(int fd, std::string_view given,
                                                           std::string_view alpn) const {
    if (auto r = prepare(); !r) return r.error();
    std::string name(given);
    if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
    if (name.ends_with('.')) name.pop_back();
    if (name.size() > 253 || name.find('\0') != name.npos)
        return error("tls: \"{}\" cannot be the name of a server", name.substr(0, 60));
    if (name.empty() && verify_)
        return error("tls: no name to verify the server by; give one, or turn verification off");
    auto protocols = tls::alpn_wire(alpn);
    if (!protocols) return protocols.error();
    // The bundle takes as long to read as all the rest of a start: not before somebody speaks TLS to an upstream.
    if (whole_bundle_)
        std::call_once(bundle_read_, [this] { SSL_CTX_set_default_verify_paths(ctx_); });
    tls::Ssl ssl(SSL_new(ctx_));
    bool ok = ssl != nullptr;
    if (ok && !name.empty()) {
        X509_VERIFY_PARAM* expected = SSL_get0_param(ssl.get());
        if (is_ip(name)) {
            ok = X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str()) == 1;
        } else {
            X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
            ok = X509_VERIFY_PARAM_set1_host(expected, name.data(), name.size()) == 1 &&
                 SSL_set_tlsext_host_name(ssl.get(), name.c_str()) == 1;
        }
    }
    if (ok && !protocols->empty())
        ok = SSL_set_alpn_protos(ssl.get(),
                                 reinterpret_cast<const unsigned char*>(protocols->data()),
                                 static_cast<unsigned>(protocols->size())) == 0;
    if (!ok) return error("tls: cannot make a session: {}", tls::last_error());
    return tls::make_session(std::move(ssl), fd, false, nullptr);
}

}  // namespace microhost::net
