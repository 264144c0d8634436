// SPDX-License-Identifier: Apache-2.0
/// The gateway's options, read once from the module's validated config.
#pragma once

#include <microhost/config.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "../shared/cors_origins.hpp"
#include "../shared/timeout_header.hpp"

namespace microhost::api {

enum class Handler : uint8_t { meta, rpc, api, http, web, event };
enum class Resolver : uint8_t { micro, path, vpath, host, grpc };

/// Micro's names; "proxy" is another word for http.
bool parse_handler(std::string_view text, Handler& out);
bool parse_resolver(std::string_view text, Resolver& out);

struct Settings {
    std::string address = ":8080";
    std::string tls_cert, tls_key, tls_client_ca;  ///< empty: plain text
    std::string ns = "go.micro.api";               ///< blank: services are called as the path says
    std::string error_id = "go.micro.api";
    Handler handler = Handler::meta;
    Resolver resolver = Resolver::micro;
    bool enable_rpc = false;
    bool enable_stats = false;
    bool enable_openapi = true;
    bool api_json = false;  ///< api handler: JSON to services instead of protobuf
    shared::CorsOrigins cors_origins;
    uint32_t timeout_ms = 5000;
    uint64_t max_body = 4u << 20;

    bool cors() const { return !cors_origins.empty(); }
};

/// MH_OK, or an error after host->error().
mh_status load_settings(const mh_host& host, const mh_config_api& api, Settings& out);

/// Origins with commas between them. False when one of them is none: then it is in `wrong`.
bool set_cors(Settings& s, std::string_view origins, std::string& wrong);

using shared::effective_timeout_ms;

}  // namespace microhost::api
