// SPDX-License-Identifier: Apache-2.0
#include "status_board.hpp"

#include <microhost/draft/health.h>
#include <microhost/draft/metrics.h>
#include <microhost/host.hpp>

#include <algorithm>

#include "utf8.hpp"

namespace microhost::bot {
namespace {

constexpr size_t kLongestDetail = 300;

uint32_t metric(int32_t kind, const char* name, const char* help,
                std::initializer_list<const char*> labels) {
    return mh::use<mh_metrics>().define(mh::the_host, kind, name, help, labels.begin(),
                                        static_cast<uint32_t>(labels.size()));
}

uint64_t series(uint32_t metric, std::string_view input, const char* verdict = nullptr) {
    const mh_str values[] = {mh::lend(input), mh::lend(verdict ? verdict : "")};
    return mh::use<mh_metrics>().series(mh::the_host, metric, values, verdict ? 2 : 1);
}

void add(uint64_t series, int64_t n = 1) {
    if (series && n) mh::use<mh_metrics>().add(series, n);
}

}  // namespace

const char* name_of(Link link) {
    switch (link) {
        case Link::connecting: return "connecting";
        case Link::online: return "online";
        case Link::waiting: return "waiting";
        case Link::refused: return "refused";
        default: return "off";
    }
}

std::string age_text(uint64_t ms) {
    const uint64_t s = ms / 1000;
    if (s < 100) return std::to_string(s) + " s";
    if (s < 100 * 60) return std::to_string(s / 60) + " min";
    if (s < 48 * 3600) return std::to_string(s / 3600) + " h";
    return std::to_string(s / 86400) + " d";
}

std::vector<Row> status_rows(const std::vector<const Input*>& inputs, uint64_t now_ms) {
    std::vector<Row> out;
    const auto number = [](uint64_t n) { return Cell{std::to_string(n), true}; };
    for (const Input* in : inputs) {
        const Status s = in->status();
        const bool since = s.since_ms != 0 && s.since_ms <= now_ms;
        out.push_back({{std::string(in->name())},
                       {name_of(s.link)},
                       {since ? age_text(now_ms - s.since_ms) : "-"},
                       number(s.reconnects),
                       number(s.received),
                       number(s.sent),
                       number(s.dropped),
                       number(s.queued),
                       {one_line(s.detail, kLongestDetail)}});
    }
    return out;
}

StatusBoard::StatusBoard()
    : messages_(
          metric(MH_METRIC_COUNTER, "bot_messages_total", "Messages that were heard", {"input"})),
      commands_(metric(MH_METRIC_COUNTER, "bot_commands_total", "Commands, and how they went",
                       {"input", "verdict"})),
      latency_(metric(MH_METRIC_HISTOGRAM, "bot_command_seconds",
                      "From the beginning of a command to its answer", {"input"})),
      up_(metric(MH_METRIC_GAUGE, "bot_input_up", "1 while the link is there", {"input"})),
      reconnects_(
          metric(MH_METRIC_COUNTER, "bot_reconnects_total", "Links that came back", {"input"})),
      dropped_(metric(MH_METRIC_COUNTER, "bot_dropped_total", "Messages that could not be sent",
                      {"input"})) {}

StatusBoard::Known& StatusBoard::known(std::string_view input) {
    if (const auto at = inputs_.find(input); at != inputs_.end()) return at->second;
    Known& k = inputs_[std::string(input)];
    k.messages = series(messages_, input);
    k.latency = series(latency_, input);
    k.up = series(up_, input);
    k.reconnected = series(reconnects_, input);
    k.dropped = series(dropped_, input);
    for (size_t v = 0; v < kVerdicts; ++v)
        k.verdicts[v] = series(commands_, input, name_of(static_cast<Verdict>(v)));
    return k;
}

void StatusBoard::changed(const Input& in) {
    const Status s = in.status();
    Known& k = known(in.name());
    refresh({&in});
    const std::string detail = one_line(s.detail, kLongestDetail);
    if (s.link == k.link && detail == k.detail) return;
    // A network that stays away for the same reason is one line, however often it is tried.
    const bool worse = s.link == Link::refused || (s.link == Link::waiting && detail != k.warned);
    const bool quiet = s.link == Link::connecting || (s.link == Link::waiting && !worse);
    const int32_t level = s.link == Link::refused ? MH_LOG_ERROR
                          : worse                 ? MH_LOG_WARN
                          : quiet                 ? MH_LOG_DEBUG
                                                  : MH_LOG_INFO;
    mh::log::line(level, "bot input",
                  {{"input", in.name()}, {"link", name_of(s.link)}, {"detail", detail}});
    k.link = s.link;
    k.detail = detail;
    if (worse) k.warned = detail;
    if (s.link == Link::online || s.link == Link::off) k.warned.clear();
    // A chat that is away is no reason to send the traffic elsewhere.
    const bool well = s.link == Link::online || s.link == Link::off;
    const std::string text = std::string(name_of(s.link)) + (detail.empty() ? "" : ": " + detail);
    mh::use<mh_health>().set(mh::the_host, std::string(in.name()).c_str(),
                             well ? MH_HEALTH_OK : MH_HEALTH_DEGRADED, mh::lend(text));
}

void StatusBoard::message(std::string_view input) { add(known(input).messages); }

void StatusBoard::command(std::string_view input, Verdict v, uint64_t took_ms) {
    Known& k = known(input);
    add(k.verdicts[static_cast<size_t>(v)]);
    if (k.latency) mh::use<mh_metrics>().observe_us(k.latency, took_ms * 1000);
}

void StatusBoard::refresh(const std::vector<const Input*>& inputs) {
    for (const Input* in : inputs) {
        const Status s = in->status();
        Known& k = known(in->name());
        const int64_t up = s.link == Link::online ? 1 : 0;
        add(k.up, up - std::exchange(k.shown_up, up));
        const auto grown = [](uint64_t now, uint64_t& before) {
            const uint64_t by = now > before ? now - before : 0;
            before = now;
            return static_cast<int64_t>(by);
        };
        add(k.reconnected, grown(s.reconnects, k.reconnects));
        add(k.dropped, grown(s.dropped, k.shown_dropped));
    }
}

}  // namespace microhost::bot
