// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include <algorithm>

namespace microhost::router {
namespace {

using mh::json_value;

std::string text_of(json_value v) { return std::string(v.string().value_or("")); }

[[noreturn]] void wrong(const std::string& where, const std::string& why) {
    throw mh::failure(why, where);
}

std::vector<std::string> texts_of(json_value list) {
    std::vector<std::string> out;
    for (uint32_t i = 0; i < list.count(); ++i) out.push_back(text_of(list.at(i)));
    return out;
}

std::vector<Wanted> wanted_of(json_value map) {
    std::vector<Wanted> out;
    for (uint32_t i = 0; i < map.count(); ++i)
        out.push_back({std::string(map.key_at(i)), text_of(map.at(i))});
    return out;
}

PathRule path_of(json_value rule, const std::string& where) {
    const auto exact = rule["path"].string(), prefix = rule["prefix"].string(),
               pattern = rule["template"].string();
    if (exact.has_value() + prefix.has_value() + pattern.has_value() > 1)
        wrong(where, "path, prefix and template: only one of them");
    for (const auto& given : {exact, prefix}) {
        if (given && !given->starts_with('/')) wrong(where, "a path begins with \"/\"");
    }
    if (exact) return PathRule::exact(*exact);
    if (prefix) return PathRule::prefix(*prefix);
    PathRule out = PathRule::any();
    std::string why;
    if (pattern && !PathRule::parse_template(*pattern, out, why))
        wrong(where + "/template", "template: " + why);
    return out;
}

void read_text(Target& t, json_value v, const std::string& where,
               const std::vector<std::string>& parts) {
    std::string why;
    const auto id_of = [&](std::string_view name) { return named(name, parts); };
    if (!t.text.parse(v.string().value_or(""), id_of, why))
        wrong(where,
              why +
                  "; there are path, query, host, and the parts of the rule's path (of a prefix: "
                  "rest)");
}

void read_path(Target& t, json_value v, const std::string& where,
               const std::vector<std::string>& parts) {
    if (v.is_null()) return;
    const std::string text = text_of(v);
    if (!text.starts_with('/') && !text.starts_with("${path}"))
        wrong(where, "a path begins with \"/\"");
    if (text.find_first_of("?# ") != text.npos)
        wrong(where, "a path has no \"?\", \"#\" or space; the query stays as it is");
    t.has_path = true;
    read_text(t, v, where, parts);
}

void read_answer(Target& t, json_value v) {
    t.kind = Target::Kind::answer;
    t.status = static_cast<uint32_t>(v["status"].integer().value_or(200));
    t.body = text_of(v["body"]);
    t.content_type = text_of(v["content_type"]);
    if (t.content_type.empty() && !t.body.empty()) t.content_type = "text/plain; charset=utf-8";
}

void read_upstream(Target& t, json_value v, const std::string& where) {
    t.kind = Target::Kind::forward;
    t.service = text_of(v["service"]);
    t.version = text_of(v["version"]);
    t.endpoint = text_of(v["endpoint"]);
    const auto url = v["url"].string();
    if (url && !parse_url(*url, t))
        wrong(where + "/url",
              "\"" + std::string(url->substr(0, 100)) +
                  "\" is no URL; write such as http://10.0.0.7:3000, https://example.com/base or "
                  "unix:/run/app.sock");
    if (!t.endpoint.empty()) {
        if (t.service.empty()) wrong(where, "endpoint: of which service?");
        t.kind = Target::Kind::call;
    }
    t.keep_host = v["keep_host"].boolean().value_or(!url);
}

}  // namespace

std::optional<Target> read_target(json_value v, const std::string& where, Reader reader,
                                  const std::vector<std::string>& parts) {
    if (v.is_null()) return {};
    const auto given = [&](const char* key) { return !v[key].is_null(); };
    const bool upstream = given("service") || given("url"), redirect = given("redirect"),
               answer = given("status") || given("body"), path = given("path");
    if (given("service") && given("url")) wrong(where, "service and url: only one of them");
    if (upstream + redirect + (answer && !redirect) > 1 || (path && (redirect || answer)))
        wrong(where,
              "a target is one of service, url, redirect, an answer (status, body) or a path");
    Target t;
    if (upstream) {
        if (reader == Reader::filter)
            wrong(where, "a filter cannot forward: let a listener have \"module\": \"router\"");
        read_upstream(t, v, where);
    } else if (redirect) {
        t.kind = Target::Kind::redirect;
        t.status = static_cast<uint32_t>(v["status"].integer().value_or(302));
        if (t.status < 300 || t.status > 399) wrong(where + "/status", "a redirect is 3xx");
        read_text(t, v["redirect"], where + "/redirect", parts);
    } else if (answer) {
        read_answer(t, v);
    } else if (path) {
        t.kind = Target::Kind::rewrite;
        if (reader == Reader::handler)
            wrong(where,
                  "a path alone: nobody is behind this handler; add service or url, or use "
                  "the filter");
    } else {
        wrong(where,
              "a target is one of service, url, redirect, an answer (status, body) or a path");
    }
    read_path(t, v["path"], where + "/path", parts);
    const json_value headers = v["headers"];
    for (uint32_t i = 0; i < headers.count(); ++i)
        t.headers.emplace_back(std::string(headers.key_at(i)), text_of(headers.at(i)));
    t.weight = static_cast<uint64_t>(v["weight"].integer().value_or(1));
    return t;
}

std::vector<Rule> read_rules(json_value list, const std::string& pointer, Reader reader) {
    std::vector<Rule> rules;
    for (uint32_t i = 0; i < list.count(); ++i) {
        const json_value from = list.at(i);
        const std::string where = pointer + "/" + std::to_string(i);
        Rule r;
        r.name = text_of(from["name"]);
        if (r.name.empty()) r.name = "rule-" + std::to_string(i);
        r.methods = texts_of(from["method"]);
        r.hosts = texts_of(from["host"]);
        r.path = path_of(from, where);
        r.headers = wanted_of(from["header"]);
        r.query = wanted_of(from["query"]);
        r.by = text_of(from["by"]);
        if (!r.by.empty() && r.by != "client-ip" &&
            (!r.by.starts_with("header:") || r.by.size() == 7))
            wrong(where + "/by", "by: write client-ip or header:NAME");
        const json_value split = from["split"];
        if (from["to"].is_null() == split.is_null())
            wrong(where, "a rule has either \"to\" or \"split\"");
        const auto add = [&](json_value v, const std::string& place) {
            r.targets.push_back(*read_target(v, place, reader, r.path.names()));
        };
        if (split.is_null()) add(from["to"], where + "/to");
        for (uint32_t k = 0; k < split.count(); ++k)
            add(split.at(k), where + "/split/" + std::to_string(k));
        if (std::all_of(r.targets.begin(), r.targets.end(),
                        [](const Target& t) { return t.weight == 0; }))
            wrong(where, "all weights are 0: no request would go anywhere");
        rules.push_back(std::move(r));
    }
    return rules;
}

}  // namespace microhost::router
