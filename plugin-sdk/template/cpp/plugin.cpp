// SPDX-License-Identifier: Apache-2.0
// A filter that refuses requests without a certain field. Change what you like: it is yours, under any licence.
#include <microhost/module.hpp>

struct plugin : mh::filter<plugin> {
    struct config {
        std::string_view field;
        static constexpr auto options = mh::options(
            mh::option("field", &config::field, "X-Tenant", "Field that must be there"));
    };
    static constexpr auto phase = MH_PHASE_EARLY;

    explicit plugin(const config& c) : config_(c) {}

    mh::verdict on_request(mh::request& r) {
        if (!r.header(config_.field).empty()) return mh::detach;
        return r.respond_error(400, "@ID@", "a field is missing");
    }

  private:
    config config_;
};

MH_PLUGIN("@ID@", "0.1.0", "Refuses requests without a field", plugin)
