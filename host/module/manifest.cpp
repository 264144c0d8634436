// SPDX-License-Identifier: Apache-2.0
#include "module/manifest.hpp"

#include <microhost/entry.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "json/nearest.hpp"
#include "module/elf.hpp"

namespace microhost::module {
namespace {

using json::Kind;
using json::Value;

bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

/// One label of a module id: [a-z][a-z0-9-]*.
bool is_label(std::string_view s) {
    return !s.empty() && lower(s[0]) && s.back() != '-' &&
           std::all_of(s.begin(), s.end(), [](char c) { return lower(c) || digit(c) || c == '-'; });
}

/// Three numbers with dots, then an optional "-pre" and "+build" (semver.org 2.0.0).
bool is_version(std::string_view s) {
    size_t at = 0;
    for (int part = 0; part < 3; part++) {
        const size_t from = at;
        while (at < s.size() && digit(s[at])) at++;
        if (at == from || at - from > 9 || (part < 2 && (at >= s.size() || s[at++] != '.')))
            return false;
    }
    if (at == s.size()) return true;
    return s.size() <= 128 && (s[at] == '-' || s[at] == '+') && at + 1 < s.size() &&
           std::all_of(s.begin() + static_cast<std::ptrdiff_t>(at) + 1, s.end(), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' ||
                      c == '+';
           });
}

/// Reads members, and keeps the first thing that is wrong.
class Reader {
  public:
    explicit Reader(Value object, std::string where = {})
        : object_(object), where_(std::move(where)) {}

    void fail(std::string what) {
        if (problem_.empty()) problem_ = std::move(what);
    }
    const std::string& problem() const { return problem_; }
    Value find(std::string_view key) const { return object_.find(key); }

    Value member(std::string_view key, Kind kind, bool required = false) {
        const Value v = object_.find(key);
        if (!v) {
            if (required) fail(fmt::format("key \"{}{}\" is missing", where_, key));
            return {};
        }
        if (v.kind() == kind) return v;
        fail(fmt::format("key \"{}{}\" must be {}, it is {}", where_, key, json::name(kind),
                         json::name(v.kind())));
        return {};
    }
    std::string text(std::string_view key, bool required = false) {
        return std::string(member(key, Kind::string, required).as_string().value_or(""));
    }
    std::vector<std::string> texts(std::string_view key) {
        std::vector<std::string> out;
        for (const Value v : member(key, Kind::array).items()) {
            if (auto s = v.as_string(); s && !s->empty())
                out.emplace_back(*s);
            else
                fail(fmt::format("key \"{}{}\" must hold strings, it holds {}", where_, key,
                                 s ? "an empty one" : json::name(v.kind())));
        }
        return out;
    }
    /// Calls fn with a Reader for each object of an array.
    template <class F>
    void objects(std::string_view key, F fn) {
        size_t i = 0;
        for (const Value v : member(key, Kind::array).items()) {
            Reader each(v, fmt::format("{}{}/{}/", where_, key, i++));
            if (!v.is_object())
                fail(fmt::format("key \"{}{}\" must hold objects, it holds {}", where_, key,
                                 json::name(v.kind())));
            else
                fn(each);
            if (!each.problem().empty()) fail(each.problem());
        }
    }

