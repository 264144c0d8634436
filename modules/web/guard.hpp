// SPDX-License-Identifier: Apache-2.0
/// Who of the browsers' requests is let in: sessions, the page's token, and the way to the log-in.
#pragma once

#include <microhost/published.hpp>
#include <microhost/request.hpp>

#include <memory>
#include <string>

#include "../shared/access.hpp"
#include "../shared/users.hpp"
#include "page_token.hpp"
#include "sessions.hpp"
#include "settings.hpp"

namespace microhost::web {

/// The query's parameter and the field that bear the page's token.
inline constexpr std::string_view kTokenParameter = "csrf", kTokenField = "X-Microhost-CSRF";

/// One for each loop.
class Guard {
  public:
    Guard(const Settings& s, const Sessions& sessions, const mh::published<shared::Users>& users,
          const std::string& secret)
        : settings_(s), sessions_(sessions), users_(users), secret_(secret) {}

    /// After Access::admit: who is known by no other credential may have a session.
    void recognise(mh::request r, Asker& who);
    /// Whether the session that it came with is still there: for answers that last.
    bool still_there(const Asker& who, uint64_t now_ns);

    /// False: answered 403; a browser sent it, and not for a page of ours. `page`: see Asked.
    bool require_token(mh::request r, const Asker& who, bool page);
    /// What the pages of this asker bear.
    std::string token_of(const Asker& who) const;
    /// For a page that answers this request; empty where others could read it.
    std::string token_for_page(mh::request r, const Asker& who) const;

    /// False: answered; who has no credential is led to the log-in when it is a window that asks. `origin`: of the dashboard, where
    /// this is another one.
    bool require(mh::request r, shared::Access& access, const Asker& who, Role role,
                 std::string_view origin = {});

    const shared::Users* users() { return users_.get().get(); }
    std::shared_ptr<const shared::Users> users_now() { return users_.get(); }
    const Sessions& sessions() const { return sessions_; }
    /// Makes the asker this user; `key` of his session.
    static void log_in(Asker& who, const shared::Users::User& user, std::string_view key);
    /// Changes with each change of the user's line.
    static std::string print_of(const shared::Users::User& user);

  private:
    const shared::Users::User* user_of(const Session& s);

    const Settings& settings_;
    const Sessions& sessions_;
    mh::published<shared::Users>::reader users_;
    const std::string& secret_;
    shared::Complaint token_;
};

/// Whether the client speaks TLS, as the first trusted hop saw it.
bool is_tls(const mh::request& r);

}  // namespace microhost::web
