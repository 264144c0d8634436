// SPDX-License-Identifier: Apache-2.0
#include "command_services.hpp"

#include <microhost/host.hpp>

#include <algorithm>
#include <utility>

#include "../shared/text.hpp"
#include "command_message.hpp"
#include "utf8.hpp"

namespace microhost::bot {
namespace {

constexpr size_t kMost = 256, kLongestWord = 64, kLongestText = 300;
constexpr uint32_t kHelpMs = 5000;

const mh_registry& api() { return mh::use<mh_registry>(); }

bool is_command_word(std::string_view word) {
    return !word.empty() && word.size() <= kLongestWord && std::ranges::all_of(word, [](char c) {
        return shared::is_alnum(c) || c == '-' || c == '_' || c == '.';
    });
}

/// What nodes and endpoint say of themselves: they are the platform's, and whoever may register a service decides.
struct Traits {
    shared::Role role = shared::Role::nobody;
    bool protobuf = false;
    bool alive = false;
};

void read_pairs(const mh_kv* pairs, uint32_t n, Traits& out) {
    for (uint32_t i = 0; i < n; ++i) {
        const std::string_view key = mh::view(pairs[i].key), value = mh::view(pairs[i].val);
        if (key == "role") out.role = std::max(out.role, shared::role_of(value));
        const bool codec = key == "codec" || key == "content_type" || key == "content-type";
        if (codec && value.find("proto") != value.npos) out.protobuf = true;
    }
}

Traits traits_of(const mh_registry_view* view, const mh_service_view* s) {
    Traits out;
    out.alive = api().state(view, api().name(s)) == MH_SERVICE_ALIVE;
    mh_node_view node{};
    node.size = sizeof node;
    for (uint32_t i = 0; api().node_at(s, i, &node) == MH_OK; ++i)
        read_pairs(node.metadata, node.n_metadata, out);
    mh_endpoint_view exec{};
    exec.size = sizeof exec;
    if (api().endpoint(s, mh::lend("Command.Exec"), &exec) == MH_OK)
        read_pairs(exec.metadata, exec.n_metadata, out);
    return out;
}

}  // namespace

CommandServices::CommandServices(std::string name_space, shared::Role role)
    : prefix_(std::move(name_space) + "."), role_(role) {}

CommandServices::~CommandServices() { stop(); }

void CommandServices::start() {
    const mh_status s = api().watch(mh::the_host, on_registry, this, &watch_);
    if (s != MH_OK) throw mh::failure("the registry cannot be watched", {}, s);
}

void CommandServices::stop() {
    if (watch_) api().unwatch(std::exchange(watch_, 0));
    all_.clear();
}

const ServiceCommand* CommandServices::find(std::string_view word) const {
    const auto at = all_.find(word);
    return at == all_.end() ? nullptr : &at->second->command;
}

void CommandServices::on_registry(void* user, const mh_registry_view* v) {
    mh::guarded("on_registry", [&] {
        static_cast<CommandServices*>(user)->refresh(v);
        return MH_OK;
    });
}

void CommandServices::refresh(const mh_registry_view* v) {
    struct Seen {
        std::string signature;
        Traits traits;
    };
    std::map<std::string, Seen, std::less<>> seen;
    for (uint32_t i = 0; i < api().count(v); ++i) {
        const mh_service_view* s = api().at(v, i);
        const std::string_view name = mh::view(api().name(s));
        if (!name.starts_with(prefix_)) continue;
        const std::string_view word = name.substr(prefix_.size());
        const Traits traits = traits_of(v, s);
        if (!is_command_word(word) || !traits.alive) continue;
        Seen& to = seen[std::string(word)];
        to.signature += mh::view(api().json(s));
        to.traits.role = std::max(to.traits.role, traits.role);
        to.traits.protobuf = to.traits.protobuf || traits.protobuf;
    }
    std::erase_if(all_, [&](const auto& known) {
        if (seen.contains(known.first)) return false;
        mh::log::info("a command is gone with its last node",
                      {{"command", known.first}, {"service", known.second->command.service}});
        return true;
    });
    bool over = false;
    for (auto& [word, now] : seen) {
        auto at = all_.find(word);
        if (at == all_.end() && all_.size() >= kMost) {
            over = true;
            continue;
        }
        if (at == all_.end()) {
            at = all_.emplace(word, std::make_unique<Known>()).first;
            ServiceCommand& c = at->second->command;
            c.word = c.usage = word;
            c.service = prefix_ + word;
            mh::log::info("a service is a command", {{"command", word}, {"service", c.service}});
        }
        Known& k = *at->second;
        k.command.needs = now.traits.role == shared::Role::nobody ? role_ : now.traits.role;
        k.command.protobuf = now.traits.protobuf;
        if (k.signature == now.signature) continue;
        k.signature = std::move(now.signature);
        k.tries = 0;
        ask_help_soon(k);
    }
    if (over && !std::exchange(too_many_, over))
        mh::log::warn("there are more command services than the bot takes; the others are none",
                      {{"most", std::to_string(kMost)}, {"namespace", prefix_}});
    too_many_ = over;
}

// Not at once: calls see the new table a moment later. And again, if it fails, in ever longer pauses.
void CommandServices::ask_help_soon(Known& k) {
    constexpr std::chrono::milliseconds kPauses[] = {
        std::chrono::milliseconds(1), std::chrono::seconds(1), std::chrono::seconds(10),
        std::chrono::seconds(60)};
    const auto pause = kPauses[std::min<size_t>(k.tries++, std::size(kPauses) - 1)];
    k.again.start(pause, [this, &k] { ask_help(k); });
}

void CommandServices::ask_help(Known& k) {
    k.help.cancel();
    CallTo to{k.command.service, "Command.Help", {}, {}, kHelpMs};
    const bool protobuf = k.command.protobuf;
    to.content_type = protobuf ? kProtobufType : kJsonType;
    k.help.begin(to, protobuf ? "" : "{}", [this, &k, protobuf](CallEnd end) {
        HelpResponse help;
        if (end.ok && !read_help(end.body, protobuf, help)) {
            end.ok = false;
            end.error = "the answer is no HelpResponse";
        }
        if (!end.ok) {
            if (k.tries == 2)
                mh::log::warn("a command does not say what it does",
                              {{"service", k.command.service}, {"why", end.error}});
            return ask_help_soon(k);
        }
        if (!help.usage.empty()) k.command.usage = one_line(help.usage, kLongestText);
        k.command.description = one_line(help.description, kLongestText);
    });
}

}  // namespace microhost::bot
