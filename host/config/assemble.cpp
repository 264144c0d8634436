// SPDX-License-Identifier: Apache-2.0
#include "config/assemble.hpp"

#include <algorithm>

#include "config/assembly.hpp"
#include "config/frame.hpp"
#include "config/names.hpp"
#include "json/schema.hpp"

namespace microhost::config {
namespace {

/// Reads the words into flags; `names` tells the modules' switches from what takes a value.
Result<> read_flags(Assembly& a, const Names& names) {
    auto line =
        split_command_line(a.in.args, [&](std::string_view name) { return names.follows(name); });
    if (!line) return line.error();
    if (!line->after.empty()) return error("unexpected word {:?}; see --help", line->after.front());
    a.flags = std::move(line->flags);
    return {};
}

Error all(const std::vector<std::string>& errors) { return error("{}", fmt::join(errors, "\n")); }

std::string words(const std::vector<std::string>& list) {
    std::string out;
    json::Writer w{out};
    w.array();
    for (const std::string& word : list) w.string(word);
    w.end();
    return out;
}

// As --load registry-NAME would, behind the others. The directory is the host's own and always there.
void load_registries(Assembly& a) {
    for (const std::string& name : a.out.host.registry) {
        if (name == "directory" || name == "memory") continue;
        if (name.find('/') != name.npos) {
            a.wrong(
                a.out.origins["/host/registry"],
                fmt::format("registry {:?}: write a name such as etcd, or load the file", name));
            continue;
        }
        const std::string module = "registry-" + name;
        auto is_it = [&](std::string_view loaded) {
            const auto slash = loaded.rfind('/');
            if (slash != loaded.npos) loaded.remove_prefix(slash + 1);
            return loaded == module || loaded == module + ".so";
        };
        if (std::any_of(a.out.load.begin(), a.out.load.end(), is_it)) continue;
        a.out.load.push_back(module);
        const Origin from = a.out.origins["/host/registry"];
        a.out.origins.try_emplace("/load", from);
    }
}

void assemble_load(Assembly& a) {
    const auto take = [&](std::vector<std::string> list, Origin origin) {
        a.out.load = std::move(list);
        a.out.origins["/load"] = std::move(origin);
    };
    std::vector<std::string> flags;
    for (const Flag& flag : a.flags)
        if (flag.name == "load")
            for (std::string& name : split_list(flag.value.value_or("")))
                flags.push_back(std::move(name));
    const auto variable = a.in.surroundings.variable("MICROHOST_LOAD");
    const json::Value file = a.file("/load");
    if (!flags.empty()) {
        take(flags, {Source::flag, "--load", 0});
    } else if (!variable.empty()) {
        take(split_list(variable), {Source::environment, "MICROHOST_LOAD", 0});
    } else if (const auto text = file.as_string()) {
        take(split_list(*text), a.in_file("/load"));
    } else if (file) {
        std::vector<std::string> list;
        for (json::Value item : file.items()) list.emplace_back(item.as_string().value_or(""));
        take(std::move(list), a.in_file("/load"));
    }
    load_registries(a);
    a.load = words(a.out.load);
}

Result<Config> finish(Assembly& a) {
    const std::string text =
        fmt::format(R"({{"host":{},"load":{},"listeners":{},"modules":{},"filters":{}}})", a.host,
                    a.load, a.listeners, a.modules, a.filters);
    auto document = parse_ours(text);
    if (!document) return error("the effective document: {}", document.error().what);
    a.out.document = std::move(*document);
    a.out.file = a.in.file.path;
    return std::move(a.out);
}

}  // namespace

Result<json::Document> parse_ours(std::string_view text) {
    json::Options options;
    options.max_depth = 160;
    options.max_bytes = 64 * 1024 * 1024;
    return json::Document::parse(text, options);
}

Origin Assembly::in_file(std::string_view pointer) const {
    Origin origin{Source::file, in.file.path, 0};
    for (;;) {
        if (const auto line = in.file.document.line_of(pointer)) {
            origin.line = *line;
            return origin;
        }
        const auto slash = pointer.rfind('/');
        if (slash == pointer.npos) return origin;
        pointer = pointer.substr(0, slash);
    }
}

void Assembly::wrong(const Origin& where, std::string_view what) {
    const bool bare = where.source == Source::flag || where.source == Source::environment;
    errors.push_back(fmt::format("{}: {}", bare ? where.name : where.text(), what));
}

const ModuleSchema* Assembly::module(std::string_view id) const {
    for (const ModuleSchema& m : in.modules)
        if (m.id == id) return &m;
    return nullptr;
}

void check_frame(Assembly& a) {
    static thread_local const json::Schema frame = [] {
        const auto schema = json::Document::parse(document_schema({.typed = false}));
        return json::Schema::compile(schema.value().root()).value();
    }();
    for (const json::Violation& v : frame.check(a.in.file.document.root()))
        a.wrong(a.in_file(v.pointer), v.text);
}

Result<Config> early(const Input& input) {
    Assembly a{input};
    const Names names{{}};
    if (auto r = read_flags(a, names); !r) return r.error();
    check_frame(a);
    assemble_host(a);
    assemble_load(a);
    if (!a.errors.empty()) return all(a.errors);
    a.listeners = a.modules = a.filters = "{}";
    return finish(a);
}

Result<Config> assemble(const Input& input) {
    Assembly a{input};
    const Names names{input.modules};
    if (auto r = read_flags(a, names); !r) return r.error();
    assign_flags(a, names);
    const std::size_t before = a.errors.size();
    check_frame(a);
    const bool readable = a.errors.size() == before;
    assemble_host(a);
    assemble_load(a);
    assemble_modules(a);
    // Listeners and filters are read without asking for the kind of each value.
    if (input.shared_file) a.listeners = a.filters = "{}";
    if (readable && !input.shared_file) {
        assemble_filters(a);
        assemble_listeners(a);
    }
    if (!a.errors.empty()) return all(a.errors);
    return finish(a);
}

}  // namespace microhost::config
