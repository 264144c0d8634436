// SPDX-License-Identifier: Apache-2.0
#include "secret.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <stdexcept>

namespace microhost::shared {
namespace {

std::string hex(const unsigned char* bytes, size_t n) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (size_t i = 0; i < n; ++i) (out += kHex[bytes[i] >> 4]) += kHex[bytes[i] & 15];
    return out;
}

}  // namespace

bool same_secret(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(std::string& secret) {
    OPENSSL_cleanse(secret.data(), secret.size());
    secret.clear();
}

std::string digest_of(std::string_view text) {
    unsigned char out[32];
    unsigned n = 0;
    if (EVP_Digest(text.data(), text.size(), out, &n, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 failed");
    return hex(out, n);
}

std::string signature_of(std::string_view key, std::string_view text) {
    unsigned char out[32];
    unsigned n = 0;
    if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
              reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &n))
        throw std::runtime_error("HMAC failed");
    return hex(out, n);
}

std::string random_id() {
    unsigned char bytes[32];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        throw std::runtime_error("the cryptography library gives no random numbers");
    return hex(bytes, sizeof bytes);
}

Digester::Digester() : context_(nullptr) {
    unsigned char key[32];
    char hash[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
                                 OSSL_PARAM_construct_end()};
    EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    context_ = mac ? EVP_MAC_CTX_new(mac) : nullptr;
    EVP_MAC_free(mac);  // the context keeps it
    const bool good = context_ && RAND_bytes(key, sizeof key) == 1 &&
                      EVP_MAC_init(context_, key, sizeof key, params) == 1;
    OPENSSL_cleanse(key, sizeof key);
    if (good) return;
    EVP_MAC_CTX_free(context_);
    throw std::runtime_error("the cryptography library gives no HMAC with a random key");
}

Digester::~Digester() { EVP_MAC_CTX_free(context_); }

void Digester::begin(uint64_t version) {
    EVP_MAC_init(context_, nullptr, 0, nullptr);  // the same key again
    EVP_MAC_update(context_, reinterpret_cast<const unsigned char*>(&version), sizeof version);
}

void Digester::add(std::string_view part) {
    const uint64_t size = part.size();
    EVP_MAC_update(context_, reinterpret_cast<const unsigned char*>(&size), sizeof size);
    EVP_MAC_update(context_, reinterpret_cast<const unsigned char*>(part.data()), part.size());
}

Digest Digester::end() {
    Digest out;
    size_t n = 0;
    if (EVP_MAC_final(context_, out.bytes.data(), &n, out.bytes.size()) != 1 ||
        n != out.bytes.size())
        throw std::runtime_error("HMAC failed");  // never a digest that others may share
    return out;
}

Digest Digester::operator()(uint64_t version, std::initializer_list<std::string_view> parts) {
    begin(version);
    for (const std::string_view p : parts) add(p);
    return end();
}

}  // namespace microhost::shared
