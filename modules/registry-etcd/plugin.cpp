// SPDX-License-Identifier: Apache-2.0
// Services out of etcd, and ours into it, as Micro's etcd registry keeps them.
#include <microhost/entry.h>
#include <microhost/module.hpp>

#include "provider.hpp"

namespace microhost::registry_etcd {
namespace {

Provider* provider = nullptr;

template <class... Tables>
mh_status resolve() {
    mh_status s = MH_OK;
    ((s = s == MH_OK ? mh::module_of<>::resolve(static_cast<Tables*>(nullptr)) : s), ...);
    return s;
}

mh_status start(const mh_module*) {
    return mh::guarded("start", [] {
        const mh_config* config = mh::use<mh_config_api>().module(mh::the_host);
        provider = new Provider(Settings::read(config));
        return mh::the_host->contribute(mh::the_host, MH_REGISTRY_PROVIDER, provider->table());
    });
}

void drain(const mh_module*, uint64_t) {
    mh::guarded("drain", [] {
        if (provider) provider->stop();
        return MH_OK;
    });
}

void destroy(const mh_module*) { delete std::exchange(provider, nullptr); }

constexpr mh_module kModule{sizeof(mh_module), 0,     nullptr, start,  nullptr,
                            nullptr,           drain, destroy, nullptr};

mh_status create(const mh_host* host, const mh_module** out) {
    mh::the_host = host;
    mh::the_table<mh_log> = static_cast<const mh_log*>(host->get(host, MH_LOG));
    *out = &kModule;
    return resolve<mh_config_api, mh_json, mh_file, mh_timer, mh_http_client, mh_registry_sink>();
}

}  // namespace
}  // namespace microhost::registry_etcd

MH_MODULE(R"json({
  "id": "registry-etcd",
  "version": "0.1.0",
  "abi": {"epoch": 1},
  "summary": "Services out of etcd, and ours into it, as Micro keeps them",
  "license": "Apache-2.0",
  "requires": ["mh.log/1", "mh.config/1", "mh.json/1", "mh.file/1", "mh.timer/1", "mh.http.client/1", "mh.registry.sink/1"],
  "provides": ["registry-etcd"],
  "config_schema": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "addresses": {
        "type": "string", "default": "127.0.0.1:2379", "x-flags": ["registry_address"],
        "description": "where etcd answers: HOST:PORT or https://HOST:PORT, with commas between several"
      },
      "prefix": {
        "type": "string", "default": "/micro/registry",
        "description": "what keys begin with"
      },
      "old_prefix": {
        "type": "string", "default": "",
        "description": "read these keys too, but write none: /micro-registry is that of Micro's etcd plugin before 1.12"
      },
      "ttl": {
        "type": ["string", "number"], "default": "0s",
        "description": "how long our nodes stay after this process was killed; 0: as who announces them asks"
      },
      "username": {
        "type": "string", "default": "", "x-env": ["ETCD_USERNAME"],
        "description": "user of etcd; empty: none"
      },
      "password": {
        "type": "string", "default": "", "x-secret": true, "x-env": ["ETCD_PASSWORD"],
        "description": "the password of that user"
      },
      "password_file": {
        "type": "string", "default": "",
        "description": "file with the password; watched"
      },
      "tls": {
        "type": "boolean", "default": false,
        "description": "TLS to addresses that say neither http:// nor https://"
      },
      "ca_file": {
        "type": "string", "default": "",
        "description": "whose servers are believed (PEM); empty: the authorities of the system"
      },
      "cert_file": {
        "type": "string", "default": "",
        "description": "own certificate, for an etcd that asks for one (PEM)"
      },
      "key_file": {
        "type": "string", "default": "",
        "description": "its private key (PEM); empty: it is in cert_file"
      },
      "server_name": {
        "type": "string", "default": "",
        "description": "the name that is looked for in the server's certificate; empty: that of the address"
      },
      "timeout": {
        "type": ["string", "number"], "default": "5s",
        "description": "longest wait for an answer"
      },
      "probe": {
        "type": ["string", "number"], "default": "5s",
        "description": "how often etcd is asked whether it is there"
      },
      "priority": {
        "type": "integer", "default": 50, "minimum": 0, "maximum": 1000,
        "description": "when several registries know a node by the same id the higher one wins; the directory has 100"
      }
    }
  }
})json",
          microhost::registry_etcd::create)
