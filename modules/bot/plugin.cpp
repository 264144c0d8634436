// SPDX-License-Identifier: Apache-2.0
// The platform answers in chat.
#include <microhost/draft/rpc_service.h>
#include <microhost/draft/state.h>
#include <microhost/entry.h>
#include <microhost/module.hpp>

#include <string>
#include <utility>

#include "bot.hpp"

namespace microhost::bot {
namespace {

Bot* bot = nullptr;
std::string* inherited = nullptr;  // what the generation before has saved
std::string* service_name = nullptr;
mh_rpc_service service{};

template <class... Tables>
mh_status resolve() {
    mh_status s = MH_OK;
    ((s = s == MH_OK ? mh::module_of<>::resolve(static_cast<Tables*>(nullptr)) : s), ...);
    return s;
}

// Micro's bot is a service, too; here it says how it is.
void on_call(void*, void*, mh_rpc_in* in, const mh_rpc_message*) {
    mh::guarded("on_call", [&] {
        const std::string body = bot ? bot->status_json() : "{}";
        return mh::use<mh_rpc_server>().reply(in, mh::lend("application/json"), mh::bytes(body));
    });
}

constexpr mh_rpc_endpoint kEndpoints[] = {
    {"Bot.Status", nullptr, nullptr, nullptr, on_call, nullptr, nullptr, nullptr, nullptr}};

mh_status contribute_service() {
    service_name = new std::string(bot->settings().namespace_);
    service.size = sizeof service;
    service.flags = MH_SERVICE_HOME;
    service.name = service_name->c_str();
    service.endpoints = kEndpoints;
    service.n_endpoints = 1;
    service.stride = sizeof kEndpoints[0];
    return mh::the_host->contribute(mh::the_host, MH_RPC_SERVICE, &service);
}

mh_status start(const mh_module*) {
    return mh::guarded("start", [] {
        bot = new Bot(mh::use<mh_config_api>().module(mh::the_host));
        bot->start(inherited ? *inherited : std::string());
        return contribute_service();
    });
}

void drain(const mh_module*, uint64_t) {
    mh::guarded("drain", [] {
        if (bot) bot->stop();
        return MH_OK;
    });
}

void destroy(const mh_module*) {
    delete std::exchange(bot, nullptr);
    delete std::exchange(inherited, nullptr);
    delete std::exchange(service_name, nullptr);
}

mh_status save(const mh_module*, const mh_state_writer* w) {
    return mh::guarded("save", [&] {
        const std::string text = bot ? bot->save() : std::string();
        return w->write(w, mh::bytes(text));
    });
}

mh_status load(const mh_module*, uint32_t, mh_seg bytes) {
    return mh::guarded("load", [&] {
        delete std::exchange(inherited, new std::string(mh::view(bytes)));
        return MH_OK;
    });
}

void resume(const mh_module*, mh_seg bytes) {
    mh::guarded("resume", [&] {
        if (bot) bot->resume(mh::view(bytes));
        return MH_OK;
    });
}

constexpr mh_state kState{sizeof(mh_state), kStateSchema, save, load, resume};

const void* get(const mh_module*, const char* id) {
    return std::string_view(id) == MH_STATE ? &kState : nullptr;
}

constexpr mh_module kModule{sizeof(mh_module), 0,     nullptr, start, nullptr,
                            nullptr,           drain, destroy, get};

mh_status create(const mh_host* host, const mh_module** out) {
    mh::the_host = host;
    mh::the_table<mh_log> = static_cast<const mh_log*>(host->get(host, MH_LOG));
    *out = &kModule;
    return resolve<mh_config_api, mh_json, mh_timer, mh_command, mh_registry, mh_rpc, mh_rpc_server,
                   mh_event_bus, mh_file, mh_kv_store, mh_limit, mh_metrics, mh_health, mh_net,
                   mh_net_resolve>();
}

}  // namespace
}  // namespace microhost::bot

