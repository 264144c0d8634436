// SPDX-License-Identifier: Apache-2.0
/// What the sources of TLS share: owners of OpenSSL's objects, the settings of both sides, PEM files. Not for others.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/tls.hpp"

namespace microhost::net::tls {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* p) const {
        Free(p);
    }
};
using Ctx = std::unique_ptr<SSL_CTX, Freed<&SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Freed<&SSL_free>>;
using Certificate = std::unique_ptr<X509, Freed<&X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<&EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Freed<&BIO_free>>;

/// The newest error of OpenSSL on this thread as text; the queue is empty afterwards.
std::string last_error();

/// "2026-11-28 13:05 UTC".
std::string day(const ASN1_TIME* t);

/// A context with everything that does not depend on certificates.
Result<Ctx> make_context(bool server);

/// Puts a chain and its key into the context, and returns the leaf. Expiry is added to `warnings`.
Result<Certificate> use_certificate(SSL_CTX* ctx, const TlsFiles& files,
                                    std::vector<std::string>& warnings);

/// Trusts the certificates of a PEM file; returns them.
Result<std::vector<Certificate>> trust_file(SSL_CTX* ctx, const std::string& path);

/// DNS names of a certificate in lower case; its common name when it has no alternative names.
std::vector<std::string> names_of(X509* certificate);

/// "http/1.1,xmpp-client" as RFC 7301 writes it: each with its length in front. An error for what is empty or too long.
Result<std::string> alpn_wire(std::string_view protocols);

/// For SSL_CTX_set_verify: keeps what is wrong with a certificate for TlsSession::distrust().
int note_distrust(int good, X509_STORE_CTX* at);

/// `ssl` may be null (out of memory): then the session fails at once. `keep` lives as long as the session does.
std::unique_ptr<TlsSession> make_session(Ssl ssl, int fd, bool server,
                                         std::shared_ptr<const void> keep);

}  // namespace microhost::net::tls
