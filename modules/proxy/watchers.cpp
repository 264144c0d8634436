// SPDX-License-Identifier: Apache-2.0
#include "watchers.hpp"

#include "answer.hpp"

namespace microhost::proxy {
namespace {

constexpr uint32_t kPingMs = 54'000;  // as Micro's
constexpr uint64_t kLongestMessage = 16 * 1024;

}  // namespace

Watchers::~Watchers() {
    if (watch_) mh::use<mh_registry>().unwatch(watch_);
}

mh_status Watchers::add(mh::request r) {
    static constexpr mh_ws_events kEvents{sizeof(mh_ws_events), 0, on_message, on_writable,
                                          on_close};
    auto w = std::make_unique<Watcher>(Watcher{this, nullptr, {}, 0});
    mh_ws_options options{};
    options.size = sizeof options;
    options.ping_interval_ms = kPingMs;
    options.max_message = kLongestMessage;
    const mh_status s =
        mh::use<mh_http_websocket>().accept(r.raw(), &options, &kEvents, w.get(), &w->socket);
    if (s == MH_E_UNSUPPORTED) return MH_OK;  // answered
    if (s != MH_OK) {
        answer_text(r, 400, "this is no correct websocket handshake");
        return MH_OK;
    }
    all_[w->socket] = std::move(w);
    if (watch_) return MH_OK;
    first_ = true;
    return mh::use<mh_registry>().watch(mh::the_host, on_registry, this, &watch_);
}

Watchers::Known Watchers::read(const mh_registry_view* view) {
    const mh_registry& registry = mh::use<mh_registry>();
    Known out;
    for (uint32_t i = 0; i < registry.count(view); ++i) {
        const mh_service_view* s = registry.at(view, i);
        if (registry.node_count(s) == 0) continue;
        out.emplace(std::pair(std::string(mh::view(registry.name(s))),
                              std::string(mh::view(registry.version(s)))),
                    mh::view(registry.json(s)));
    }
    return out;
}

void Watchers::on_registry(void* user, const mh_registry_view* view) {
    auto& self = *static_cast<Watchers*>(user);
    mh::guarded("registry.watch", [&] {
        if (std::exchange(self.first_, false))
            self.known_ = read(view);
        else
            self.tell_changes(read(view));
        return MH_OK;
    });
}

void Watchers::tell_changes(Known now) {
    for (const auto& [key, json] : known_)
        if (!now.contains(key)) tell("delete", json);
    for (const auto& [key, json] : now) {
        const auto before = known_.find(key);
        if (before == known_.end())
            tell("create", json);
        else if (before->second != json)
            tell("update", json);
    }
    known_ = std::move(now);
}

void Watchers::tell(std::string_view action, const std::string& service) {
    std::string text = R"({"Action":")";
    text.append(action).append(R"(","Service":)").append(service).append("}");
    const auto event = std::make_shared<const std::string>(std::move(text));
    for (auto& [socket, w] : all_) {
        w->waiting.push_back(event);
        w->bytes += event->size();
        flush(*w);
    }
}

void Watchers::flush(Watcher& w) {
    const mh_http_websocket& ws = mh::use<mh_http_websocket>();
    while (!w.waiting.empty()) {
        const mh_status s = ws.send(w.socket, MH_WS_TEXT, mh::bytes(*w.waiting.front()));
        if (s == MH_E_BUSY && w.bytes > kMostWaiting) {
            w.waiting.clear();
            w.bytes = 0;
            ws.close(w.socket, 1013, mh::lend("too slow: ask for the list again"));
        }
        if (s == MH_E_BUSY) return;  // on_writable follows
        if (w.waiting.empty()) return;
        w.bytes -= w.waiting.front()->size();
        w.waiting.pop_front();
    }
}

void Watchers::on_message(void*, mh_ws*, int32_t, mh_seg) {}  // watchers have nothing to say

void Watchers::on_writable(void* user, mh_ws*) {
    mh::guarded("on_writable", [&] { return flush(*static_cast<Watcher*>(user)), MH_OK; });
}

void Watchers::on_close(void* user, mh_ws* socket, uint32_t, mh_str) {
    Watchers& self = *static_cast<Watcher*>(user)->owner;
    self.all_.erase(socket);
    if (!self.all_.empty() || !self.watch_) return;
    mh::use<mh_registry>().unwatch(std::exchange(self.watch_, 0));
    self.known_.clear();
}

}  // namespace microhost::proxy
