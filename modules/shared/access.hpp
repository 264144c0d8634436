// SPDX-License-Identifier: Apache-2.0
/// Who asks, what they may, and how they are turned away.
#pragma once

#include <microhost/published.hpp>
#include <microhost/request.hpp>

#include <memory>
#include <string>
#include <vector>

#include "head.hpp"
#include "identity.hpp"
#include "page_guard.hpp"
#include "tokens.hpp"

namespace microhost::shared {

/// What a module's configuration says about who may use it.
struct AccessRules {
    std::string name;  ///< of the module in error objects: "go.micro.proxy"
    PageGuard guard;
    Role local_role = Role::operator_;  ///< of whoever comes from this machine without a credential
    bool insecure = false;  ///< other machines without TLS and credential have local_role, too
    bool has_tokens = false;
    bool own_pages =
        false;  ///< it serves pages itself, which may use it; else allowed_origins names some
};

/// Somebody whom the module knows by a session of its own.
struct LoggedIn {
    std::string subject, issuer;
    std::vector<std::string> roles;
    std::string session;  ///< the module's name for it
};

struct Asker {
    Role role = Role::nobody;
    const mh_principal* principal = nullptr;  ///< of a filter; lent by the request
    std::shared_ptr<const Tokens> tokens;     ///< keeps `token` alive
    const Tokens::Entry* token = nullptr;
    std::shared_ptr<const LoggedIn> user;  ///< known by a session

    bool has_credential() const { return principal || token || user; }
    /// For logs: "anna", or "local" and "nobody" without a credential.
    std::string subject() const;
};

/// One for each loop.
class Access {
  public:
    Access(const AccessRules& rules, const mh::published<Tokens>& tokens)
        : rules_(rules), tokens_(tokens) {}

    /// Whom a request that a page of a stranger made is let in for.
    enum class Strangers {
        no,
        link,  ///< to what only shows: a link leads there, and the page that has it reads nothing
    };
    /// False: the request has been answered; it comes from a web page, in plain text from elsewhere, or with a wrong token.
    bool admit(mh::request r, const Head& head, Asker& who, Strangers strangers = Strangers::no);
    /// False: answered; the role is missing.
    bool require(mh::request r, const Asker& who, Role role);

  private:
    bool from_page(mh::request r, const Head& head, Strangers strangers);
    bool refuse(mh::request r, Complaint& complaint, std::string_view detail,
                const std::string& line);

    const AccessRules& rules_;
    mh::published<Tokens>::reader tokens_;
    Complaint host_, origin_, fetch_, plain_, token_, role_;
};

}  // namespace microhost::shared
