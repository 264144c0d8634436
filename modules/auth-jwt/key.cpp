// SPDX-License-Identifier: Apache-2.0
#include "key.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>

#include "../shared/base64.hpp"
#include "../shared/secret.hpp"

namespace microhost::auth_jwt {
namespace {

constexpr Algorithm kAlgorithms[] = {
    {"HS256", KeyKind::secret, "SHA256", 32, false},
    {"HS384", KeyKind::secret, "SHA384", 48, false},
    {"HS512", KeyKind::secret, "SHA512", 64, false},
    {"RS256", KeyKind::rsa, "SHA256", 32, false},
    {"RS384", KeyKind::rsa, "SHA384", 48, false},
    {"RS512", KeyKind::rsa, "SHA512", 64, false},
    {"PS256", KeyKind::rsa, "SHA256", 32, true},
    {"ES256", KeyKind::p256, "SHA256", 32, false},
    {"ES384", KeyKind::p384, "SHA384", 48, false},
};

constexpr int kLeastRsaBits = 2048, kMostRsaBits = 8192, kSlowRsaBits = 4096;
constexpr size_t kLongestPart = 1100;  // bytes of a number in a JWK: 8192 bits and some
constexpr size_t kLongestId = 256;

template <class T, void (*Free)(T*)>
struct Freeing {
    void operator()(T* p) const { Free(p); }
};
template <class T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, Freeing<T, Free>>;
void free_bio(BIO* b) { BIO_free(b); }

const unsigned char* raw(std::string_view s) {
    return reinterpret_cast<const unsigned char*>(s.data());
}

std::string text_of(mh::json_value v, const char* what, size_t longest = kLongestId) {
    if (v.kind() == MH_JSON_NULL) return {};
    const auto s = v.string();
    if (!s || s->size() > longest) throw BadKey(std::string(what) + " is no text, or too long");
    return std::string(*s);
}

std::string bytes_of(mh::json_value jwk, const char* name) {
    const auto s = jwk[name].string();
    std::string out;
    if (!s || s->size() > kLongestPart * 2 || !shared::base64url_decode(*s, out) || out.empty() ||
        out.size() > kLongestPart)
        throw BadKey(std::string(name) + " is missing or no base64url");
    return out;
}

using Builder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;

EVP_PKEY* build(const char* type, const Builder& parts) {
    Owned<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(parts.get()));
    Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
        EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    const bool good =
        params && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) == 1;
    ERR_clear_error();
    if (!good) throw BadKey("it is no valid public key");
    return key;
}

EVP_PKEY* rsa_key(const std::string& n, const std::string& e) {
    Owned<BIGNUM, BN_free> modulus(BN_bin2bn(raw(n), static_cast<int>(n.size()), nullptr)),
        exponent(BN_bin2bn(raw(e), static_cast<int>(e.size()), nullptr));
    Builder parts(OSSL_PARAM_BLD_new());
    if (!parts || !OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) ||
        !OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()))
        throw BadKey("it is no valid public key");
    return build("RSA", parts);
}

EVP_PKEY* ec_key(const char* group, size_t width, const std::string& x, const std::string& y) {
    if (x.size() != width || y.size() != width) throw BadKey("x or y has the wrong length");
    const std::string point = "\x04" + x + y;
    Builder parts(OSSL_PARAM_BLD_new());
    if (!parts ||
        !OSSL_PARAM_BLD_push_utf8_string(parts.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0) ||
        !OSSL_PARAM_BLD_push_octet_string(parts.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                          point.size()))
        throw BadKey("it is no valid public key");
    return build("EC", parts);
}

