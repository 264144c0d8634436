// SPDX-License-Identifier: Apache-2.0
// The sidecar's HTTP API and the mucp proxy on one listener.
#include <microhost/entry.h>
#include <microhost/module.hpp>

#include "proxy.hpp"

namespace microhost::proxy {
namespace {

constexpr uint32_t kStateSchema = 1;

Proxy* proxy = nullptr;
std::string* inherited = nullptr;  // what the generation before had registered

template <class... Tables>
mh_status resolve() {
    mh_status s = MH_OK;
    ((s = s == MH_OK ? mh::module_of<>::resolve(static_cast<Tables*>(nullptr)) : s), ...);
    return s;
}

mh_status start(const mh_module*) {
    return mh::guarded("start", [] {
        proxy = new Proxy(Settings::read(mh::use<mh_config_api>().module(mh::the_host)));
        if (inherited) proxy->enlisted.load(*inherited);
        proxy->register_app();
        return proxy->contribute();
    });
}

void* shard_create(const mh_module*, uint32_t) {
    Shard* out = nullptr;
    mh::guarded("shard_create", [&] { return out = new Shard(*proxy), MH_OK; });
    return out;
}

void shard_destroy(const mh_module*, void* shard) { delete static_cast<Shard*>(shard); }

void drain(const mh_module*, uint64_t) {
    mh::guarded("drain", [] { return proxy ? proxy->drain() : void(), MH_OK; });
}

void destroy(const mh_module*) {
    delete std::exchange(proxy, nullptr);
    delete std::exchange(inherited, nullptr);
}

mh_status save(const mh_module*, const mh_state_writer* w) {
    return mh::guarded("save", [&] {
        const std::string text = proxy ? proxy->enlisted.save() : "[]";
        return w->write(w, mh::bytes(text));
    });
}

mh_status load(const mh_module*, uint32_t, mh_seg bytes) {
    return mh::guarded("load", [&] {
        delete std::exchange(inherited, new std::string(mh::view(bytes)));
        return MH_OK;
    });
}

constexpr mh_state kState{sizeof(mh_state), kStateSchema, save, load, nullptr};

const void* get(const mh_module*, const char* id) {
    return std::string_view(id) == MH_STATE ? &kState : nullptr;
}

constexpr mh_module kModule{sizeof(mh_module), 0,     nullptr, start, shard_create,
                            shard_destroy,     drain, destroy, get};

mh_status create(const mh_host* host, const mh_module** out) {
    mh::the_host = host;
    mh::the_table<mh_log> = static_cast<const mh_log*>(host->get(host, MH_LOG));
    *out = &kModule;
    return resolve<mh_config_api, mh_json, mh_file, mh_timer, mh_loop, mh_http_request,
                   mh_http_client, mh_http_server, mh_http_stream, mh_http_websocket, mh_registry,
                   mh_rpc, mh_rpc_server, mh_rpc_incoming, mh_command, mh_event_bus>();
}

}  // namespace
}  // namespace microhost::proxy

// One row for each option; README.md says more. Every key is also --proxy_<key> and MICRO_PROXY_<KEY>.
MH_MODULE(R"json({
  "id": "proxy",
  "version": "0.1.0",
  "abi": {"epoch": 1},
  "summary": "The sidecar: services in any language over HTTP, and calls of go-micro clients passed on",
  "license": "Apache-2.0",
  "requires": ["mh.log/1", "mh.config/1", "mh.json/1", "mh.file/1", "mh.timer/1", "mh.loop/1", "mh.http.request/1",
    "mh.http.client/1", "mh.http.server/1", "mh.http.stream/1", "mh.http.websocket/1", "mh.registry/1", "mh.rpc/1",
    "mh.rpc.server/1", "mh.rpc.incoming/1", "mh.command/1", "mh.event/1"],
  "provides": ["proxy"],
  "reload": {"state_schema": 1, "accepts": [1]},
  "config_schema": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "address": {
        "type": "string", "default": "127.0.0.1:8081",
        "description": "where the proxy listens, unless listeners are configured for it"
      },
      "namespace": {
        "type": "string", "default": "go.micro.srv",
        "description": "put before the service from a path /SERVICE/METHOD; empty: nothing is put before it"
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
      "allowed_origins": {
        "type": "string", "default": "",
        "description": "origins of web pages that may use the proxy, with commas between them, as https://app.example.com"
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
      },
      "timeout": {
        "type": ["string", "number"], "default": "5s",
        "description": "longest time for a call over /rpc and /SERVICE/METHOD; a Timeout header can only shorten it"
      },
      "max_body": {
        "type": "integer", "default": 4194304, "minimum": 0,
        "description": "bytes of a request body that is turned into a call"
      },
      "server_name": {
        "type": "string", "default": "",
        "description": "name of a foreign app that is registered on its behalf"
      },
      "server_address": {
        "type": "string", "default": "",
        "description": "where that app answers: HOST:PORT"
      },
      "server_metadata": {
        "type": "string", "default": "protocol=mucp",
        "description": "metadata of its node, as k=v,k=v; protocol=mucp: bare JSON bodies, without it json-rpc"
      },
      "healthcheck_url": {
        "type": "string", "default": "",
        "description": "asked with GET: the app is registered while that answers 200"
      },
      "healthcheck_interval": {
        "type": ["string", "number"], "default": "30s",
        "description": "how often it is asked"
      }
    }
  }
})json",
          microhost::proxy::create)
