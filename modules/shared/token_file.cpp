// SPDX-License-Identifier: Apache-2.0
#include "token_file.hpp"

namespace microhost::shared {

TokenFile::TokenFile(const std::string& path) : path_(path) {
    if (path.empty()) return;
    file_.emplace(path,
                  [this](mh_status status, std::string_view content) { read(status, content); });
    if (!tokens.get())
        throw mh::failure("the token file " + path + ": " + unreadable_, "/token_file", MH_E_IO);
}

void TokenFile::read(mh_status s, std::string_view content) {
    if (s != MH_OK) {
        unreadable_ = mh::file_problem(s);
        if (tokens.get())
            mh::log::warn(path_ + ": " + unreadable_ + "; the tokens read last still count");
        return;
    }
    auto fresh = std::make_shared<const Tokens>(content);
    if (fresh->size() == 0) mh::log::warn(path_ + " has no token: nobody gets in with one");
    tokens.set(std::move(fresh));
}

}  // namespace microhost::shared
