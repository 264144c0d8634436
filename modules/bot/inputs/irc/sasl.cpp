// SPDX-License-Identifier: Apache-2.0
#include "sasl.hpp"

#include <utility>

#include "../../../shared/base64.hpp"
#include "../../../shared/text.hpp"
#include "../scram.hpp"

namespace microhost::bot::irc {
namespace {

constexpr size_t kPiece = 400;

class Plain final : public Mechanism {
  public:
    explicit Plain(const Settings& s)
        : words_(s.account + '\0' + s.account + '\0' + s.account_password) {}
    std::string_view name() const override { return "PLAIN"; }
    std::optional<std::string> answer(std::string_view challenge) override {
        if (!challenge.empty()) return {};
        return words_;
    }

  private:
    std::string words_;
};

/// The certificate says who we are.
class External final : public Mechanism {
  public:
    explicit External(const Settings& s) : account_(s.account) {}
    std::string_view name() const override { return "EXTERNAL"; }
    std::optional<std::string> answer(std::string_view) override { return account_; }

  private:
    std::string account_;
};

class ScramSha256 final : public Mechanism {
  public:
    explicit ScramSha256(const Settings& s)
        : scram_(Scram::Hash::sha256, s.account, s.account_password) {}
    std::string_view name() const override { return "SCRAM-SHA-256"; }
    std::optional<std::string> answer(std::string_view challenge) override {
        switch (step_++) {
            case 0: return scram_.first();
            case 1: {
                std::string out = scram_.answer(challenge);
                return out.empty() ? std::nullopt : std::optional(std::move(out));
            }
            case 2:
                return (proved_ = scram_.verify(challenge)) ? std::optional<std::string>("")
                                                            : std::nullopt;
            default: return {};
        }
    }
    bool complete() const override { return proved_; }

  private:
    Scram scram_;
    unsigned step_ = 0;
    bool proved_ = false;
};

bool offers(std::string_view list, std::string_view name) {
    bool found = list.empty();
    shared::for_each_item(
        list, ',', [&](std::string_view item) { found = found || shared::iequals(item, name); });
    return found;
}

}  // namespace

std::unique_ptr<Mechanism> make_mechanism(const Settings& s, std::string_view offered) {
    if (s.sasl == "external" && offers(offered, "EXTERNAL")) return std::make_unique<External>(s);
    // Of its own accord only where the server says that it has it: PLAIN is what all have.
    const bool scram = s.sasl == "scram-sha-256" || (s.sasl.empty() && !offered.empty());
    if (scram && offers(offered, "SCRAM-SHA-256")) return std::make_unique<ScramSha256>(s);
    const bool any = s.sasl.empty();
    if ((any || s.sasl == "plain") && offers(offered, "PLAIN")) return std::make_unique<Plain>(s);
    return nullptr;
}

std::vector<std::string> authenticate_pieces(std::string_view bytes) {
    const std::string text = shared::base64_encode(bytes);
    std::vector<std::string> out;
    for (size_t i = 0; i < text.size(); i += kPiece) out.push_back(text.substr(i, kPiece));
    // One that is full says that more follows: when nothing does, "+" says so.
    if (out.empty() || out.back().size() == kPiece) out.emplace_back("+");
    return out;
}

Pieces::State Pieces::add(std::string_view piece) {
    const bool full = piece.size() == kPiece;
    if (piece != "+") base64_ += piece;
    if (piece.empty() || piece.size() > kPiece || base64_.size() > kMost) return State::bad;
    if (full) return State::more;
    const bool good = shared::base64_decode(std::exchange(base64_, {}), bytes_);
    return good ? State::complete : State::bad;
}

std::string Pieces::take() { return std::exchange(bytes_, {}); }

}  // namespace microhost::bot::irc
