// SPDX-License-Identifier: Apache-2.0
#include "command/definition.hpp"

#include <algorithm>
#include <array>

#include "module/host_side.hpp"

namespace microhost::command {
namespace {

constexpr std::array<std::string_view, 9> kTypes{"text", "integer", "number", "bool", "duration",
                                                 "size", "time",    "json",   "null"};
constexpr std::array<std::string_view, 3> kRoles{"viewer", "operator", "admin"};
struct Surface {
    uint32_t bit;
    std::string_view name;
};
constexpr std::array kSurfaces{
    Surface{MH_SURFACE_TERMINAL, "terminal"}, Surface{MH_SURFACE_CHAT, "chat"},
    Surface{MH_SURFACE_BROWSER, "browser"}, Surface{MH_SURFACE_REMOTE, "remote"}};
struct Mark {
    uint32_t bit;
    std::string_view name;
};
constexpr std::array kMarks{
    Mark{MH_ARG_REQUIRED, "required"}, Mark{MH_ARG_POSITIONAL, "positional"},
    Mark{MH_ARG_REPEATED, "repeated"}, Mark{MH_ARG_SECRET, "secret"}, Mark{MH_ARG_FILE, "file"}};

std::string text_or_empty(const char* s) { return s ? s : ""; }

bool lower_word(std::string_view s, std::string_view more) {
    auto good = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || more.find(c) != more.npos;
    };
    return !s.empty() && s.front() != '-' && std::all_of(s.begin(), s.end(), good);
}

bool good_name(std::string_view name) {
    while (true) {
        const size_t space = name.find(' ');
        if (!lower_word(name.substr(0, space), "-")) return false;
        if (space == name.npos) return true;
        name.remove_prefix(space + 1);
    }
}

Result<Argument> read_argument(const mh_command_arg& a) {
    Argument out;
    out.name = text_or_empty(a.name);
    out.summary = text_or_empty(a.summary);
    out.value = text_or_empty(a.value);
    out.has_value = a.value != nullptr;
    out.choices = text_or_empty(a.choices);
    out.type = a.type;
    out.flags = a.flags;
    if (!lower_word(out.name, "-_"))
        return error(
            "an argument must be named in lower case letters, digits, \"-\" and \"_\", "
            "not {:?}",
            out.name);
    if (a.type < MH_TYPE_TEXT || a.type > MH_TYPE_JSON)
        return error("argument {:?} has the unknown type {}", out.name, a.type);
    return out;
}

// A place behind one that takes the rest, or a required one behind one that may be missing, could never be reached.
Result<> check_places(const Definition& d) {
    const Argument* before = nullptr;
    for (const Argument& a : d.args) {
        if (std::count_if(d.args.begin(), d.args.end(),
                          [&](const Argument& o) { return same_name(a.name, o.name); }) > 1)
            return error("command {:?}: two arguments are named {:?}", d.name, a.name);
        if (!a.positional()) continue;
        if (before && before->repeated())
            return error("command {:?}: {:?} stands behind {:?}, which takes the rest", d.name,
                         a.name, before->name);
        if (before && a.required() && !before->required())
            return error("command {:?}: {:?} is required and stands behind {:?}, which is not",
                         d.name, a.name, before->name);
        before = &a;
    }
    return {};
}

}  // namespace

std::vector<std::string_view> Argument::fixed_choices() const {
    std::vector<std::string_view> out;
    std::string_view rest = choices;
    if (rest.starts_with('@')) return out;
    while (!rest.empty()) {
        const size_t bar = rest.find('|');
        out.push_back(rest.substr(0, bar));
        rest.remove_prefix(bar == rest.npos ? rest.size() : bar + 1);
    }
    return out;
}

bool same_name(std::string_view a, std::string_view b) {
    auto fold = [](char c) { return c == '-' ? '_' : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return fold(x) == fold(y); });
}

const Argument* Definition::find(std::string_view wanted) const {
    for (const Argument& a : args)
        if (same_name(a.name, wanted)) return &a;
    return nullptr;
}

