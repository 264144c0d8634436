// SPDX-License-Identifier: Apache-2.0
// Lets requests in that bear a token of a watched file.
#include "tokens.hpp"

#include <atomic>
#include <microhost/module.hpp>

namespace {

using auth_token::Tokens;

std::string reason_of(mh_status s) {
    switch (s) {
        case MH_E_NOT_FOUND: return "there is no such file";
        case MH_E_DENIED: return "no permission to read it";
        case MH_E_LIMIT: return "it is larger than 16 MiB";
        default: return "it cannot be read";
    }
}

struct token_filter : mh::filter<token_filter> {
    struct config {
        std::string file, header, realm;
        static constexpr auto options =
            mh::options(mh::required("file", &config::file, "File of tokens, one a line: TOKEN [SUBJECT [ROLE,ROLE]]"),
                        mh::option("header", &config::header, "authorization", "Field that bears the token"),
                        mh::option("realm", &config::realm, "microhost", "What WWW-Authenticate names"));
    };
    static constexpr const char* name = "auth-token";
    static constexpr auto phase = MH_PHASE_AUTHN;
    static constexpr mh::uses<mh_file, mh_health, mh_loop> needs{};

    /// What all loops of an instance share: the tokens, replaced when the file changes.
    struct shared {
        explicit shared(const config& c) : values(c), check("tokens:" + c.file) {
            const mh_status s = mh::use<mh_file>().watch(mh::the_host, values.file.c_str(), on_file, this, &watch);
            if (s < 0 && first == MH_OK) first = s;
            if (!tokens.load()) {
                if (s == MH_OK) mh::use<mh_file>().unwatch(watch);
                throw mh::failure("the token file " + values.file + ": " + reason_of(first), "/file", MH_E_IO);
            }
        }
        ~shared() {
            mh::use<mh_file>().unwatch(watch);
            delete tokens.load();
        }
        static void on_file(void* user, mh_status s, mh_seg content) {
            mh::guarded("on_file", [&] { return static_cast<shared*>(user)->load(s, mh::view(content)); });
        }
        mh_status load(mh_status s, std::string_view content) {
            if (s != MH_OK) {
                if (!tokens.load()) return first = s;
                const std::string text = values.file + ": " + reason_of(s) + "; the tokens read last still count";
                mh::log::warn(text);
                mh::use<mh_health>().set(mh::the_host, check.c_str(), MH_HEALTH_DEGRADED, mh::lend(text));
                return s;
            }
            const auto* fresh = new Tokens(content);
            if (fresh->size() == 0) mh::log::warn(values.file + " has no token: nobody gets in");
            const std::string text = std::to_string(fresh->size()) + " tokens";
            mh::use<mh_health>().set(mh::the_host, check.c_str(), MH_HEALTH_OK, mh::lend(text));
            const Tokens* old = tokens.exchange(fresh);
            if (old) retire(old);
            return MH_OK;
        }
        /// Freed when no loop can still be in a lookup.
        static void retire(const Tokens* old) {
            mh::use<mh_loop>().broadcast(
                mh::the_host, [](void*, void*) {}, const_cast<Tokens*>(old),
                [](void* arg) { delete static_cast<const Tokens*>(arg); });
        }

        config values;
        std::string check;
        mh_status first = MH_OK;
        mh_token watch = 0;
        std::atomic<const Tokens*> tokens{nullptr};
    };

    explicit token_filter(shared& s)
        : shared_(s),
          standard_(mh::string_view(s.values.header) == "authorization"),
          challenge_("Bearer realm=" + mh::quoted(s.values.realm)) {}

    mh::verdict on_request(mh::request& r) {
        const auto field = standard_ ? r.header(MH_H_AUTHORIZATION) : r.header(shared_.values.header);
        if (field.empty()) return refuse(r, "a token is required", challenge_);
        const auto* found = shared_.tokens.load(std::memory_order_acquire)->find(Tokens::token_of(field));
        if (!found) return refuse(r, "the token is not valid", challenge_ + R"(, error="invalid_token")");
        if (!found->subject.empty()) r.set_principal(found->subject, "auth-token", found->roles);
        return mh::detach;
    }

  private:
    static mh::verdict refuse(mh::request& r, std::string_view detail, std::string_view challenge) {
        return r.respond_error(401, "auth-token", detail, {{"WWW-Authenticate", challenge}});
    }
    shared& shared_;
    bool standard_;
    std::string challenge_;
};

}  // namespace

MH_PLUGIN("auth-token", "1.0.0", "Lets requests in that bear a token of a file", token_filter)
