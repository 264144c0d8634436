// SPDX-License-Identifier: Apache-2.0
/// Certificates made for one test run, and OpenSSL as the other end for what our own side would never say.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "net/tls.hpp"

namespace microhost::net::test {

struct Wish {
    std::string common_name = "test";
    std::vector<std::string> dns, ip;
    int from_days = -1, until_days = 1;
};

/// A certificate with its key, in memory and as PEM.
class Issued {
  public:
    /// Signs itself.
    static Issued authority(const std::string& common_name);
    Issued issue(const Wish& wish) const;

    const std::string& certificate_pem() const { return certificate_pem_; }
    const std::string& key_pem() const { return key_pem_; }
    std::string encrypted_key_pem() const;
    X509* certificate() const { return certificate_.get(); }
    EVP_PKEY* key() const { return key_.get(); }

  private:
    static Issued make(const Wish& wish, const Issued* issuer);
    std::shared_ptr<X509> certificate_;
    std::shared_ptr<EVP_PKEY> key_;
    std::string certificate_pem_, key_pem_;
};

void write_file(const std::string& path, const std::string& text);

/// Writes NAME.crt and NAME.key into the folder.
TlsFiles write_files(const std::string& folder, const std::string& name, const Issued& issued);

/// One end that is OpenSSL itself, with whatever settings.
class RawTls {
  public:
    RawTls(int fd, bool server, SSL_CTX* ctx);
    ~RawTls();
    RawTls(const RawTls&) = delete;
    /// 1 done, 0 goes on, -1 failed.
    int shake_hands();
    SSL* ssl() const { return ssl_; }
    bool failed() const { return failed_; }

  private:
    SSL* ssl_;
    bool failed_ = false;
};

}  // namespace microhost::net::test
