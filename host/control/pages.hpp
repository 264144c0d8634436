// SPDX-License-Identifier: Apache-2.0
/// What the process is made of, as JSON. Thread: main.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "control/census.hpp"
#include "control/sources.hpp"
#include "json/writer.hpp"

namespace microhost::control {

struct HookCost {
    uint64_t calls = 0, nanoseconds = 0;
};
/// Module -> hook -> what it has cost since the start.
std::map<std::string, std::map<std::string, HookCost>> hook_costs(const observe::Metrics& metrics);

/// "hooks":{HOOK:{"calls","seconds"}} into the object that is open.
void write_hooks(json::Writer& w, const std::map<std::string, HookCost>& hooks);
/// Of the filter's object in filters_page, all members.
void write_filter_members(json::Writer& w, const FilterRow& f, const LoopFigures& figures);

/// [{"id","version","file","generation","stage","flags":[..],"requires":[..],"contributions":{POINT:[NAME..]},
///   "hooks":{HOOK:{"calls","seconds"}},"panics","outstanding"}]; hooks only where they are counted.
std::string modules_page(const Sources& s);
/// [{"name","kind":"module"|"control","module","address","tls","proxy_protocol","filters":[NAME..],"connections"}]
std::string listeners_page(const Sources& s, const LoopFigures& figures,
                           const std::vector<ListenerRow>& own);
/// [{"listener","filters":[{"name","module","phase","on_error","mode","state","reason","verdicts":{..}}]}], in the order in
/// which requests pass. state: "active", "missing", "broken" (on some loop). mode: "enforce", "shadow".
std::string filters_page(const Sources& s, const LoopFigures& figures);
/// "closed", "open", "skip".
std::string_view on_error_text(http::OnError e);
/// [{"provider","priority","state","services","nodes","text","last_trouble"}]; state: "waiting", "synced", "stale", "failed".
std::string registry_page(const Sources& s);
/// An array of services as Micro writes them, one element a version.
std::string services_page(const Sources& s);

}  // namespace microhost::control
