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
    return resolve<mh_config_api, mh_json, mh_timer, mh_file, mh_http_client, mh_net>();
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
  "requires": ["mh.log/1", "mh.config/1", "mh.json/1", "mh.timer/1", "mh.file/1", "mh.http.client/1", "mh.net.stream/1"],
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
      "irc_server": {
        "type": "string", "default": "",
        "description": "IRC server: HOST or HOST:PORT"
      },
      "irc_tls": {
        "type": "boolean", "default": true,
        "description": "TLS from the first byte"
      },
      "irc_insecure": {
        "type": "boolean", "default": false,
        "description": "without TLS, passwords go in the clear to a server on this machine"
      },
      "irc_ca_file": {
        "type": "string", "default": "",
        "description": "whose servers are believed (PEM); empty: the authorities of the system"
      },
      "irc_cert_file": {
        "type": "string", "default": "",
        "description": "own certificate, by which the server knows the account (PEM)"
      },
      "irc_key_file": {
        "type": "string", "default": "",
        "description": "its private key (PEM); empty: it is in irc_cert_file"
      },
      "irc_nick": {
        "type": "string", "default": "microbot",
        "description": "the bot's nick; with _ behind it while somebody else has it"
      },
      "irc_user": {
        "type": "string", "default": "microbot",
        "description": "the user name in front of the host"
      },
      "irc_password": {
        "type": "string", "default": "", "x-secret": true,
        "description": "password of the server, where it wants one"
      },
      "irc_password_file": {
        "type": "string", "default": "",
        "description": "file with that password; watched"
      },
      "irc_sasl": {
        "type": "string", "default": "", "enum": ["", "plain", "external", "scram-sha-256", "none"],
        "description": "how to log in to the account: plain, external, scram-sha-256 or none; empty: what fits"
      },
      "irc_account": {
        "type": "string", "default": "",
        "description": "account of the bot on that network"
      },
      "irc_account_password": {
        "type": "string", "default": "", "x-secret": true,
        "description": "the password of that account"
      },
      "irc_account_password_file": {
        "type": "string", "default": "",
        "description": "file with that password; watched"
      },
      "irc_channels": {
        "type": "array", "items": {"type": "string"}, "default": [],
        "description": "channels to be in: #NAME, or \"#NAME KEY\", with commas between them"
      },
      "irc_burst": {
        "type": "integer", "default": 5, "minimum": 1, "maximum": 100,
        "description": "lines that may be said at once"
      },
      "irc_pause": {
        "type": ["string", "number"], "default": "2s",
        "description": "and then one line each"
      },
      "telegram_token": {
        "type": "string", "default": "", "x-secret": true, "x-flags": ["telegram_token"],
        "description": "token of the bot on Telegram, from BotFather"
      },
      "telegram_token_file": {
        "type": "string", "default": "",
        "description": "file with that token; watched"
      },
      "telegram_whitelist": {
        "type": "array", "items": {"type": "string"}, "default": [], "x-flags": ["telegram_whitelist"],
        "description": "user names (or numbers) on Telegram; only these are listened to; empty: everybody"
      },
      "telegram_debug": {
        "type": "boolean", "default": false, "x-flags": ["telegram_debug"],
        "description": "a line in the log for each call of Telegram"
      },
      "telegram_api": {
        "type": "string", "default": "https://api.telegram.org",
        "description": "where Telegram's Bot API is"
      },
      "telegram_ca_file": {
        "type": "string", "default": "",
        "description": "whose servers are believed there (PEM); empty: the authorities of the system"
      }
    }
  }
})json",
          microhost::bot::create)
