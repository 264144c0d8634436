// SPDX-License-Identifier: Apache-2.0
/// SCRAM (RFC 5802, RFC 7677), the client's side: the password stays here, and the server has to prove that it knows it too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace microhost::bot {

/// Messages are plain text here; SASL of a network wraps them in base64. Without channel binding. A password is used as it stands:
/// SASLprep changes nothing of ASCII, and to other characters it would do what Unicode calls NFKC, which most are in already.
class Scram {
  public:
    enum class Hash : uint8_t { sha1, sha256 };
    /// Fewer would make the password cheap to guess, more would keep the process busy.
    static constexpr uint32_t kFewestRounds = 4096, kMostRounds = 200'000;

    /// `nonce`: for tests; otherwise it is random.
    Scram(Hash hash, std::string_view user, std::string password, std::string nonce = {});
    ~Scram();
    Scram(const Scram&) = delete;
    Scram& operator=(const Scram&) = delete;

    /// The first message.
    std::string first() const;
    /// The answer to the server's first message. Empty: it cannot be answered, why() says so.
    std::string answer(std::string_view server_first);
    /// The server's last message. False: it does not know the password, or refused.
    bool verify(std::string_view server_last);

    const std::string& why() const { return why_; }

  private:
    const Hash hash_;
    std::string bare_, nonce_, password_, server_signature_, why_;
};

}  // namespace microhost::bot
