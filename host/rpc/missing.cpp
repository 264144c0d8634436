// SPDX-License-Identifier: Apache-2.0
#include "rpc/missing.hpp"

#include "http/error_json.hpp"

namespace microhost::rpc {
namespace {

bool has_handler(const mh_rpc_service& service, std::string_view handler) {
    auto* at = reinterpret_cast<const char*>(service.endpoints);
    const uint32_t stride = service.stride ? service.stride : sizeof(mh_rpc_endpoint);
    for (uint32_t i = 0; at && i < service.n_endpoints; i++, at += stride) {
        const std::string_view name(reinterpret_cast<const mh_rpc_endpoint*>(at)->name);
        if (name.size() > handler.size() && name.starts_with(handler) &&
            name[handler.size()] == '.')
            return true;
    }
    return false;
}

}  // namespace

std::string missing_service(std::string_view name) {
    return "rpc: can't find service " + std::string(name);
}

// The two halves of "Say.Hello" are a service and a method to go-micro.
std::string missing_endpoint(const mh_rpc_service& service, std::string_view endpoint) {
    const size_t dot = endpoint.find('.');
    if (dot == endpoint.npos || dot == 0 || endpoint.find('.', dot + 1) != endpoint.npos)
        return "rpc: service/endpoint request ill-formed: " + std::string(endpoint);
    const std::string_view handler = endpoint.substr(0, dot);
    if (!has_handler(service, handler)) return missing_service(handler);
    return "rpc: can't find method " + std::string(endpoint.substr(dot + 1));
}

std::string failure_text(mh_status s, std::string_view error, std::string_view service) {
    if (s == MH_E_INVALID) return std::string(error);
    unsigned code = 500;
    const char* otherwise = "the service broke the call off";
    switch (s) {
        case MH_E_TIMEOUT: code = 408, otherwise = "the service did not answer in time"; break;
        case MH_E_UNREACHABLE: code = 502, otherwise = "the service cannot be reached"; break;
        case MH_E_IO: code = 502; break;
        case MH_E_LIMIT: code = 503, otherwise = "the service is overloaded"; break;
        default: break;
    }
    char json[1024];
    const std::string_view id = service.empty() ? "microhost" : service;
    return std::string(
        http::error_json(json, sizeof json, id, code, error.empty() ? otherwise : error));
}

}  // namespace microhost::rpc