std::string Definition::usage() const {
    std::string out = name;
    for (const Argument& a : args) {
        std::string shown = a.name;
        std::transform(shown.begin(), shown.end(), shown.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
        if (!a.positional()) shown = "--" + a.name + (a.type == MH_TYPE_BOOL ? "" : " " + shown);
        if (a.repeated()) shown += "...";
        out += a.required() ? " " + shown : " [" + shown + "]";
    }
    return out;
}

int rank(std::string_view role) {
    if (role.empty()) return 0;
    const auto* at = std::find(kRoles.begin(), kRoles.end(), role);
    return at == kRoles.end() ? -1 : static_cast<int>(at - kRoles.begin()) + 1;
}

bool allows(const mh_principal* p, std::string_view role) {
    const int wanted = rank(role);
    if (wanted <= 0) return wanted == 0;
    if (!p || (p->n_roles && !p->roles)) return false;
    for (uint32_t i = 0; i < p->n_roles; i++)
        if (rank(module::view(p->roles[i])) >= wanted) return true;
    return false;
}

std::string_view type_name(int32_t type) {
    return type >= 0 && type < static_cast<int32_t>(kTypes.size())
               ? kTypes[static_cast<size_t>(type)]
               : kTypes[0];
}

int32_t type_of(std::string_view name) {
    const auto* at = std::find(kTypes.begin(), kTypes.end(), name);
    return at == kTypes.end() ? MH_TYPE_TEXT : static_cast<int32_t>(at - kTypes.begin());
}

Result<Definition> read(const mh_command_info& info) {
    Definition d;
    d.name = text_or_empty(info.name);
    d.summary = text_or_empty(info.summary);
    d.help = text_or_empty(info.help);
    d.examples = text_or_empty(info.examples);
    d.role = text_or_empty(info.role);
    if (info.surfaces) d.surfaces = info.surfaces;
    d.flags = info.flags;
    if (!good_name(d.name))
        return error(
            "a command must be named in words of lower case letters, digits and \"-\" "
            "with one space between them, not {:?}",
            d.name);
    if (rank(d.role) < 0)
        return error("command {:?}: there is no role {:?}; there are viewer, operator and admin",
                     d.name, d.role);
    if (info.n_args && (!info.args || info.stride < sizeof(mh_command_arg)))
        return error("command {:?}: arguments are missing or too short", d.name);
    for (uint32_t i = 0; i < info.n_args; i++) {
        const auto* a = reinterpret_cast<const mh_command_arg*>(
            reinterpret_cast<const char*>(info.args) + size_t{i} * info.stride);
        auto read = read_argument(*a);
        if (!read) return error("command {:?}: {}", d.name, read.error().what);
        d.args.push_back(std::move(*read));
    }
    if (auto ok = check_places(d); !ok) return ok.error();
    return d;
}

void write_json(json::Writer& w, const Definition& d, bool allowed) {
    w.object().key("name").string(d.name).key("summary").string(d.summary);
    if (!d.help.empty()) w.key("help").string(d.help);
    if (!d.examples.empty()) w.key("examples").string(d.examples);
    if (!d.role.empty()) w.key("role").string(d.role);
    w.key("module").string(d.module).key("allowed").boolean(allowed);
    w.key("runs").string(d.flags & MH_COMMAND_HERE ? "here" : "host");
    w.key("surfaces").array();
    for (const Surface& s : kSurfaces)
        if (d.surfaces & s.bit) w.string(s.name);
    w.end().key("args").array();
    for (const Argument& a : d.args) {
        w.object().key("name").string(a.name).key("type").string(type_name(a.type));
        w.key("summary").string(a.summary);
        if (a.has_value) w.key("default").string(a.value);
        if (!a.choices.empty()) w.key("choices").string(a.choices);
        for (const Mark& m : kMarks)
            if (a.flags & m.bit) w.key(m.name).boolean(true);
        w.end();
    }
    w.end().end();
}

Definition read_json(json::Value v) {
    auto text = [](json::Value o, std::string_view key) {
        return std::string(o.find(key).as_string().value_or(""));
    };
    Definition d;
    d.name = text(v, "name");
    d.summary = text(v, "summary");
    d.help = text(v, "help");
    d.examples = text(v, "examples");
    d.role = text(v, "role");
    d.module = text(v, "module");
    if (text(v, "runs") == "here") d.flags = MH_COMMAND_HERE;
    for (json::Value one : v.find("args").items()) {
        Argument a;
        a.name = text(one, "name");
        a.summary = text(one, "summary");
        a.value = text(one, "default");
        a.has_value = one.find("default").is_string();
        a.choices = text(one, "choices");
        a.type = type_of(text(one, "type"));
        for (const Mark& m : kMarks)
            if (one.find(m.name).as_bool().value_or(false)) a.flags |= m.bit;
        d.args.push_back(std::move(a));
    }
    return d;
}

}  // namespace microhost::command
