// SPDX-License-Identifier: Apache-2.0
/// SASL (IRCv3 sasl-3.2): the mechanisms, and AUTHENTICATE lines of no more than 400 bytes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "settings.hpp"

namespace microhost::bot::irc {

class Mechanism {
  public:
    virtual ~Mechanism() = default;
    virtual std::string_view name() const = 0;
    /// To what the server says, which is empty at first. Nothing: it makes no sense, or is not who it should be.
    virtual std::optional<std::string> answer(std::string_view challenge) = 0;
    /// Whether the server's word that all is well counts: where it has to prove itself, only after it did.
    virtual bool complete() const { return true; }
};

/// The one that was asked for, or that fits best. `offered`: as the server lists them, "PLAIN,EXTERNAL"; empty: it does not say.
/// Null: it does not have it.
std::unique_ptr<Mechanism> make_mechanism(const Settings& settings, std::string_view offered);

/// The pieces of what follows "AUTHENTICATE ".
std::vector<std::string> authenticate_pieces(std::string_view bytes);

/// Puts the server's pieces together.
class Pieces {
  public:
    enum class State { more, complete, bad };
    State add(std::string_view piece);
    std::string take();  ///< the bytes, decoded; ready for the next

  private:
    static constexpr size_t kMost = 16 * 1024;
    std::string base64_, bytes_;
};

}  // namespace microhost::bot::irc
