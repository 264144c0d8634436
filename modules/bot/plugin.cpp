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
    return resolve<mh_config_api, mh_json, mh_timer, mh_file, mh_http_client, mh_http_websocket>();
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
  "requires": ["mh.log/1", "mh.config/1", "mh.json/1", "mh.timer/1", "mh.file/1",
    "mh.http.client/1", "mh.http.websocket/1"],
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
      "slack_token": {
        "type": "string", "default": "", "x-secret": true, "x-flags": ["slack_token"],
        "description": "the bot's token, which begins with xoxb-"
      },
      "slack_token_file": {
        "type": "string", "default": "", "x-flags": ["slack_token_file"],
        "description": "file with that token; watched"
      },
      "slack_app_token": {
        "type": "string", "default": "", "x-secret": true, "x-flags": ["slack_app_token"],
        "description": "the app's token for Socket Mode, which begins with xapp-"
      },
      "slack_app_token_file": {
        "type": "string", "default": "", "x-flags": ["slack_app_token_file"],
        "description": "file with that token; watched"
      },
      "slack_api": {
        "type": "string", "default": "https://slack.com/api", "x-flags": ["slack_api"],
        "description": "where the Web API is, for workspaces behind a proxy"
      },
      "slack_ca_file": {
        "type": "string", "default": "", "x-flags": ["slack_ca_file"],
        "description": "whose servers are believed (PEM); empty: the authorities of the system"
      },
      "slack_debug": {
        "type": "boolean", "default": false, "x-flags": ["slack_debug"],
        "description": "calls and kinds of frames in the log, never what they say"
      }
    }
  }
})json",
          microhost::bot::create)
