// SPDX-License-Identifier: Apache-2.0
#include "control/explain.hpp"

namespace microhost::control {
namespace {

std::string_view word(json::Value v, std::string_view key) {
    return v.find(key).as_string().value_or("");
}

std::string list(json::Value v) {
    std::string out;
    for (json::Value i : v.items())
        out += fmt::format("{}{}", out.empty() ? "" : " ", i.as_string().value_or(""));
    return out;
}

/// "1200 calls, 310 ns each", of on_request, or nothing.
std::string cost_of(json::Value hooks) {
    std::string out;
    for (auto [hook, cost] : hooks.members()) {
        const double calls = cost.find("calls").as_double().value_or(0);
        if (calls == 0 || !hook.starts_with("on_")) continue;
        out += fmt::format("{}{} {:.0f} x {:.0f} ns", out.empty() ? "" : ", ", hook, calls,
                           cost.find("seconds").as_double().value_or(0) / calls * 1e9);
    }
    return out;
}

/// Why it is asked or not, and what else an operator should know.
std::string reasons(json::Value f, bool applies) {
    std::string out =
        applies ? std::string(word(f, "match"))
                : fmt::format("only for {}: {} differs", word(f, "match"), word(f, "mismatch"));
    for (const char* key : {"after", "before"})
        if (f.find(key)) out += fmt::format("; {} {}", key, list(f.find(key)));
    if (word(f, "mode") == "shadow") out += "; shadow: logged, not enforced";
    const auto state = word(f, "state");
    if (state != "active")
        out += fmt::format("; {}{}{}", state == "missing" ? "MISSING" : "BROKEN",
                           f.find("reason") ? ": " : "", word(f, "reason"));
    return out;
}

void line(std::string& out, std::string number, json::Value f, bool applies) {
    out += fmt::format("  {:>2} {:<18} {:<10} {:<7} {}\n", number, word(f, "name"),
                       word(f, "phase"), word(f, "on_error"), reasons(f, applies));
    const std::string cost = cost_of(f.find("hooks"));
    if (applies && !cost.empty()) out += fmt::format("     {}\n", cost);
}

}  // namespace

std::string explain_text(json::Value page) {
    std::string out;
    for (json::Value l : page.find("listeners").items()) {
        out += fmt::format("{} {} on {} ({})\n", word(page, "method"), word(page, "path"),
                           word(l, "listener"), word(l, "address"));
        unsigned n = 0;
        for (json::Value f : l.find("filters").items())
            if (f.find("applies").as_bool() == true) line(out, std::to_string(++n), f, true);
        for (json::Value f : l.find("filters").items())
            if (f.find("applies").as_bool() != true) line(out, "-", f, false);
        if (auto answer = l.find("answer").as_uint64())
            out += fmt::format("     answered {}: {} must be there and is not\n", *answer,
                               word(l, "because"));
        else
            out += fmt::format("     handler {}\n", word(l, "module"));
    }
    return out;
}

}  // namespace microhost::control
