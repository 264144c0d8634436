// SPDX-License-Identifier: Apache-2.0
// The platform answers in chat.
#include <microhost/entry.h>
#include <microhost/module.hpp>

#include "bot.hpp"

namespace microhost::bot {
namespace {

Bot* bot = nullptr;

template <class... Tables>
mh_status resolve() {
    mh_status s = MH_OK;
    ((s = s == MH_OK ? mh::module_of<>::resolve(static_cast<Tables*>(nullptr)) : s), ...);
    return s;
}

mh_status start(const mh_module*) {
    return mh::guarded("start", [] {
        bot = new Bot(mh::use<mh_config_api>().module(mh::the_host));
        bot->start();
        return MH_OK;
    });
}

void drain(const mh_module*, uint64_t) {
    mh::guarded("drain", [] {
        if (bot) bot->stop();
        return MH_OK;
    });
}

void destroy(const mh_module*) { delete std::exchange(bot, nullptr); }

constexpr mh_module kModule{sizeof(mh_module), 0,     nullptr, start,  nullptr,
                            nullptr,           drain, destroy, nullptr};

mh_status create(const mh_host* host, const mh_module** out) {
    mh::the_host = host;
    mh::the_table<mh_log> = static_cast<const mh_log*>(host->get(host, MH_LOG));
    *out = &kModule;
    return resolve<mh_config_api, mh_json, mh_timer, mh_file, mh_net, mh_net_resolve>();
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
  "requires": ["mh.log/1", "mh.config/1", "mh.json/1", "mh.timer/1", "mh.file/1", "mh.net.stream/1", "mh.net.resolve/1"],
  "provides": ["bot"],
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
      "console_socket": {
        "type": "string", "default": "",
        "description": "talk over this unix socket instead of standard input"
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
      }
    }
  }
})json",
          microhost::bot::create)
