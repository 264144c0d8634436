// SPDX-License-Identifier: Apache-2.0
#include "micro.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "../shared/text.hpp"

namespace microhost::bot {
namespace {

// As Micro spelt them.
constexpr std::string_view kLaws =
    "\n1. A robot may not injure a human being or, through inaction, allow a human being to come "
    "to harm."
    "\n2. A robot must obey the orders given it by human beings except where such orders would "
    "conflict with the First Law."
    "\n3. A robot must protect its own existence as long as such protection does not conflict "
    "with the First or Second Law.";

/// RFC 1123, as Go's time.RFC1123 writes it.
std::string rfc1123(std::chrono::system_clock::time_point now) {
    const std::time_t t = std::chrono::system_clock::to_time_t(now);
    std::tm local{};
    localtime_r(&t, &local);
    constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char out[96];
    std::snprintf(out, sizeof out, "%s, %02d %s %04d %02d:%02d:%02d %s", kDays[local.tm_wday % 7],
                  local.tm_mday, kMonths[local.tm_mon % 12], local.tm_year + 1900, local.tm_hour,
                  local.tm_min, local.tm_sec, local.tm_zone ? local.tm_zone : "UTC");
    return out;
}

bool asks_for_laws(std::string_view text) {
    if (text.starts_with("the ")) text.remove_prefix(4);
    return text == "three laws" || text == "three laws of robotics";
}

constexpr std::string_view kNeedMore[] = {"list", "get", "call", "register", "deregister"};
constexpr std::string_view kHaveSecondWord[] = {"list", "get", "register", "deregister"};

bool is_one_of(std::string_view word, const auto& words) {
    return std::ranges::find(words, word) != std::end(words);
}

}  // namespace

std::optional<MicroReply> micro_reply(std::string_view text,
                                      std::chrono::system_clock::time_point now) {
    if (text == "echo") return MicroReply{"echo", "echo what?"};
    if (text.starts_with("echo ")) return MicroReply{"echo", std::string(text.substr(5))};
    if (text == "time") return MicroReply{"time", "Server time is: " + rfc1123(now)};
    if (text == "hello") return MicroReply{"hello", "hey what's up?"};
    if (text == "ping") return MicroReply{"ping", "pong"};
    if (asks_for_laws(text)) return MicroReply{"the three laws", std::string(kLaws)};
    return std::nullopt;
}

std::optional<MicroReply> micro_complaint(const Words& words,
                                          const std::vector<HostCommand>& host) {
    if (words.empty()) return std::nullopt;
    const std::string& first = words[0];
    if (words.size() == 1 && is_one_of(first, kNeedMore))
        return MicroReply{first, first + " what?"};
    if (words.size() == 2 && words[1] == "service") {
        if (first == "get") return MicroReply{first, "require service name"};
        if (first == "register" || first == "deregister")
            return MicroReply{first, "require service definition"};
    }
    size_t used = 0;
    if (!is_one_of(first, kHaveSecondWord) || match_host(host, words, used)) return std::nullopt;
    std::string supported;
    for (const HostCommand& c : host)
        if (c.name.starts_with(first + " ")) supported += "\n" + c.usage();
    if (supported.empty()) return std::nullopt;
    return MicroReply{first, "unknown command...\nsupported commands: " + supported};
}

std::vector<HelpLine> micro_help() {
    return {{"echo", "echo [text]", "Returns the [text]", {}},
            {"hello", "hello", "Returns a greeting", {}},
            {"ping", "ping", "Returns pong", {}},
            {"the three laws", "the three laws", "Returns the three laws of robotics", {}},
            {"time", "time", "Returns the server time", {}}};
}

}  // namespace microhost::bot
