// SPDX-License-Identifier: Apache-2.0
#include "watches.hpp"

#include <microhost/draft/kv.h>
#include <microhost/json.hpp>

#include <algorithm>

#include "../shared/json_writer.hpp"
#include "glob.hpp"
#include "kept.hpp"

namespace microhost::bot {
namespace {

constexpr size_t kMost = 100, kMostLines = 20;
constexpr std::chrono::milliseconds kPause{1000};
constexpr std::string_view kKey = "watches";

std::string nodes_text(uint32_t n) { return std::to_string(n) + (n == 1 ? " node" : " nodes"); }

Services services_in(const mh_registry_view* v) {
    const auto& api = mh::use<mh_registry>();
    Services out;
    for (uint32_t i = 0; i < api.count(v); ++i) {
        const mh_service_view* s = api.at(v, i);
        if (api.state(v, api.name(s)) != MH_SERVICE_ALIVE) continue;
        const std::string_view version = mh::view(api.version(s));
        const uint32_t nodes = api.node_count(s);
        std::string& text = out[std::string(mh::view(api.name(s)))];
        if (!text.empty()) text += ", ";
        text += version.empty() ? "" : std::string(version) + " ";
        text += nodes == 0 ? "in this process" : "on " + nodes_text(nodes);
    }
    return out;
}

}  // namespace

std::vector<std::string> changes_between(const Services& before, const Services& now,
                                         std::string_view pattern) {
    std::vector<std::string> out;
    for (const auto& [name, text] : now) {
        if (!matches_glob(pattern, name)) continue;
        const auto old = before.find(name);
        if (old == before.end())
            out.push_back("+ " + name + ": " + text);
        else if (old->second != text)
            out.push_back("~ " + name + ": " + text + " (was " + old->second + ")");
    }
    for (const auto& [name, text] : before)
        if (matches_glob(pattern, name) && !now.contains(name)) out.push_back("- " + name);
    return out;
}

std::string watches_json(const std::vector<Watch>& all) {
    std::string out;
    shared::JsonWriter w(out);
    w.begin_array();
    for (const Watch& one : all) {
        w.begin_object().key("input").string(one.input).key("room").string(one.place.room);
        w.key("peer").string(one.place.peer).key("pattern").string(one.pattern).end_object();
    }
    w.end_array();
    return out;
}

std::vector<Watch> read_watches(std::string_view json) {
    std::vector<Watch> out;
    const mh::json_document document(json);
    const mh::json_value list = document.root();
    for (uint32_t i = 0; list.kind() == MH_JSON_ARRAY && i < std::min<size_t>(list.count(), kMost);
         ++i) {
        const auto text = [&](const char* key) {
            return std::string(list.at(i)[key].string().value_or(""));
        };
        Watch w{text("input"), {text("room"), text("peer"), {}}, text("pattern")};
        if (!w.input.empty() && !w.pattern.empty()) out.push_back(std::move(w));
    }
    return out;
}

void Watches::start() {
    all_ = read_watches(kept(kKey));
    follow();
}

void Watches::stop() {
    timer_.cancel();
    due_ = false;
    if (watch_) mh::use<mh_registry>().unwatch(std::exchange(watch_, 0));
}

void Watches::follow() {
    if (all_.empty()) return stop();
    if (watch_) return;
    has_told_ = false;
    const mh_status s = mh::use<mh_registry>().watch(mh::the_host, on_registry, this, &watch_);
    if (s != MH_OK) throw mh::failure("the registry cannot be watched", {}, s);
}

std::vector<Watch>::iterator Watches::find(std::string_view input, const Place& place) {
    return std::ranges::find_if(all_, [&](const Watch& w) {
        return w.input == input && w.place.room == place.room &&
               (!place.room.empty() || w.place.peer == place.peer);
    });
}

Watches::Added Watches::add(Watch w) {
    w.place.thread.clear();
    const auto at = find(w.input, w.place);
    const bool there = at != all_.end();
    if (!there && all_.size() >= kMost) return Added::full;
    if (there)
        *at = std::move(w);
    else
        all_.push_back(std::move(w));
    remember();
    follow();
    return there ? Added::replaced : Added::yes;
}

bool Watches::remove(std::string_view input, const Place& place) {
    const auto at = find(input, place);
    if (at == all_.end()) return false;
    all_.erase(at);
    remember();
    follow();
    return true;
}

void Watches::remember() { keep(kKey, watches_json(all_)); }

void Watches::on_registry(void* user, const mh_registry_view* v) {
    mh::guarded("on_registry", [&] {
        auto& self = *static_cast<Watches*>(user);
        if (!std::exchange(self.has_told_, true))
            self.told_ = services_in(v);
        else if (!std::exchange(self.due_, true))
            self.timer_.start(kPause, [&self] { self.tell_now(); });
        return MH_OK;
    });
}

// One message for all that has changed in that second; what came and went within it is not told.
void Watches::tell_now() {
    due_ = false;
    const Services now = services_in(mh::use<mh_registry>().now(mh::the_host));
    const Services before = std::exchange(told_, now);
    for (const Watch& w : std::vector<Watch>(all_)) {
        std::vector<std::string> lines = changes_between(before, now, w.pattern);
        if (lines.empty()) continue;
        if (lines.size() > kMostLines) {
            const size_t more = lines.size() - kMostLines;
            lines.resize(kMostLines);
            lines.push_back("..." + std::to_string(more) + " more lines");
        }
        tell_(w, lines);
    }
}

}  // namespace microhost::bot
