// SPDX-License-Identifier: Apache-2.0
#include <microhost/entry.h>

#include "gateway.hpp"

namespace {

// One row for each option; README.md says more. Every key is also --api_<key> and MICRO_API_<KEY>, and --<key> while no other
// loaded module has that name: so are Micro's --api_address, --api_handler, --api_namespace, MICRO_API_ENABLE_RPC and so on.
constexpr auto create = &microhost::api::create;

}  // namespace

MH_MODULE(R"json({
  "id": "api",
  "version": "0.1.0",
  "abi": {"epoch": 1},
  "summary": "API gateway: HTTP to services, as micro api does it",
  "license": "Apache-2.0",
  "requires": ["mh.log/1", "mh.config/1", "mh.json/1", "mh.http.request/1", "mh.http.forward/1", "mh.rpc/1", "mh.registry/1",
    "mh.event/1", "mh.http.websocket/1"],
  "provides": ["api"],
  "config_schema": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "address": {
        "type": "string", "default": ":8080",
        "description": "where the gateway listens, unless listeners are configured for it"
      },
      "handler": {
        "type": "string", "default": "meta", "enum": ["meta", "rpc", "api", "http", "proxy", "web", "event"],
        "description": "how requests reach services; meta: as the endpoint's metadata says, else rpc"
      },
      "namespace": {
        "type": "string", "default": "go.micro.api",
        "description": "put before the name from the path; empty or a space: nothing is put before it"
      },
      "resolver": {
        "type": "string", "default": "micro", "enum": ["micro", "path", "vpath", "host", "grpc"],
        "description": "how path or host name the service"
      },
      "enable_rpc": {
        "type": "boolean", "default": false,
        "description": "serve /rpc, which reaches every registered service"
      },
      "enable_stats": {
        "type": "boolean", "default": false, "x-flags": ["enable_stats"],
        "description": "serve /stats"
      },
      "enable_tls": {
        "type": "boolean", "default": false, "x-flags": ["enable_tls"],
        "description": "listen with TLS"
      },
      "tls_cert_file": {
        "type": "string", "default": "", "x-flags": ["tls_cert_file"],
        "description": "certificate chain (PEM)"
      },
      "tls_key_file": {
        "type": "string", "default": "", "x-flags": ["tls_key_file"],
        "description": "its private key (PEM)"
      },
      "tls_client_ca_file": {
        "type": "string", "default": "", "x-flags": ["tls_client_ca_file"],
        "description": "demand client certificates signed by these (PEM)"
      },
      "enable_acme": {
        "type": "boolean", "default": false, "x-flags": ["enable_acme"],
        "description": "not done in this program: says how certbot does it"
      },
      "enable_openapi": {
        "type": "boolean", "default": true,
        "description": "serve /openapi.json with the endpoints of the namespace"
      },
      "cors": {
        "type": "string", "default": "",
        "description": "origins that may call from a browser: \"*\" or a comma-separated list, https://*.example.com for subdomains; empty: only / can be read"
      },
      "timeout": {
        "type": ["string", "number"], "default": "5s",
        "description": "longest time for a call; a client's Timeout header can only shorten it"
      },
      "max_body": {
        "type": "integer", "default": 4194304, "minimum": 0,
        "description": "bytes of a request body that is turned into a call"
      },
      "api_codec": {
        "type": "string", "default": "protobuf", "enum": ["protobuf", "json"],
        "description": "how the api handler writes api.Request; an endpoint can say content_type in its metadata"
      }
    }
  }
})json",
          create)
