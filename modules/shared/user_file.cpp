// SPDX-License-Identifier: Apache-2.0
#include "user_file.hpp"

namespace microhost::shared {

UserFile::UserFile(const std::string& path) : path_(path) {
    if (path.empty()) return;
    file_.emplace(path,
                  [this](mh_status status, std::string_view content) { read(status, content); });
    if (!users.get())
        throw mh::failure("the file of users " + path + ": " + unusable_ +
                              "; make it with: microhost passwd --user NAME " + path,
                          "/users_file", MH_E_IO);
}

void UserFile::keep_last(std::string_view why) {
    unusable_ = why;
    if (users.get()) mh::log::warn(path_ + ": " + unusable_ + "; the users read last still count");
}

void UserFile::read(mh_status s, std::string_view content) {
    if (s != MH_OK) return keep_last(mh::file_problem(s));
    std::shared_ptr<const Users> fresh;
    try {
        fresh = std::make_shared<const Users>(content, Roles{});
    } catch (const Damage& d) {
        return keep_last(d.what());
    }
    for (const std::string& p : fresh->problems())
        mh::log::warn(path_ + ", " + p + "; nobody can log in as this user");
    if (fresh->size() == fresh->problems().size())
        mh::log::warn(path_ + " has no usable line: nobody can log in");
    users.set(std::move(fresh));
}

}  // namespace microhost::shared
