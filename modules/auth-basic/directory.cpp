// SPDX-License-Identifier: Apache-2.0
#include "directory.hpp"

#include "../shared/identity.hpp"

namespace microhost::auth_basic {

using shared::Damage;
using shared::Roles;

Directory::Directory(const Settings& s)
    : settings(s), htpasswd_{s.file, "/file", {}}, groups_{s.groups_file, "/groups_file", {}} {
    if (!shared::field_value(settings.realm))
        throw mh::failure("realm: it holds control bytes or spaces at its ends", "/realm");
    if (!settings.user_header.empty() && !shared::settable_field(settings.user_header))
        throw mh::failure("user_header: a filter cannot set a field of this name", "/user_header");
    for (const std::string& line : settings.roles) option_roles_ += line + "\n";
    try {
        Roles roles;
        shared::read_groups(option_roles_, roles);
    } catch (const Damage& d) {
        throw mh::failure(std::string("roles: ") + d.what(), "/roles");
    }
    const auto read = [this](File& f) {
        return [this, &f](mh_status status, std::string_view text) { on_file(f, status, text); };
    };
    if (!groups_.path.empty()) watch_groups_.emplace(groups_.path, read(groups_));
    watch_htpasswd_.emplace(htpasswd_.path, read(htpasswd_));
    for (const File* f : {&groups_, &htpasswd_}) {
        if (f->status != MH_OK)
            throw mh::failure(f->path + ": " + std::string(mh::file_problem(f->status)), f->pointer,
                              MH_E_IO);
    }
    try {
        build(htpasswd_.text, groups_.text);
    } catch (const Damage& d) {
        throw mh::failure(d.what(), "/file");
    }
    started_ = true;
}

// Until all files were read once they are only collected: what is wrong then refuses the instance.
void Directory::on_file(File& f, mh_status s, std::string_view content) {
    f.status = s;
    if (!started_) {
        if (s == MH_OK) f.text = content;
        return;
    }
    if (s != MH_OK) return keep_last(f, mh::file_problem(s));
    try {
        take(f, content);
    } catch (const Damage& d) {
        keep_last(f, d.what());
    }
}

void Directory::take(File& f, std::string_view content) {
    if (&f == &htpasswd_)
        build(content, groups_.text);
    else
        build(htpasswd_.text, content);
    f.text = content;
}

void Directory::build(std::string_view htpasswd, std::string_view groups) {
    Roles roles;
    shared::read_groups(option_roles_, roles);
    try {
        shared::read_groups(groups, roles);
    } catch (const Damage& d) {
        throw Damage(groups_.path + ", " + d.what());
    }
    std::shared_ptr<const Users> fresh;
    try {
        fresh = std::make_shared<const Users>(htpasswd, roles);
    } catch (const Damage& d) {
        throw Damage(htpasswd_.path + ", " + d.what());
    }
    for (const std::string& p : fresh->problems())
        mh::log::warn(htpasswd_.path + ", " + p + "; nobody can log in as this user");
    if (fresh->size() == fresh->problems().size())
        mh::log::warn(htpasswd_.path + " has no usable line: nobody gets in");
    const std::string text =
        std::to_string(fresh->size() - fresh->problems().size()) + " users can log in";
    users.set(std::move(fresh));
    for (const File* f : {&htpasswd_, &groups_}) {
        if (!f->path.empty())
            mh::use<mh_health>().set(mh::the_host, f->check().c_str(), MH_HEALTH_OK,
                                     mh::lend(text));
    }
}

void Directory::keep_last(const File& f, std::string_view why) {
    std::string text(why);
    if (!text.starts_with(f.path)) text = f.path + ": " + text;
    text += "; what was read last still counts";
    mh::log::warn(text);
    mh::use<mh_health>().set(mh::the_host, f.check().c_str(), MH_HEALTH_DEGRADED, mh::lend(text));
}

}  // namespace microhost::auth_basic
