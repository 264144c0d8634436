// SPDX-License-Identifier: Apache-2.0
// Lets in who has a user and a password of a htpasswd file.
#include <microhost/module.hpp>

#include "../shared/identity.hpp"
#include "../shared/password_hash.hpp"
#include "checks.hpp"
#include "credential.hpp"
#include "directory.hpp"

namespace microhost::auth_basic {
namespace {

constexpr const char* kId = "auth-basic";

enum class Outcome { right, wrong, skipped };

/// What a worker computes: nothing of it belongs to the filter, which may be gone by then.
struct Job {
    std::string password, hash;
    bool known;
    std::shared_ptr<const Run> asked;
    std::chrono::steady_clock::time_point deadline;

    Outcome operator()() {
        // Those who asked are gone: the next ones wait already.
        const bool late = asked->abandoned.load(std::memory_order_relaxed) ||
                          std::chrono::steady_clock::now() > deadline;
        const bool good = !late && microhost::shared::fits(password, hash);
        shared::wipe(password);
        return late ? Outcome::skipped : good && known ? Outcome::right : Outcome::wrong;
    }
};

struct BasicFilter : mh::filter<BasicFilter> {
    using config = Settings;
    using shared = Directory;
    static constexpr const char* name = kId;
    static constexpr auto phase = MH_PHASE_AUTHN;
    static constexpr mh::uses<mh_file, mh_health, mh_work> needs{};

    explicit BasicFilter(Directory& d)
        : settings_(d.settings),
          users_(d.users),
          checks_(std::make_shared<Checks>(d.settings.cache_size)),
          challenge_("Basic realm=" + microhost::shared::quoted_string(d.settings.realm) +
                     ", charset=\"UTF-8\"") {}

    mh::verdict on_request(mh::request& r) {
        using microhost::shared::Found;
        std::string_view text;
        const Found found = microhost::shared::authorization(r, "basic", text);
        if (found == Found::none) return refuse(r, "a user and a password are required");
        if (found == Found::several) return refuse(r, "there is more than one Authorization field");
        Credential c;
        if (!read_credential(text, c)) return refuse(r, "the credentials cannot be read");
        const auto& users = users_.get();
        if (!users) return mh::undecided;
        const auto key = digest_(users_.version(), {c.user, c.password});
        if (const auto* user = checks_->verified.find(key, r.now_ns())) return admit(r, **user);
        return verify(r, users, key, std::move(c));
    }

    void on_cancel(mh::request&, mh::token t, mh_status) { checks_->leave(t); }

  private:
    mh::verdict verify(mh::request& r, const std::shared_ptr<const Users>& users,
                       const microhost::shared::Digest& key, Credential c) {
        mh::waiting w(r, settings_.timeout);
        if (!w) return mh::undecided;
        if (const auto same = checks_->running.find(key); same != checks_->running.end()) {
            same->second->waiters.push_back(std::move(w));
            return mh::pending;
        }
        const auto run = std::make_shared<Run>();
        run->waiters.push_back(std::move(w));
        const Users::User* found = users->find(c.user);
        Job job{std::move(c.password), found ? found->hash : users->dummy(), found != nullptr, run,
                std::chrono::steady_clock::now() + settings_.timeout};
        const Checks::UserPtr user(users, found);  // keeps the list alive that he is in
        const uint64_t until =
            r.now_ns() + static_cast<uint64_t>(settings_.cache_ttl.count()) * 1'000'000;
        auto done = [this, key, run, user, until, checks = checks_](std::optional<Outcome> out) {
            checks->close(key, run);
            auto waiters = std::exchange(run->waiters, {});
            if (!out || *out == Outcome::skipped) return;  // undecided: on_error
            const bool good = *out == Outcome::right;
            if (good) checks->verified.put(key, user, until);
            for (mh::waiting& one : waiters) {
                // Where a request is still there, so is its filter.
                one.decide([this, user, good](mh::request& waited) {
                    return good ? admit(waited, *user)
                                : refuse(waited, "the user or the password is wrong");
                });
            }
        };
        checks_->running.emplace(key, run);
        if (mh::background(std::move(job), std::move(done)) == MH_OK) return mh::pending;
        checks_->close(key, run);
        busy_.warn(r, "the queue of the workers is full: passwords cannot be checked");
        return mh::undecided;
    }

    mh::verdict admit(mh::request& r, const Users::User& user) {
        microhost::shared::Identity who{user.name, kId, user.roles, {}, {}};
        if (!settings_.user_header.empty())
            who.fields.emplace_back(settings_.user_header, user.name);
        if (!who.apply(r)) return mh::undecided;
        if (!settings_.forward_authorization) r.remove_header("Authorization");
        return mh::detach;
    }
    mh::verdict refuse(mh::request& r, std::string_view detail) {
        return microhost::shared::refuse(r, 401, kId, detail, challenge_);
    }

    const Settings& settings_;
    mh::published<Users>::reader users_;
    microhost::shared::Digester digest_;
    microhost::shared::Complaint busy_;
    std::shared_ptr<Checks> checks_;
    std::string challenge_;
};

}  // namespace
}  // namespace microhost::auth_basic

MH_PLUGIN("auth-basic", "1.0.0", "Lets in who has a user and a password of a htpasswd file",
          microhost::auth_basic::BasicFilter)
