// SPDX-License-Identifier: Apache-2.0
#include "command/values.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "config/duration.hpp"
#include "json/document.hpp"
#include "json/nearest.hpp"

namespace microhost::command {
namespace {

template <class T>
bool whole(std::string_view text, T& out) {
    const auto r = std::from_chars(text.data(), text.data() + text.size(), out);
    return !text.empty() && r.ec == std::errc{} && r.ptr == text.data() + text.size();
}

// "2026-11-28T10:00:00Z", or milliseconds since 1970.
bool read_time(const std::string& text, int64_t& out) {
    if (whole(text, out)) return true;
    tm t{};
    const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &t);
    if (!end || *end) return false;
    out = static_cast<int64_t>(timegm(&t)) * 1000;
    return true;
}

bool read_bool(std::string_view text, int64_t& out) {
    const bool yes = text == "true" || text == "yes" || text == "on" || text == "1";
    out = yes;
    return yes || text == "false" || text == "no" || text == "off" || text == "0";
}

Result<> read_typed(Value& v) {
    switch (v.type) {
        case MH_TYPE_INTEGER:
            if (!whole(v.text, v.integer)) return error("{:?} is no whole number", v.text);
            v.number = static_cast<double>(v.integer);
            break;
        case MH_TYPE_NUMBER:
            if (!whole(v.text, v.number)) return error("{:?} is no number", v.text);
            break;
        case MH_TYPE_BOOL:
            if (!read_bool(v.text, v.integer))
                return error("{:?} is neither true nor false", v.text);
            break;
        case MH_TYPE_DURATION: {
            auto ms = config::parse_duration(v.text);
            if (!ms) return ms.error();
            v.integer = ms->count();
            break;
        }
        case MH_TYPE_SIZE: {
            auto bytes = config::parse_size(v.text);
            if (!bytes) return bytes.error();
            v.integer = *bytes;
            break;
        }
        case MH_TYPE_TIME:
            if (!read_time(v.text, v.integer))
                return error("{:?} is no time; write 2026-11-28T10:00:00Z", v.text);
            break;
        case MH_TYPE_JSON:
            if (auto parsed = json::Document::parse(v.text); !parsed)
                return error("not JSON: {}", parsed.error().what);
            break;
        default: break;
    }
    return {};
}

Result<> check_choice(const Argument& a, std::string_view text) {
    const std::vector<std::string_view> choices = a.fixed_choices();
    if (choices.empty() || std::find(choices.begin(), choices.end(), text) != choices.end())
        return {};
    return error("{} is none of {}{}", json::quote_short(text), a.choices,
                 json::did_you_mean(text, choices));
}

Result<Value> make(const Argument& a, std::string text) {
    Value v{a.name, a.type, std::move(text)};
    if (auto ok = read_typed(v); !ok) return ok.error().context(a.name);
    if (auto ok = check_choice(a, v.text); !ok) return ok.error().context(a.name);
    return v;
}

Error unknown(const Definition& d, std::string_view name) {
    std::vector<std::string_view> known;
    for (const Argument& a : d.args) known.push_back(a.name);
    return error("\"{}\" has no argument {}{}", d.name, json::quote_short(name),
                 json::did_you_mean(name, known));
}

}  // namespace

Result<Values> Values::check(const Definition& d, const Given& given) {
    Values out;
    for (const auto& [name, text] : given) {
        const Argument* a = d.find(name);
        if (!a) return unknown(d, name);
        if (!a->repeated() && out.find(a->name))
            return error("\"{}\" takes {} once", d.name, a->name);
        auto v = make(*a, text);
        if (!v) return v.error();
        out.all_.push_back(std::move(*v));
    }
    for (const Argument& a : d.args) {
        if (out.find(a.name)) continue;
        if (a.has_value) {
            auto v = make(a, a.value);
            if (!v) return v.error();
            out.all_.push_back(std::move(*v));
        } else if (a.required()) {
            return error("\"{}\" needs {}{}{}; usage: {}", d.name, a.positional() ? "" : "--",
                         a.name, a.summary.empty() ? "" : " (" + a.summary + ")", d.usage());
        }
    }
    return out;
}

const Value* Values::find(std::string_view name, size_t i) const {
    for (const Value& v : all_)
        if (same_name(v.name, name) && i-- == 0) return &v;
    return nullptr;
}

std::string_view Values::text(std::string_view name) const {
    const Value* v = find(name);
    return v ? std::string_view(v->text) : std::string_view{};
}

Result<Given> given_in(const Definition& d, json::Value args) {
    Given out;
    if (args && !args.is_object() && !args.is_null()) return error("args must be an object");
    for (const json::Member& m : args.members()) {
        const Argument* a = d.find(m.key);
        const bool takes_json = a && a->type == MH_TYPE_JSON;
        auto add = [&](json::Value v) {
            if (v.is_string() && !takes_json)
                out.emplace_back(m.key, *v.as_string());
            else if (!v.is_null() || takes_json)
                out.emplace_back(m.key, json::to_text(v));
        };
        if (!m.value.is_array() || (takes_json && !a->repeated()))
            add(m.value);
        else
            for (json::Value v : m.value.items()) add(v);
    }
    return out;
}

}  // namespace microhost::command
