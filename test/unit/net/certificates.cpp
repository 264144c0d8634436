// SPDX-License-Identifier: Apache-2.0
#include "certificates.hpp"

#include <doctest/doctest.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <fstream>

namespace microhost::net::test {
namespace {

void extend(X509* c, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, c, nullptr, nullptr, 0);
    X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, &ctx, nid, value.c_str());
    REQUIRE(e);
    X509_add_ext(c, e, -1);
    X509_EXTENSION_free(e);
}

std::string text_of(BIO* out) {
    char* p = nullptr;
    long n = BIO_get_mem_data(out, &p);
    std::string text(p, static_cast<size_t>(n));
    BIO_free(out);
    return text;
}

}  // namespace

Issued Issued::make(const Wish& wish, const Issued* issuer) {
    Issued made;
    made.key_.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
    made.certificate_.reset(X509_new(), X509_free);
    X509* c = made.certificate_.get();
    REQUIRE(c);
    X509* parent = issuer ? issuer->certificate() : c;
    uint64_t serial = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
    X509_set_version(c, 2);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(c), serial >> 1);
    X509_gmtime_adj(X509_getm_notBefore(c), wish.from_days * 86'400L);
    X509_gmtime_adj(X509_getm_notAfter(c), wish.until_days * 86'400L);
    X509_set_pubkey(c, made.key());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1,
                               -1, 0);
    X509_set_issuer_name(c, X509_get_subject_name(parent));
    extend(c, parent, NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
    std::string names;
    for (auto& n : wish.dns) names += (names.empty() ? "DNS:" : ",DNS:") + n;
    for (auto& n : wish.ip) names += (names.empty() ? "IP:" : ",IP:") + n;
    if (!names.empty()) extend(c, parent, NID_subject_alt_name, names);
    REQUIRE(X509_sign(c, issuer ? issuer->key() : made.key(), EVP_sha256()) > 0);
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, c);
    made.certificate_pem_ = text_of(out);
    out = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(out, made.key(), nullptr, nullptr, 0, nullptr, nullptr);
    made.key_pem_ = text_of(out);
    return made;
}

Issued Issued::authority(const std::string& common_name) {
    return make({.common_name = common_name}, nullptr);
}

Issued Issued::issue(const Wish& wish) const { return make(wish, this); }

std::string Issued::encrypted_key_pem() const {
    BIO* out = BIO_new(BIO_s_mem());
    const unsigned char phrase[] = "secret";
    PEM_write_bio_PrivateKey(out, key(), EVP_aes_128_cbc(), phrase, 6, nullptr, nullptr);
    return text_of(out);
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

TlsFiles write_files(const std::string& folder, const std::string& name, const Issued& issued) {
    TlsFiles files{folder + "/" + name + ".crt", folder + "/" + name + ".key"};
    write_file(files.certificate, issued.certificate_pem());
    write_file(files.key, issued.key_pem());
    return files;
}

RawTls::RawTls(int fd, bool server, SSL_CTX* ctx) : ssl_(SSL_new(ctx)) {
    SSL_set_fd(ssl_, fd);
    if (server)
        SSL_set_accept_state(ssl_);
    else
        SSL_set_connect_state(ssl_);
}

RawTls::~RawTls() { SSL_free(ssl_); }

int RawTls::shake_hands() {
    if (failed_) return -1;
    ERR_clear_error();
    int r = SSL_do_handshake(ssl_);
    if (r == 1) return 1;
    int kind = SSL_get_error(ssl_, r);
    ERR_clear_error();
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) return 0;
    failed_ = true;
    return -1;
}

}  // namespace microhost::net::test
