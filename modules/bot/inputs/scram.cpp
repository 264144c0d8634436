// SPDX-License-Identifier: Apache-2.0
#include "scram.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <charconv>
#include <stdexcept>

#include "../../shared/base64.hpp"
#include "../../shared/secret.hpp"

namespace microhost::bot {
namespace {

using shared::base64_decode;
using shared::base64_encode;

constexpr std::string_view kHeader = "n,,";  // no channel binding, no other identity
constexpr size_t kLongestMessage = 4096;

const EVP_MD* method(Scram::Hash hash) {
    return hash == Scram::Hash::sha1 ? EVP_sha1() : EVP_sha256();
}

const unsigned char* bytes(std::string_view s) {
    return reinterpret_cast<const unsigned char*>(s.data());
}

std::string hmac(Scram::Hash hash, std::string_view key, std::string_view text) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!HMAC(method(hash), key.data(), static_cast<int>(key.size()), bytes(text), text.size(), out,
              &n))
        throw std::runtime_error("HMAC failed");
    return {reinterpret_cast<char*>(out), n};
}

std::string digest(Scram::Hash hash, std::string_view text) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_Digest(text.data(), text.size(), out, &n, method(hash), nullptr) != 1)
        throw std::runtime_error("a digest failed");
    return {reinterpret_cast<char*>(out), n};
}

std::string salted(Scram::Hash hash, std::string_view password, std::string_view salt,
                   uint32_t rounds) {
    std::string out(static_cast<size_t>(EVP_MD_get_size(method(hash))), '\0');
    if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), bytes(salt),
                          static_cast<int>(salt.size()), static_cast<int>(rounds), method(hash),
                          static_cast<int>(out.size()),
                          reinterpret_cast<unsigned char*>(out.data())) != 1)
        throw std::runtime_error("PBKDF2 failed");
    return out;
}

std::string random_nonce() {
    unsigned char raw[18];
    if (RAND_bytes(raw, sizeof raw) != 1)
        throw std::runtime_error("the cryptography library gives no random numbers");
    return base64_encode({reinterpret_cast<char*>(raw), sizeof raw});  // no comma in it
}

/// "=" and "," have a meaning of their own.
std::string name_of(std::string_view user) {
    std::string out;
    for (const char c : user) {
        if (c == '=')
            out += "=3D";
        else if (c == ',')
            out += "=2C";
        else
            out += c;
    }
    return out;
}

/// Takes "k=value" off the front. False when it is not there.
bool take(std::string_view& message, char key, std::string_view& value) {
    if (message.size() < 2 || message[0] != key || message[1] != '=') return false;
    const size_t comma = message.find(',');
    value = message.substr(2, comma == message.npos ? comma : comma - 2);
    message = comma == message.npos ? std::string_view{} : message.substr(comma + 1);
    return true;
}

}  // namespace

Scram::Scram(Hash hash, std::string_view user, std::string password, std::string nonce)
    : hash_(hash),
      nonce_(nonce.empty() ? random_nonce() : std::move(nonce)),
      password_(std::move(password)) {
    bare_ = "n=" + name_of(user) + ",r=" + nonce_;
}

Scram::~Scram() {
    shared::wipe(password_);
    shared::wipe(server_signature_);
}

std::string Scram::first() const { return std::string(kHeader) + bare_; }

std::string Scram::answer(std::string_view server_first) {
    const auto refuse = [this](std::string why) {
        why_ = std::move(why);
        return std::string();
    };
    std::string_view rest = server_first, nonce, salt64, count;
    if (server_first.size() > kLongestMessage)
        return refuse("the server's first message is too long");
    if (rest.starts_with("m=")) return refuse("the server asks for an extension that nobody knows");
    if (!take(rest, 'r', nonce) || !take(rest, 's', salt64) || !take(rest, 'i', count))
        return refuse("the server's first message is none of SCRAM");
    if (nonce.size() <= nonce_.size() || !nonce.starts_with(nonce_))
        return refuse("the server answers somebody else: its nonce does not begin with ours");
    std::string salt;
    uint32_t rounds = 0;
    const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), rounds);
    if (!base64_decode(salt64, salt) || salt.empty() || error != std::errc{} ||
        end != count.data() + count.size())
        return refuse("the server's first message is none of SCRAM");
    if (rounds < kFewestRounds || rounds > kMostRounds)
        return refuse("the server wants " + std::to_string(rounds) + " rounds; from " +
                      std::to_string(kFewestRounds) + " to " + std::to_string(kMostRounds) +
                      " are made");

    const std::string without_proof = "c=" + base64_encode(kHeader) + ",r=" + std::string(nonce);
    const std::string signed_text = bare_ + ',' + std::string(server_first) + ',' + without_proof;
    std::string password = salted(hash_, password_, salt, rounds);
    std::string key = hmac(hash_, password, "Client Key");
    const std::string signature = hmac(hash_, digest(hash_, key), signed_text);
    server_signature_ = hmac(hash_, hmac(hash_, password, "Server Key"), signed_text);
    std::string proof = key;
    for (size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ signature[i]);
    shared::wipe(password);
    shared::wipe(key);
    return without_proof + ",p=" + base64_encode(proof);
}

bool Scram::verify(std::string_view server_last) {
    std::string_view value;
    std::string signature;
    if (take(server_last, 'e', value)) {
        why_ = "the server refused: " + std::string(value.substr(0, 60));
        return false;
    }
    if (!server_signature_.empty() && take(server_last, 'v', value) &&
        base64_decode(value, signature) && shared::same_secret(signature, server_signature_))
        return true;
    why_ = "the server did not prove that it knows the password; somebody may sit between";
    return false;
}

}  // namespace microhost::bot
