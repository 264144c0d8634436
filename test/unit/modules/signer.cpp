// SPDX-License-Identifier: Apache-2.0
#include "signer.hpp"

#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <array>
#include <map>

#include "modules/shared/base64.hpp"

namespace microhost::test {
namespace {

std::string base64url(std::string_view bytes) {
    std::string s = shared::base64_encode(bytes);
    while (s.ends_with('=')) s.pop_back();
    for (char& c : s) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return s;
}

const EVP_MD* hash_of(std::string_view algorithm) {
    return algorithm.ends_with("256")   ? EVP_sha256()
           : algorithm.ends_with("384") ? EVP_sha384()
                                        : EVP_sha512();
}

std::string number(EVP_PKEY* key, const char* name, int width = 0) {
    BIGNUM* n = nullptr;
    REQUIRE(EVP_PKEY_get_bn_param(key, name, &n) == 1);
    std::string out(static_cast<size_t>(width ? width : BN_num_bytes(n)), '\0');
    BN_bn2binpad(n, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
    BN_free(n);
    return out;
}

std::string signed_part(std::string_view algorithm, std::string_view claims,
                        std::string_view more) {
    return base64url("{" + std::string(more) + R"("alg":")" + std::string(algorithm) + "\"}") +
           "." + base64url(claims);
}

// RSA keys take a while to make: two are enough for all tests.
EVP_PKEY* rsa() {
    static std::array<EVP_PKEY*, 2> keys{};
    static unsigned turn = 0;
    EVP_PKEY*& key = keys[turn++ % 2];
    if (!key) key = EVP_RSA_gen(2048);
    EVP_PKEY_up_ref(key);
    return key;
}

std::string written(const std::shared_ptr<EVP_PKEY>& key, bool secret) {
    BIO* bio = BIO_new(BIO_s_mem());
    if (secret)
        PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    else
        PEM_write_bio_PUBKEY(bio, key.get());
    char* data = nullptr;
    const long n = BIO_get_mem_data(bio, &data);
    std::string out(data, static_cast<size_t>(n));
    BIO_free(bio);
    return out;
}

}  // namespace

Signer::Signer(std::string_view algorithm) : algorithm_(algorithm) {
    if (algorithm[0] == 'H') {
        secret_.resize(64);
        RAND_bytes(reinterpret_cast<unsigned char*>(secret_.data()), 64);
    } else {
        key_.reset(algorithm == "ES256"   ? EVP_EC_gen("P-256")
                   : algorithm == "ES384" ? EVP_EC_gen("P-384")
                                          : rsa(),
                   EVP_PKEY_free);
        REQUIRE(key_);
    }
}

std::string Signer::token(std::string_view claims, std::string_view more) const {
    if (!key_) return hmac_token(algorithm_, secret_, claims, more);
    const std::string text = signed_part(algorithm_, claims, more);
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* options = nullptr;
    REQUIRE(EVP_DigestSignInit(context, &options, hash_of(algorithm_), nullptr, key_.get()) == 1);
    if (algorithm_[0] == 'P') {
        EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
    }
    std::string signature(2048, '\0');
    size_t n = signature.size();
    auto* out = reinterpret_cast<unsigned char*>(signature.data());
    REQUIRE(EVP_DigestSign(context, out, &n, reinterpret_cast<const unsigned char*>(text.data()),
                           text.size()) == 1);
    EVP_MD_CTX_free(context);
    signature.resize(n);
    if (algorithm_[0] == 'E') {
        const int width = algorithm_ == "ES256" ? 32 : 48;
        const unsigned char* der = out;
        ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(n));
        std::string plain(static_cast<size_t>(2 * width), '\0');
        auto* to = reinterpret_cast<unsigned char*>(plain.data());
        BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, width);
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + width, width);
        ECDSA_SIG_free(pair);
        signature = plain;
    }
    return text + "." + base64url(signature);
}

std::string Signer::hmac_token(std::string_view algorithm, std::string_view secret,
                               std::string_view claims, std::string_view more) {
    const std::string text = signed_part(algorithm, claims, more);
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
    unsigned n = 0;
    HMAC(hash_of(algorithm), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &n);
    return text + "." + base64url({reinterpret_cast<char*>(mac.data()), n});
}

std::string Signer::unsigned_token(std::string_view algorithm, std::string_view claims,
                                   std::string_view signature) {
    return signed_part(algorithm, claims, "") + "." + std::string(signature);
}

std::string Signer::jwk(std::string_view id) const {
    std::string out = id.empty() ? "{" : R"({"kid":")" + std::string(id) + "\",";
    const auto member = [&](const char* name, const std::string& bytes) {
        out += std::string(",\"") + name + "\":\"" + base64url(bytes) + '"';
    };
    if (!key_) {
        out += R"("kty":"oct")";
        member("k", secret_);
    } else if (algorithm_[0] == 'E') {
        const int width = algorithm_ == "ES256" ? 32 : 48;
        out += std::string(R"("kty":"EC","crv":")") + (width == 32 ? "P-256\"" : "P-384\"");
        member("x", number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, width));
        member("y", number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, width));
    } else {
        out += R"("kty":"RSA")";
        member("n", number(key_.get(), OSSL_PKEY_PARAM_RSA_N));
        member("e", number(key_.get(), OSSL_PKEY_PARAM_RSA_E));
    }
    return out + "}";
}

std::string Signer::jwks(std::string_view id, std::string_view another) const {
    return "{\"keys\":[" + jwk(id) + (another.empty() ? "" : "," + std::string(another)) + "]}";
}

std::string Signer::pem() const { return key_ ? written(key_, false) : ""; }
std::string Signer::private_pem() const { return written(key_, true); }

}  // namespace microhost::test
