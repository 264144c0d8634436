// SPDX-License-Identifier: Apache-2.0
/// Secrets: compared, hashed and forgotten without telling anybody about them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

struct evp_mac_ctx_st;

namespace microhost::shared {

/// True when both are equal; the time depends on the lengths alone.
bool same_secret(std::string_view a, std::string_view b);

/// Overwrites what it holds.
void wipe(std::string& secret);

/// SHA-256 in hexadecimal.
std::string digest_of(std::string_view text);
/// HMAC-SHA256 in hexadecimal.
std::string signature_of(std::string_view key, std::string_view text);
/// 256 random bits in hexadecimal. Throws std::runtime_error.
std::string random_id();

/// Stands for a secret in memory: nobody without the key can make one or learn anything from it.
struct Digest {
    std::array<unsigned char, 32> bytes{};
    bool operator==(const Digest& o) const {
        return same_secret({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                           {reinterpret_cast<const char*>(o.bytes.data()), o.bytes.size()});
    }
    struct Hash {
        size_t operator()(const Digest& d) const {
            size_t out;
            std::memcpy(&out, d.bytes.data(), sizeof out);
            return out;
        }
    };
};

/// HMAC-SHA256 under a random key of its own. One for each loop: it is used by one thread at a time.
class Digester {
  public:
    Digester();
    ~Digester();
    Digester(const Digester&) = delete;
    Digester& operator=(const Digester&) = delete;

    /// Each part counts with its length: ("a", "bc") is not ("ab", "c").
    Digest operator()(uint64_t version, std::initializer_list<std::string_view> parts);
    /// The same, where the parts are not known in advance.
    void begin(uint64_t version);
    void add(std::string_view part);
    Digest end();

  private:
    evp_mac_ctx_st* context_;
};

}  // namespace microhost::shared
