// SPDX-License-Identifier: Apache-2.0
#include "provider.hpp"

#include <algorithm>

#include "../shared/text.hpp"

namespace microhost::registry_etcd {
namespace {

const mh_registry_sink& sink() { return mh::use<mh_registry_sink>(); }

Provider& of(void* user) { return *static_cast<Provider*>(user); }

}  // namespace

Provider::Provider(Settings settings)
    : settings_(std::move(settings)),
      endpoints_(parse_endpoints(settings_.addresses, settings_.tls)),
      client_(settings_, endpoints_),
      catalogue_({[this](const std::string& json) {
                      return sink().upsert(mh::the_host, &table_, mh::lend(json), 0);
                  },
                  [this](std::string_view name, std::string_view version) {
                      return sink().remove(mh::the_host, &table_, mh::lend(name), mh::lend(version),
                                           {});
                  },
                  [](const std::string& text) { mh::log::warn(text); }}),
      announcer_(client_, settings_, catalogue_, Settings::folder(settings_.prefix),
                 {[this](const std::string& why) {
                      own_problem_ = why;
                      tell_problems();
                  },
                  [this] { link_.suspect(); }}),
      link_(client_, endpoints_, settings_, Settings::folder(settings_.prefix),
            {[this] { on_up(); }, [this](const std::string& why) { on_down(why); },
             [this](const Header& header, int64_t keys) {
                 catalogue_.flush();  // what the host had no room for
                 for (size_t i = 0; i < folders_.size(); ++i)
                     folders_[i]->watcher->on_beat(header, i == 0 ? keys : -1);
             }}) {
    add_folder(Settings::folder(settings_.prefix));
    if (!settings_.old_prefix.empty()) add_folder(Settings::folder(settings_.old_prefix));
    if (!settings_.password_file.empty()) read_password();
    fill_table();
}

Provider::~Provider() {
    stop();
    client_.cancel_all();
}

void Provider::fill_table() {
    table_.size = sizeof table_;
    table_.priority = static_cast<uint32_t>(settings_.priority);
    table_.name = "etcd";
    table_.user = this;
    table_.start = [](void* user) {
        return mh::guarded("start", [&] { return of(user).start(); });
    };
    table_.stop = [](void* user) { mh::guarded("stop", [&] { return of(user).stop(), MH_OK; }); };
    table_.announce = [](void* user, uint64_t key, mh_str json, uint32_t ttl_s) {
        return mh::guarded("announce", [&]() -> mh_status {
            if (of(user).announcer_.announce(key, mh::view(json), ttl_s)) return MH_OK;
            throw mh::failure("announce: this is no service with one node");
        });
    };
    table_.withdraw = [](void* user, uint64_t key) {
        mh::guarded("withdraw", [&] { return of(user).announcer_.withdraw(key), MH_OK; });
    };
}

void Provider::add_folder(std::string folder) {
    Folder& f = *folders_.emplace_back(std::make_unique<Folder>());
    Watcher::Hooks hooks;
    hooks.listed = [this, &f](const Header& h) { on_listed(f, h); };
    hooks.watching = [this, &f] { on_watching(f); };
    hooks.deleted = [this](const std::string& key, int64_t revision) {
        announcer_.on_deleted(key, revision);
    };
    hooks.broken = [this, &f](const std::string& why, bool connection) {
        on_broken(f, why, connection);
    };
    f.watcher = std::make_unique<Watcher>(client_, endpoints_, settings_, catalogue_,
                                          std::move(folder), std::move(hooks));
}

// The file is there from the beginning; later the next token is asked for with what it says then.
void Provider::read_password() {
    password_file_.emplace(settings_.password_file, [this](mh_status s, std::string_view content) {
        const std::string_view word = shared::trim(content);
        if (s == MH_OK && !word.empty()) return client_.set_password(std::string(word));
        password_problem_ = settings_.password_file + ": " +
                            (s == MH_OK ? "it is empty" : std::string(mh::file_problem(s)));
        if (started_) mh::log::warn(password_problem_ + "; the password read last still counts");
    });
    if (!password_problem_.empty())
        throw mh::failure("password_file: " + password_problem_, "/password_file", MH_E_IO);
}

mh_status Provider::start() {
    started_ = true;
    link_.begin();
    // A certificate that is not there: the host has said which.
    return client_.refused() == MH_E_INVALID ? MH_E_INVALID : MH_OK;
}

void Provider::stop() {
    link_.stop();
    for (auto& f : folders_) f->watcher->stop();
    announcer_.stop();
}

// ---- what the parts say

void Provider::on_up() {
    announcer_.on_up();
    for (auto& f : folders_) f->watcher->on_up();
}

void Provider::on_down(const std::string& why) {
    for (auto& f : folders_) {
        f->watching = false;
        f->watcher->on_down();
    }
    announcer_.on_down();
    link_problem_ = why;
    tell_problems();
}

void Provider::on_listed(Folder& f, const Header& header) {
    f.listed = true;
    if (&f == folders_.front().get()) announcer_.on_listed(header);
    const bool all =
        std::all_of(folders_.begin(), folders_.end(), [](const auto& one) { return one->listed; });
    if (all && !std::exchange(synced_, true)) sink().synced(mh::the_host, &table_);
}

void Provider::on_watching(Folder& f) {
    f.watching = true;
    f.failures = 0;
    f.problem.clear();
    const bool all = std::all_of(folders_.begin(), folders_.end(),
                                 [](const auto& one) { return one->watching; });
    if (all && link_.is_up()) link_problem_.clear();
    tell_problems();
}

// A connection that ends is nothing to speak of as long as the next one stands.
void Provider::on_broken(Folder& f, const std::string& why, bool connection) {
    f.watching = false;
    if (connection) link_.suspect();
    if (++f.failures < 2) return;
    f.problem = "etcd at " + endpoints_.at(endpoints_.current()).address + ": " + why;
    tell_problems();
}

void Provider::tell_problems() {
    std::string text = link_problem_;
    for (const auto& f : folders_)
        if (text.empty()) text = f->problem;
    if (text.empty()) text = own_problem_;
    if (text == said_) return;
    said_ = text;
    sink().trouble(mh::the_host, &table_, text.empty() ? MH_OK : MH_E_UNAVAILABLE, mh::lend(text));
}

}  // namespace microhost::registry_etcd
