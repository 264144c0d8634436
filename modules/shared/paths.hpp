// SPDX-License-Identifier: Apache-2.0
/// Micro's mapping of URL paths to service names, endpoints and topics (go-micro v1.18 api/resolver/micro).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace microhost::shared {

struct RpcName {
    std::string service;   ///< without the namespace; empty when the path names none
    std::string endpoint;  ///< "Say.Hello"
};

struct EventName {
    std::string topic;
    std::string event;
};

/// Path segments without empty ones, as views into `path`.
std::vector<std::string_view> segments(std::string_view path);

/// True for "v1", "v27"; case matters, as in Micro.
bool is_version(std::string_view segment);

/// "say-hello" -> "SayHello"; letters that do not begin a word stay as they are.
std::string camel(std::string_view segment);

/// "/foo/bar/baz" -> {"foo", "Bar.Baz"}: handlers rpc, api and meta.
RpcName api_route(std::string_view path);

/// The endpoint that the last two segments name; one segment is put behind `service`.
std::string endpoint_of(std::string_view service, const std::vector<std::string_view>& rest);

/// "/v1/foo/bar" -> "v1.foo": handlers http, proxy and web. Empty when the segment is no valid name.
std::string proxy_route(std::string_view path);

/// Topic and event name under a namespace: handler event.
EventName event_route(std::string_view ns, std::string_view path);

/// Puts the namespace in front: a trailing "." or "-" says how names are joined; blank means no namespace.
std::string join_namespace(std::string_view ns, std::string_view name);

}  // namespace microhost::shared