// One row for each option, those of an input begin with its name; README.md says more. Every key is also --bot_<key> and MICRO_BOT_<KEY>.
MH_MODULE(R"json({
  "id": "bot",
  "version": "0.1.0",
  "abi": {"epoch": 1},
  "summary": "The platform answers in chat",
  "license": "Apache-2.0",
  "requires": ["module:cli", "mh.log/1", "mh.config/1", "mh.json/1", "mh.timer/1", "mh.command/1", "mh.registry/1", "mh.rpc/1",
    "mh.rpc.server/1", "mh.event/1", "mh.file/1", "mh.kv/1", "mh.limit/1", "mh.metrics/1", "mh.health/1",
    "mh.net.stream/1", "mh.net.resolve/1"],
  "provides": ["bot"],
  "background": true,
  "reload": {"state_schema": 1, "accepts": [1]},
  "config_schema": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "inputs": {
        "type": "array", "items": {"type": "string"}, "default": [], "x-flags": ["inputs"],
        "description": "the chat networks to talk in, with commas between them"
      },
      "namespace": {
        "type": "string", "default": "go.micro.bot",
        "description": "services with this name, a dot and a word are the command of that word"
      },
      "names": {
        "type": "array", "items": {"type": "string"}, "default": ["microhost", "micro"],
        "description": "what people call it in a room, in any case, with or without @ before and a colon or comma behind"
      },
      "prefix": {
        "type": "string", "default": "!",
        "description": "a message in a room that begins with this is for the bot, too; empty: none"
      },
      "users": {
        "type": "object", "default": {},
        "description": "people over all networks: {\"ada\": {\"identities\": [\"xmpp:ada@example.org\"], \"role\": \"operator\"}}"
      },
      "default_role": {
        "type": "string", "default": "viewer", "enum": ["", "viewer"],
        "description": "role of everybody else; empty: none"
      },
      "rules": {
        "type": "array", "default": [],
        "description": "who may run what where, the first that fits decides: commands, users, roles, rooms, inputs, allow"
      },
      "command_services_role": {
        "type": "string", "default": "operator", "enum": ["viewer", "operator", "admin"],
        "description": "role that commands of services need which do not name one in their metadata"
      },
      "confirm": {
        "type": "boolean", "default": true,
        "description": "what needs operator or admin is run when whoever asked for it has said yes a second time"
      },
      "confirm_within": {
        "type": ["string", "number"], "default": "60s",
        "description": "how long that may take"
      },
      "audit_file": {
        "type": "string", "default": "",
        "description": "a line of JSON for each command is added to this file, beside the one in the log"
      },
      "progress_after": {
        "type": ["string", "number"], "default": "3s",
        "description": "a command that takes longer says so, and how to end it"
      },
      "command_timeout": {
        "type": ["string", "number"], "default": "30s",
        "description": "longest that a command may take"
      },
      "commands_per_user": {
        "type": "integer", "default": 4, "minimum": 1, "maximum": 100,
        "description": "slow commands of one person at once"
      },
      "commands_at_once": {
        "type": "integer", "default": 64, "minimum": 1, "maximum": 10000,
        "description": "commands of all at once; the others wait"
      },
      "rate": {
        "type": "string", "default": "60/m",
        "description": "commands of one person, such as 60/m, 5/s or 1000/h"
      },
      "burst": {
        "type": "integer", "default": 20, "minimum": 1, "maximum": 10000,
        "description": "how many of them may come at once"
      },
      "console_socket": {
        "type": "string", "default": "",
        "description": "talk over this unix socket instead of standard input and output"
      },
      "xmpp_jid": {
        "type": "string", "default": "",
        "description": "the bot's address, such as bot@example.org; with a /resource the server is asked for that one"
      },
      "xmpp_password": {
        "type": "string", "default": "", "x-secret": true,
        "description": "its password"
      },
      "xmpp_password_file": {
        "type": "string", "default": "",
        "description": "file with the password; watched"
      },
      "xmpp_server": {
        "type": "string", "default": "",
        "description": "HOST or HOST:PORT to connect to; empty: what the DNS says about the address's domain. The certificate is the domain's anyway"
      },
      "xmpp_tls": {
        "type": "string", "enum": ["starttls", "direct"], "default": "starttls",
        "description": "starttls begins in plain text (port 5222) and says nothing before it is encrypted; direct is TLS from the first byte (5223)"
      },
      "xmpp_ca_file": {
        "type": "string", "default": "",
        "description": "whose servers are believed (PEM); empty: the authorities of the system"
      },
      "xmpp_rooms": {
        "type": "array", "items": {"type": "string"}, "default": [],
        "description": "rooms to be in, such as ops@conference.example.org; with a /nick for that room alone"
      },
      "xmpp_nick": {
        "type": "string", "default": "",
        "description": "the bot's name in rooms; empty: the local part of its address"
      },
      "xmpp_accept_invites": {
        "type": "array", "items": {"type": "string"}, "default": [],
        "description": "who may ask the bot into a room: addresses, domains, or * for anybody"
      },
      "xmpp_keepalive": {
        "type": "boolean", "default": false,
        "description": "send a blank each minute, for what forgets silent connections"
      },
      "hipchat_username": {
        "type": "string", "default": "", "x-flags": ["hipchat_username"], "x-env": ["MICRO_HIPCHAT_USERNAME"],
        "description": "the e-mail address that the bot's account belongs to"
      },
      "hipchat_password": {
        "type": "string", "default": "", "x-secret": true, "x-flags": ["hipchat_password"], "x-env": ["MICRO_HIPCHAT_PASSWORD"],
        "description": "its password"
      },
      "hipchat_password_file": {
        "type": "string", "default": "",
        "description": "file with the password; watched"
      },
      "hipchat_server": {
        "type": "string", "default": "chat.hipchat.com", "x-flags": ["hipchat_server"], "x-env": ["MICRO_HIPCHAT_SERVER"],
        "description": "HOST or HOST:PORT of the server, whose name its certificate has to bear"
      },
      "hipchat_ca_file": {
        "type": "string", "default": "",
        "description": "whose servers are believed (PEM); empty: the authorities of the system"
      },
      "hipchat_rooms": {
        "type": "array", "items": {"type": "string"}, "default": [],
        "description": "rooms to be in, such as 1_ops"
      },
      "hipchat_debug": {
        "type": "boolean", "default": false, "x-flags": ["hipchat_debug"], "x-env": ["MICRO_HIPCHAT_DEBUG"],
        "description": "a log line for each stanza that comes: what kind it is, never what it says"
      },
      "service_networks": {
        "type": "object", "default": {},
        "description": "networks that services bring, and the service that takes answers: {\"matrix\": \"go.micro.net.matrix\"}"
      },
      "service_secret": {
        "type": "string", "default": "", "x-secret": true,
        "description": "an event that has it as \"secret\" is believed who speaks; without one everybody is a stranger"
      },
      "service_secret_file": {
        "type": "string", "default": "",
        "description": "a file with that secret; watched"
      }
    }
  }
})json",
          microhost::bot::create)
