// SPDX-License-Identifier: Apache-2.0
/// The parameters of a request's query.
#pragma once

#include <microhost/request.hpp>

#include <string_view>
#include <vector>

#include "../shared/url_encoding.hpp"

namespace microhost::web {

class Query {
  public:
    explicit Query(const mh::request& r) { shared::parse_form(r.query(), pairs_); }

    /// Of the first one of that name; empty when there is none. A view of this object.
    std::string_view text(std::string_view name) const {
        for (const shared::FormPair& p : pairs_)
            if (p.key == name) return p.value;
        return {};
    }

  private:
    std::vector<shared::FormPair> pairs_;
};

}  // namespace microhost::web
