// SPDX-License-Identifier: Apache-2.0
/// What web services must neither learn nor say: they are others' programs behind our name.
#pragma once

#include <microhost/request.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "../shared/access.hpp"

namespace microhost::web {

/// Fields of the request that goes to a web service.
class AppFields {
  public:
    /// Without our cookie and our token, and without a token of ours that the asker bore.
    AppFields(const mh::request& r, const shared::Asker& who, std::string_view base);
    AppFields(const AppFields&) = delete;

    const std::vector<mh_kv>& fields() const { return fields_; }

  private:
    void hide_cookie(const mh::request& r);

    std::string cookies_;
    std::vector<mh_kv> fields_;
};

/// Out of the answer, when its head is there: cookies of our name, and fields that act on the whole origin.
void take_out(mh::request r);

}  // namespace microhost::web