  private:
    Value object_;
    std::string where_;
    std::string problem_;
};

void read_identity(Reader& in, Manifest& m) {
    m.id = in.text("id", true);
    if (in.problem().empty() && !is_module_id(m.id))
        in.fail(
            fmt::format("id {} must be letters a-z, digits and -, or a reverse domain like "
                        "com.acme.name, at most 64 long",
                        json::quote_short(m.id)));
    m.version = in.text("version", true);
    if (in.problem().empty() && !is_version(m.version))
        in.fail(fmt::format("version {} is not like 1.2.3", json::quote_short(m.version)));
    const Value abi = in.member("abi", Kind::object, true);
    if (!in.problem().empty()) return;
    const auto epoch = abi.find("epoch").as_uint64();
    if (!epoch)
        return in.fail("key \"abi/epoch\" is missing or no number; write \"abi\":{\"epoch\":1}");
    if (*epoch != MH_ABI_EPOCH)
        in.fail(
            fmt::format("it is built for ABI epoch {}, this host speaks epoch {}; build it against "
                        "this host's SDK",
                        *epoch, MH_ABI_EPOCH));
    m.abi_epoch = static_cast<uint32_t>(*epoch);
}

void read_filter(Reader& in, Manifest& m) {
    ManifestFilter f;
    f.name = in.text("name");
    if (f.name.empty()) f.name = m.id;
    if (const auto number = in.find("phase").as_uint64())
        f.phase = std::to_string(*number);
    else
        f.phase = in.text("phase");
    f.after = in.texts("after");
    f.before = in.texts("before");
    f.on_error = in.text("on_error");
    if (!f.on_error.empty() && f.on_error != "closed" && f.on_error != "open" &&
        f.on_error != "skip")
        in.fail(fmt::format("filter \"{}\": on_error {} is not closed, open or skip", f.name,
                            json::quote_short(f.on_error)));
    static const std::array<std::string_view, 9> kPhases{
        "early", "authn", "authz", "limit", "route", "transform", "upstream", "response", "log"};
    const bool number = !f.phase.empty() && std::all_of(f.phase.begin(), f.phase.end(), digit);
    if (!f.phase.empty() && !number &&
        std::find(kPhases.begin(), kPhases.end(), f.phase) == kPhases.end())
        in.fail(fmt::format("filter \"{}\": unknown phase {}{}", f.name, json::quote_short(f.phase),
                            json::did_you_mean(f.phase, {kPhases.begin(), kPhases.end()})));
    m.filters.push_back(std::move(f));
}

/// Dashboards show them; here they are only looked at, so that a mistake is seen before anybody opens one.
void read_page(Reader& in) {
    const std::string title = in.text("title", true), command = in.text("command"),
                      path = in.text("path");
    if (!in.problem().empty()) return;
    if (command.empty() == path.empty())
        in.fail(fmt::format("page {}: needs a \"command\" or a \"path\", one of them",
                            json::quote_short(title)));
    if (!path.empty() && (!path.starts_with('/') || path.starts_with("//")))
        in.fail(fmt::format("page {}: path {} does not begin with one /", json::quote_short(title),
                            json::quote_short(path)));
}

void read_reload(Reader& in, Manifest& m) {
    const Value reload = in.member("reload", Kind::object);
    m.state_schema = reload.find("state_schema").as_int64().value_or(0);
    for (const Value v : reload.find("accepts").items())
        if (auto n = v.as_int64()) m.state_accepts.push_back(*n);
}

void read_kv(Reader& in, Manifest& m) {
    Reader kv(in.member("kv", Kind::object), "kv/");
    m.kv_durable = kv.member("durable", Kind::boolean).as_bool().value_or(false);
    if (!kv.problem().empty()) in.fail(kv.problem());
}

std::optional<json::Schema> read_schema(Reader& in, const char* key) {
    const Value schema = in.member(key, Kind::object);
    if (!schema) return {};
    auto compiled = json::Schema::compile(schema);
    if (compiled) return std::move(*compiled);
    in.fail(fmt::format("{}: {}", key, compiled.error().what));
    return {};
}

}  // namespace

bool is_module_id(std::string_view id) {
    if (id.empty() || id.size() > 64) return false;
    while (true) {
        const size_t dot = id.find('.');
        if (!is_label(id.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        id.remove_prefix(dot + 1);
    }
}

Result<std::string_view> manifest_text(std::string_view section) {
    const size_t end = section.find('\0');
    if (end == std::string_view::npos)
        return error("manifest: the section does not end with a NUL; use MH_MODULE");
    if (section.find_first_not_of('\0', end) != std::string_view::npos)
        return error("manifest: the section .mh_manifest holds two texts; use MH_MODULE once");
    return section.substr(0, end);
}

Result<Manifest> parse_manifest(std::string_view text) {
    if (text.size() > kMaxManifest)
        return error("manifest: {} bytes, at most {} are allowed", text.size(), kMaxManifest);
    auto document =
        json::Document::parse(text, {.nul = false, .max_depth = 32, .max_bytes = kMaxManifest});
    if (!document) return error("manifest: not JSON: {}", document.error().what);
    if (!document->root().is_object())
        return error("manifest: must be an object, it is {}", json::name(document->root().kind()));
    Manifest m;
    m.document = *document;
    m.text = text;
    Reader in(m.document.root());
    read_identity(in, m);
    m.summary = in.text("summary");
    m.license = in.text("license");
    m.homepage = in.text("homepage");
    m.needs = in.texts("requires");
    m.optional = in.texts("optional");
    m.provides = in.texts("provides");
    in.objects("filters", [&](Reader& each) { read_filter(each, m); });
    in.objects("commands", [&](Reader& each) {
        m.commands.push_back({each.text("name", true), each.text("summary")});
    });
    in.objects("pages", read_page);
    in.member("background", Kind::boolean);  // background.hpp asks for it
    read_reload(in, m);
    read_kv(in, m);
    m.config_rules = read_schema(in, "config_schema");
    m.filter_rules = read_schema(in, "filter_schema");
    if (!in.problem().empty()) return error("manifest: {}", in.problem());
    return m;
}

}  // namespace microhost::module
