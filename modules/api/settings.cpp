// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <algorithm>

#include "../shared/text.hpp"

namespace microhost::api {
namespace {

using shared::str;
using shared::view;

class Reader {
  public:
    explicit Reader(const mh_config_api& api, const mh_config* config)
        : api_(api), config_(config) {}

    std::string_view text(const char* key, std::string_view fallback) const {
        mh_str out{};
        return config_ && api_.string(config_, key, &out) == MH_OK ? view(out) : fallback;
    }
    bool flag(const char* key, bool fallback) const {
        int32_t out = 0;
        return config_ && api_.boolean(config_, key, &out) == MH_OK ? out != 0 : fallback;
    }
    uint64_t milliseconds(const char* key, uint64_t fallback) const {
        uint64_t out = 0;
        return config_ && api_.duration_ms(config_, key, &out) == MH_OK ? out : fallback;
    }
    int64_t whole(const char* key, int64_t fallback) const {
        int64_t out = 0;
        return config_ && api_.integer(config_, key, &out) == MH_OK ? out : fallback;
    }

  private:
    const mh_config_api& api_;
    const mh_config* config_;
};

mh_status invalid(const mh_host& host, std::string_view where, std::string_view text) {
    host.error(&host, MH_E_INVALID, str(where), str(text));
    return MH_E_INVALID;
}

}  // namespace

bool parse_handler(std::string_view text, Handler& out) {
    if (text == "meta")
        out = Handler::meta;
    else if (text == "rpc")
        out = Handler::rpc;
    else if (text == "api")
        out = Handler::api;
    else if (text == "http" || text == "proxy")
        out = Handler::http;
    else if (text == "web")
        out = Handler::web;
    else if (text == "event")
        out = Handler::event;
    else
        return false;
    return true;
}

bool parse_resolver(std::string_view text, Resolver& out) {
    if (text == "micro")
        out = Resolver::micro;
    else if (text == "path")
        out = Resolver::path;
    else if (text == "vpath")
        out = Resolver::vpath;
    else if (text == "host")
        out = Resolver::host;
    else if (text == "grpc")
        out = Resolver::grpc;
    else
        return false;
    return true;
}

bool set_cors(Settings& s, std::string_view origins, std::string& wrong) {
    shared::for_each_item(origins, ',', [&](std::string_view origin) {
        if (!s.cors_origins.add(origin)) wrong = origin;
    });
    return wrong.empty();
}

// Micro's flags. Certificates are files here; whoever wants them from an ACME authority lets a client of that protocol make them.
static mh_status load_tls(const mh_host& host, const Reader& config, Settings& out) {
    if (config.flag("enable_acme", false))
        return invalid(
            host, "/enable_acme",
            "certificates are made beside this program: set host.tls.acme_webroot and a listener's "
            "redirect_from, run certbot certonly --webroot -w WEBROOT -d NAME, then use "
            "--enable_tls with "
            "/etc/letsencrypt/live/NAME/fullchain.pem and privkey.pem, and send SIGHUP after a "
            "renewal");
    if (!config.flag("enable_tls", false)) return MH_OK;
    out.tls_cert = config.text("tls_cert_file", "");
    out.tls_key = config.text("tls_key_file", "");
    out.tls_client_ca = config.text("tls_client_ca_file", "");
    if (out.tls_cert.empty() || out.tls_key.empty())
        return invalid(host, "/enable_tls", "TLS needs --tls_cert_file and --tls_key_file");
    return MH_OK;
}

mh_status load_settings(const mh_host& host, const mh_config_api& api, Settings& out) {
    const Reader config(api, api.module(&host));
    if (const mh_status s = load_tls(host, config, out); s != MH_OK) return s;
    out.address = config.text("address", out.address);
    out.ns = shared::trim(config.text("namespace", out.ns));
    if (!parse_handler(config.text("handler", "meta"), out.handler)) {
        return invalid(host, "/handler",
                       "handler must be meta, rpc, api, http, proxy, web or event");
    }
    if (!parse_resolver(config.text("resolver", "micro"), out.resolver)) {
        return invalid(host, "/resolver", "resolver must be micro, path, vpath, host or grpc");
    }
    if (out.handler == Handler::meta && !out.ns.empty()) out.error_id = out.ns;
    out.enable_rpc = config.flag("enable_rpc", out.enable_rpc);
    out.enable_stats = config.flag("enable_stats", out.enable_stats);
    out.enable_openapi = config.flag("enable_openapi", out.enable_openapi);
    out.api_json = config.text("api_codec", "protobuf") == "json";
    if (std::string wrong; !set_cors(out, config.text("cors", ""), wrong))
        return invalid(host, "/cors",
                       "cors: \"" + wrong +
                           "\" is no origin; write * or such as https://app.example.com or "
                           "https://*.example.com");
    out.timeout_ms = static_cast<uint32_t>(
        std::clamp<uint64_t>(config.milliseconds("timeout", out.timeout_ms), 1, 600'000));
    out.max_body = static_cast<uint64_t>(
        std::max<int64_t>(0, config.whole("max_body", static_cast<int64_t>(out.max_body))));
    return MH_OK;
}

}  // namespace microhost::api
