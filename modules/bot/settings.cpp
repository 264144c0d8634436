// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <algorithm>
#include <charconv>

#include "../shared/text.hpp"

namespace microhost::bot {
namespace {

using ms = std::chrono::milliseconds;

ms time_in(const mh::config_reader& from, const char* key, ms low, ms high) {
    ms out{};
    from.read(key, out);
    if (out >= low && out <= high) return out;
    throw mh::failure(std::string(key) + ": must be from " + std::to_string(low.count()) +
                          "ms to " + std::to_string(high.count() / 1000) + "s",
                      "/" + std::string(key));
}

size_t count_in(const mh::config_reader& from, const char* key) {
    int64_t out = 0;
    from.read(key, out);  // the schema has its bounds
    return static_cast<size_t>(out);
}

void check_namespace(std::string_view name) {
    const bool clean = std::ranges::all_of(
        name, [](char c) { return shared::is_alnum(c) || c == '.' || c == '-' || c == '_'; });
    if (!clean || name.empty() || name.size() > 200 || name.ends_with('.'))
        throw mh::failure("namespace: \"" + std::string(name.substr(0, 60)) +
                              "\" is no name of a service; write one such as go.micro.bot",
                          "/namespace");
}

void check_callsigns(const Callsigns& c) {
    for (const std::string& name : c.names)
        if (name.empty() || name.find_first_of(" \t\r\n:,@") != name.npos)
            throw mh::failure("names: \"" + name.substr(0, 60) +
                                  "\" cannot be one; it is a word without @, colon and comma",
                              "/names");
    const auto sign = [](char ch) { return !shared::is_alnum(ch) && ch > ' '; };
    if (c.prefix.size() > 4 || !std::ranges::all_of(c.prefix, sign))
        throw mh::failure("prefix: up to four signs such as !, no letters, digits or spaces",
                          "/prefix");
}

}  // namespace

bool parse_rate(std::string_view text, uint32_t burst, mh_limit_rule& out) {
    uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
    const uint64_t period = unit == "/s"   ? 1000
                            : unit == "/m" ? 60'000
                            : unit == "/h" ? 3'600'000
                                           : 0;
    if (error != std::errc{} || period == 0 || count == 0 || count > 1'000'000) return false;
    out = {sizeof out, burst, count, period};
    return true;
}

Settings Settings::read(const mh_config* config) {
    const mh::config_reader from(config);
    Settings s;
    from.read("inputs", s.inputs), from.read("namespace", s.namespace_);
    from.read("names", s.callsigns.names), from.read("prefix", s.callsigns.prefix);
    from.read("confirm", s.confirm), from.read("audit_file", s.audit_file);
    check_namespace(s.namespace_);
    check_callsigns(s.callsigns);
    std::string role, rate;
    mh::json_value users, rules;
    from.read("default_role", role), from.read("users", users), from.read("rules", rules);
    s.people = People(users, role);
    s.rules = Rules(rules, s.people);
    from.read("command_services_role", role);
    s.service_role = shared::role_of(role);
    from.read("rate", rate);
    const auto burst = static_cast<uint32_t>(count_in(from, "burst"));
    if (!parse_rate(rate, burst, s.rate))
        throw mh::failure("rate: commands of one person, such as 60/m, 5/s or 1000/h", "/rate");
    s.limits.progress_after = time_in(from, "progress_after", ms(100), ms(3'600'000));
    s.limits.timeout = time_in(from, "command_timeout", ms(100), ms(3'600'000));
    s.confirm_within = time_in(from, "confirm_within", ms(1000), ms(3'600'000));
    s.limits.per_user = count_in(from, "commands_per_user");
    s.limits.at_once = count_in(from, "commands_at_once");
    return s;
}

}  // namespace microhost::bot
