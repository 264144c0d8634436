// SPDX-License-Identifier: Apache-2.0
// The dashboard and the web proxy on one listener.
#include <microhost/entry.h>
#include <microhost/module.hpp>

#include "web.hpp"

namespace microhost::web {
namespace {

Web* web = nullptr;

template <class... Tables>
mh_status resolve() {
    mh_status s = MH_OK;
    ((s = s == MH_OK ? mh::module_of<>::resolve(static_cast<Tables*>(nullptr)) : s), ...);
    return s;
}

mh_status start(const mh_module*) {
    return mh::guarded("start", [] {
        web = new Web(Settings::read(mh::use<mh_config_api>().module(mh::the_host)));
        return web->contribute();
    });
}

void* shard_create(const mh_module*, uint32_t loop) {
    Shard* out = nullptr;
    mh::guarded("shard_create", [&] { return out = new Shard(*web, loop), MH_OK; });
    return out;
}

void shard_destroy(const mh_module*, void* shard) { delete static_cast<Shard*>(shard); }

void drain(const mh_module*, uint64_t) {
    mh::guarded("drain", [] { return web->drain(), MH_OK; });
}

void destroy(const mh_module*) { delete std::exchange(web, nullptr); }

constexpr mh_module kModule{sizeof(mh_module), 0,     nullptr, start,  shard_create,
                            shard_destroy,     drain, destroy, nullptr};

mh_status create(const mh_host* host, const mh_module** out) {
    mh::the_host = host;
    mh::the_table<mh_log> = static_cast<const mh_log*>(host->get(host, MH_LOG));
    *out = &kModule;
    return resolve<mh_config_api, mh_json, mh_file, mh_timer, mh_loop, mh_work, mh_http_request,
                   mh_http_forward, mh_http_server, mh_http_stream, mh_http_websocket, mh_registry,
                   mh_rpc, mh_command, mh_modules, mh_kv_store, mh_limit, mh_log_read,
                   mh_metrics_read, mh_config_read>();
}

}  // namespace
}  // namespace microhost::web

// One row for each option; README.md says more. Every key is also --web_<key> and MICRO_WEB_<KEY>.
MH_MODULE(R"json({
  "id": "web",
  "version": "0.1.0",
  "abi": {"epoch": 1},
  "summary": "The dashboard, and the proxy to web services",
  "license": "Apache-2.0",
  "requires": ["mh.log/1", "mh.config/1", "mh.json/1", "mh.file/1", "mh.timer/1", "mh.loop/1", "mh.work/1", "mh.http.request/1",
    "mh.http.forward/1", "mh.http.server/1", "mh.http.stream/1", "mh.http.websocket/1", "mh.registry/1", "mh.rpc/1", "mh.command/1",
    "mh.modules/1", "mh.kv/1", "mh.limit/1", "mh.log.read/1", "mh.metrics.read/1", "mh.config.read/1"],
  "provides": ["web"],
  "config_schema": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "address": {
        "type": "string", "default": "127.0.0.1:8082",
        "description": "where the dashboard listens, unless listeners are configured for it"
      },
      "namespace": {
        "type": "string", "default": "go.micro.web",
        "description": "put before the name from a path /NAME"
      },
      "resolver": {
        "type": "string", "default": "path", "enum": ["path", "domain", "subdomain"],
        "description": "how a request names its web service; hosts that name none are the dashboard's"
      },
      "open_apps": {
        "type": "boolean", "default": false,
        "description": "web services may be used without a role; they ask who comes themselves"
      },
      "static_dir": {
        "type": "string", "default": "",
        "description": "files of the page are read in this folder, anew each time: for who works on it"
      },
      "users_file": {
        "type": "string", "default": "",
        "description": "who may log in: lines USER:HASH[:ROLE], made with microhost passwd --role; watched"
      },
      "auth_login_url": {
        "type": "string", "default": "", "x-flags": ["auth_login_url"],
        "description": "windows of who has no credential are sent there, with redirect_to, instead of to our own form"
      },
      "session_idle": {
        "type": ["string", "number"], "default": "30m",
        "description": "a session that is not used for so long is over"
      },
      "session_length": {
        "type": ["string", "number"], "default": "12h",
        "description": "and so is every one that is as old as this"
      },
      "login_attempts": {
        "type": "integer", "default": 10, "minimum": 1, "maximum": 100000,
        "description": "log-ins that are tried in a minute, from one address and for one user"
      },
      "enable_stats": {
        "type": "boolean", "default": false,
        "description": "serve /stats"
      },
      "proxy_address": {
        "type": "string", "default": "",
        "description": "a listener of their own for the web services, so that they do not share the dashboard's origin"
      },
      "token_file": {
        "type": "string", "default": "",
        "description": "tokens that are sent as Bearer, one a line: TOKEN [SUBJECT [ROLE,ROLE]]; watched"
      },
      "local_role": {
        "type": "string", "default": "operator", "enum": ["", "viewer", "operator", "admin"],
        "description": "role of whoever comes from this machine without a credential; empty: none"
      },
      "credential": {
        "type": "string", "default": "", "enum": ["", "filter"],
        "description": "filter: filters of the listener say who asks, so that it may be reached from other machines"
      },
      "insecure": {
        "type": "boolean", "default": false,
        "description": "take requests of other machines without TLS and credential, with local_role"
      },
      "allowed_hosts": {
        "type": "string", "default": "",
        "description": "further names that Host may have, with commas between them; loopback and the listener's own address always may"
      },
      "enable_tls": {
        "type": "boolean", "default": false,
        "description": "listen with TLS"
      },
      "tls_cert_file": {
        "type": "string", "default": "",
        "description": "certificate chain (PEM)"
      },
      "tls_key_file": {
        "type": "string", "default": "",
        "description": "its private key (PEM)"
      },
      "tls_client_ca_file": {
        "type": "string", "default": "",
        "description": "demand client certificates signed by these (PEM)"
      }
    }
  }
})json",
          microhost::web::create)