/// R and S side by side (RFC 7518 section 3.4) as the library wants them; empty when they are not.
std::string der_of(std::string_view signature, size_t width) {
    if (signature.size() != width * 2) return {};
    const int n = static_cast<int>(width);
    Owned<BIGNUM, BN_free> r(BN_bin2bn(raw(signature), n, nullptr)),
        s(BN_bin2bn(raw(signature) + width, n, nullptr));
    Owned<ECDSA_SIG, ECDSA_SIG_free> pair(ECDSA_SIG_new());
    if (!r || !s || !pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
    (void)r.release(), (void)s.release();  // the pair owns them
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(pair.get(), &der);
    if (size <= 0) return {};
    std::string out(reinterpret_cast<char*>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
    return out;
}

/// "sig", if it says what it is for at all.
bool for_signatures(mh::json_value jwk) {
    if (!jwk["use"].is_null() && jwk["use"].string() != "sig") return false;
    const mh::json_value operations = jwk["key_ops"];
    if (operations.is_null()) return true;
    for (uint32_t i = 0; i < operations.count(); ++i) {
        if (operations.at(i).string() == "verify") return true;
    }
    return false;
}

}  // namespace

const Algorithm* find_algorithm(std::string_view name) {
    for (const Algorithm& a : kAlgorithms) {
        if (a.name == name) return &a;
    }
    return nullptr;
}

Key Key::from_secret(std::string_view bytes) {
    // RFC 7518 section 3.2: as long as the hash at least; `fits` asks for more where the hash is longer.
    if (bytes.size() < 32) throw BadKey("a shared secret has at least 32 bytes");
    Key k;
    k.secret_ = bytes;
    return k;
}

Key Key::from_jwk(mh::json_value jwk) {
    if (jwk.kind() != MH_JSON_OBJECT) throw BadKey("it is no object");
    const std::string type = text_of(jwk["kty"], "kty"), curve = text_of(jwk["crv"], "crv");
    if (!for_signatures(jwk)) throw BadKey("it is not for signatures");
    Key k;
    if (type == "oct")
        k = from_secret(bytes_of(jwk, "k"));
    else if (type == "RSA")
        k.take(rsa_key(bytes_of(jwk, "n"), bytes_of(jwk, "e")));
    else if (type == "EC" && curve == "P-256")
        k.take(ec_key("P-256", 32, bytes_of(jwk, "x"), bytes_of(jwk, "y")));
    else if (type == "EC" && curve == "P-384")
        k.take(ec_key("P-384", 48, bytes_of(jwk, "x"), bytes_of(jwk, "y")));
    else
        throw BadKey("its kind is not supported");
    k.id_ = text_of(jwk["kid"], "kid");
    k.algorithm_ = text_of(jwk["alg"], "alg");
    return k;
}

Key Key::from_pem(std::string_view block) {
    Owned<BIO, free_bio> bio(BIO_new_mem_buf(block.data(), static_cast<int>(block.size())));
    EVP_PKEY* key = nullptr;
    if (block.starts_with("-----BEGIN PUBLIC KEY-----")) {
        key = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr);
    } else if (block.starts_with("-----BEGIN CERTIFICATE-----")) {
        Owned<X509, X509_free> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
        key = certificate ? X509_get_pubkey(certificate.get()) : nullptr;
    } else if (block.find("PRIVATE KEY") != block.npos) {
        throw BadKey("it is a private key: take the public one (openssl pkey -pubout)");
    } else {
        throw BadKey("it is neither PUBLIC KEY nor CERTIFICATE");
    }
    ERR_clear_error();
    if (!key) throw BadKey("it cannot be read");
    Key k;
    k.take(key);
    return k;
}

void Key::take(EVP_PKEY* key) {
    key_.reset(key, EVP_PKEY_free);
    const int bits = EVP_PKEY_get_bits(key);
    if (EVP_PKEY_is_a(key, "RSA")) {
        if (bits < kLeastRsaBits || bits > kMostRsaBits)
            throw BadKey("RSA keys have 2048 to 8192 bits");
        kind_ = KeyKind::rsa;
        slow_ = bits > kSlowRsaBits;
        return;
    }
    std::array<char, 64> group{};
    size_t n = 0;
    if (!EVP_PKEY_is_a(key, "EC") ||
        EVP_PKEY_get_group_name(key, group.data(), group.size(), &n) != 1)
        throw BadKey("its kind is not supported");
    const std::string_view curve(group.data(), n);
    if (curve != "prime256v1" && curve != "P-256" && curve != "secp384r1" && curve != "P-384")
        throw BadKey("its curve is not supported");
    kind_ = bits == 256 ? KeyKind::p256 : KeyKind::p384;
    slow_ = kind_ == KeyKind::p384;
}

bool Key::fits(const Algorithm& a) const {
    if (a.kind != kind_ || (!algorithm_.empty() && algorithm_ != a.name)) return false;
    return kind_ != KeyKind::secret || secret_.size() >= a.hash_bytes;
}

bool Key::verifies(const Algorithm& a, std::string_view text, std::string_view signature) const {
    if (!fits(a)) return false;
    bool good = false;
    if (kind_ == KeyKind::secret) {
        std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
        size_t n = 0;
        good = EVP_Q_mac(nullptr, "HMAC", nullptr, a.hash, nullptr, secret_.data(), secret_.size(),
                         raw(text), text.size(), mac.data(), mac.size(), &n) != nullptr &&
               shared::same_secret({reinterpret_cast<char*>(mac.data()), n}, signature);
    } else if (kind_ == KeyKind::rsa) {
        good = verifies_public(a, text, signature);
    } else {
        const std::string der = der_of(signature, kind_ == KeyKind::p256 ? 32 : 48);
        good = !der.empty() && verifies_public(a, text, der);
    }
    ERR_clear_error();
    return good;
}

bool Key::verifies_public(const Algorithm& a, std::string_view text,
                          std::string_view signature) const {
    Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* options = nullptr;  // the context's
    if (!context || EVP_DigestVerifyInit_ex(context.get(), &options, a.hash, nullptr, nullptr,
                                            key_.get(), nullptr) != 1)
        return false;
    if (a.pss && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
                  EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1))
        return false;
    return EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(text),
                            text.size()) == 1;
}

}  // namespace microhost::auth_jwt
