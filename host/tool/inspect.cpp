// SPDX-License-Identifier: Apache-2.0
#include "tool/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <span>

#include "json/writer.hpp"
#include "module/check.hpp"
#include "tool/options.hpp"

namespace microhost::tool {
namespace {

using json::Writer;
using Strings = std::vector<std::string>;

/// What a file says, whether or not it would be loaded.
struct Facts {
    std::string path;
    uint64_t size = 0;
    module::Elf elf;
    std::optional<module::Manifest> manifest;
    std::string refusal;  ///< empty: this host would load it
};

Result<Facts> facts_of(const std::string& path) {
    auto file = module::File::open(path);
    if (!file) return file.error();
    auto elf = module::read_elf(file->bytes());
    if (!elf) return elf.error().context(path);
    Facts out{path, file->size(), std::move(*elf), {}, {}};
    if (out.elf.manifest)
        if (auto text = module::manifest_text(*out.elf.manifest))
            if (auto manifest = module::parse_manifest(*text)) out.manifest = std::move(*manifest);
    if (auto verdict = module::check_file(path); !verdict) out.refusal = verdict.error().what;
    return out;
}

/// What the host does differently for it.
Strings peculiarities(const module::Elf& elf) {
    Strings out;
    if (elf.go_runtime)
        out.emplace_back(
            "a Go runtime, whose threads never end: it is not replaced while the process runs");
    if (elf.gnu_unique)
        out.emplace_back("GNU unique symbols: it is not replaced while the process runs");
    if (elf.exported.size() > 1)
        out.emplace_back(
            "exports more than mh_module_entry; link it with the SDK's module.map "
            "(pkg-config --libs microhost)");
    return out;
}

/// The properties of a schema: name -> property.
json::Value properties(json::Value schema) { return schema.find("properties"); }

std::string property_line(std::string_view key, json::Value schema, json::Value property) {
    bool required = false;
    for (json::Value name : schema.find("required").items()) required |= name.as_string() == key;
    const json::Value fallback = property.find("default");
    const std::string type(property.find("type").as_string().value_or("any value"));
    const std::string_view doc = property.find("description").as_string().value_or("");
    return fmt::format("{} ({}{}){}{}", key, type,
                       fallback   ? " = " + json::to_text(fallback)
                       : required ? ", required"
                                  : "",
                       doc.empty() ? "" : ": ", doc);
}

// ---- for people

class Page {
  public:
    void line(std::string_view label, std::string_view text) {
        const bool again = label == last_;
        out_ += fmt::format("  {:<10} {}\n", again ? "" : label, text);
        last_ = label;
    }
    void list(std::string_view label, std::span<const std::string> items) {
        if (items.empty()) return;
        const std::string shown =
            fmt::format("{}", fmt::join(items.first(std::min(items.size(), kMost)), ", "));
        line(label, items.size() <= kMost
                        ? shown
                        : fmt::format("{} and {} more", shown, items.size() - kMost));
    }
    void schema(std::string_view label, json::Value schema) {
        for (auto [key, property] : properties(schema).members())
            line(label, property_line(key, schema, property));
    }
    void title(std::string_view text) { out_ += fmt::format("{}\n", text); }
    const std::string& text() const { return out_; }

  private:
    static constexpr size_t kMost = 12;
    std::string out_;
    std::string_view last_;
};

std::string filter_line(const module::ManifestFilter& f) {
    std::string out = f.name;
    if (!f.phase.empty()) out += fmt::format(", phase {}", f.phase);
    if (!f.after.empty()) out += fmt::format(", after {}", fmt::join(f.after, " "));
    if (!f.before.empty()) out += fmt::format(", before {}", fmt::join(f.before, " "));
    if (!f.on_error.empty()) out += fmt::format(", on_error {}", f.on_error);
    return out;
}

void say_manifest(Page& page, const module::Manifest& m) {
    page.list("requires", m.needs);
    page.list("optional", m.optional);
    page.list("provides", m.provides);
    for (const auto& f : m.filters) page.line("filter", filter_line(f));
    for (const auto& c : m.commands) page.line("command", fmt::format("{}: {}", c.name, c.summary));
    page.schema("config", m.config_schema());
    if (m.document.root().find("filter_schema")) page.schema("instance", m.filter_schema());
    if (m.state_schema) page.line("state", fmt::format("schema {}", m.state_schema));
    if (m.kv_durable) page.line("kv", "durable: what it keeps outlives the process");
    if (!m.license.empty()) page.line("license", m.license);
    if (!m.homepage.empty()) page.line("homepage", m.homepage);
}

std::string text_of(const Facts& f) {
    Page page;
    if (f.manifest)
        page.title(fmt::format("{} {}{}{}", f.manifest->id, f.manifest->version,
                               f.manifest->summary.empty() ? "" : ": ", f.manifest->summary));
    else
        page.title("no manifest that can be read");
    page.line("file", fmt::format("{}, {} bytes", f.path, f.size));
    page.line("build id", f.elf.build_id.empty() ? "none" : f.elf.build_id);
    if (f.manifest) say_manifest(page, *f.manifest);
    page.list("libraries", f.elf.needed);
    page.line("glibc", f.elf.glibc.empty() ? "any" : f.elf.glibc + " or newer");
    page.list("exports", f.elf.exported);
    for (const std::string& p : peculiarities(f.elf)) page.line("note", p);
    page.line("verdict", f.refusal.empty() ? "this host would load it" : "refused: " + f.refusal);
    return page.text();
}

// ---- for programs

void write_list(Writer& w, std::string_view key, const Strings& items) {
    w.key(key).array();
    for (const std::string& s : items) w.string(s);
    w.end();
}

std::string json_of(const Facts& f) {
    std::string out;
    Writer w(out, {.pretty = true});
    w.object().key("file").string(f.path).key("size").uint64(f.size);
    w.key("ok").boolean(f.refusal.empty());
    if (!f.refusal.empty()) w.key("refusal").string(f.refusal);
    w.key("build_id").string(f.elf.build_id);
    w.key("glibc").string(f.elf.glibc);
    write_list(w, "libraries", f.elf.needed);
    write_list(w, "exports", f.elf.exported);
    w.key("go_runtime").boolean(f.elf.go_runtime).key("gnu_unique").boolean(f.elf.gnu_unique);
    w.key("stays_mapped").boolean(f.elf.go_runtime || f.elf.gnu_unique);
    write_list(w, "notes", peculiarities(f.elf));
    w.key("manifest");
    if (f.manifest)
        w.value(f.manifest->document.root());
    else
        w.null();
    w.end();
    return out + "\n";
}

}  // namespace

int inspect(const Arguments& arguments) {
    std::string file;
    bool json = false;
    Options options(arguments, "microhost inspect ./stamp.so");
    options.word("FILE", file, "the module").flag("--json", json, "print JSON");
    if (auto status = options.parse()) return *status;
    auto facts = facts_of(file);
    if (!facts) return no(facts.error());
    return print(json ? json_of(*facts) : text_of(*facts), facts->refusal.empty() ? 0 : 1);
}

}  // namespace microhost::tool
