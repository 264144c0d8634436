// SPDX-License-Identifier: Apache-2.0
/// Handler event: the request becomes go.api.Event, published on a topic that its path names.
#pragma once

#include <string>
#include <string_view>

#include "shard.hpp"

namespace microhost::api {

struct EventRoute {
    std::string topic, name;
};

/// Micro's evRoute (go-micro v1.18.0 api/handler/event): "/foo/bar" is "ns.foo" and "bar", "/v1/foo/bar" is "ns.v1.foo" and
/// "foo.bar", "/" is "ns" and "event".
EventRoute event_route(std::string_view ns, std::string_view path);

/// Answered with 200 and no body once it is published, whether anybody has subscribed or not.
mh_status handle_event(Shard& shard, mh_req* r);

}  // namespace microhost::api
