// SPDX-License-Identifier: Apache-2.0
/// The options of the filter: names, defaults and texts.
#pragma once

#include <microhost/options.hpp>

namespace microhost::auth_service {

struct Settings {
    using ms = std::chrono::milliseconds;
    using list = std::vector<std::string>;

    std::string service, endpoint;
    list headers, cache_by, strip_headers;
    ms timeout, cache_ttl;
    std::int64_t cache_size;

    static constexpr auto options = mh::options(
        mh::required("service", &Settings::service,
                     "The service that is asked, as it is registered"),
        mh::option("endpoint", &Settings::endpoint, "Auth.Check", "Its endpoint"),
        mh::option("timeout", &Settings::timeout, ms(1'000),
                   "Longest wait for its answer; then on_error"),
        mh::option("headers", &Settings::headers, "", "Request fields that it is told"),
        mh::option(
            "strip_headers", &Settings::strip_headers, "",
            "Request fields that only the service sets: what clients send in them is removed"),
        mh::option("cache_ttl", &Settings::cache_ttl, ms(0),
                   "How long a yes counts without asking again; 0: not at all"),
        mh::option("cache_by", &Settings::cache_by, "",
                   "Fields that make two requests the same for the cache; empty: all that the "
                   "service is told"),
        mh::option("cache_size", &Settings::cache_size, 10'000, "Answers that each loop keeps")
            .range(0, 1'000'000));
};

}  // namespace microhost::auth_service
