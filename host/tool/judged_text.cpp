// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "json/writer.hpp"
#include "tool/judged.hpp"

namespace microhost::tool {
namespace {

const char* verdict(const Judged& f) {
    return !f.good() ? "refused" : f.warnings.empty() ? "ok" : "warning";
}

std::string_view without_path(const Judged& f) {
    std::string_view why = f.refusal;
    if (why.starts_with(f.path + ": ")) why.remove_prefix(f.path.size() + 2);
    return why;
}

/// "what; what to do": what to do, or nothing.
std::pair<std::string_view, std::string_view> split_mend(std::string_view why) {
    const auto at = why.find("; ");
    if (at == why.npos) return {why, {}};
    return {why.substr(0, at), why.substr(at + 2)};
}

/// XML 1.0 has no way to write most control bytes, so they are left out.
std::string xml(std::string_view text) {
    std::string out;
    for (const char c : text) switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\n': out += "&#10;"; break;
            default:
                if (static_cast<unsigned char>(c) >= 0x20 || c == '\t') out += c;
        }
    return out;
}

std::string seconds(const Judged& f) {
    return fmt::format("{:.3f}",
                       f.trial ? static_cast<double>(f.trial->took.count()) / 1000.0 : 0.0);
}

void write(json::Writer& w, const Judged& f) {
    w.object().key("file").string(f.path).key("verdict").string(verdict(f));
    if (f.module)
        w.key("id").string(f.module->id()).key("version").string(f.module->manifest.version);
    if (!f.good()) {
        const auto [reason, mend] = split_mend(without_path(f));
        w.key("reason").string(reason);
        if (!mend.empty()) w.key("mend").string(mend);
    }
    w.key("warnings").array();
    for (const module::Finding& x : f.warnings)
        w.object().key("name").string(x.name).key("text").string(x.text).end();
    w.end();
    if (f.trial) {
        w.key("trial").object().key("stage").string(f.trial->stage);
        w.key("ms").int64(f.trial->took.count());
        w.key("output").string(f.trial->output).end();
    }
    w.end();
}

std::ptrdiff_t count_refused(std::span<const Judged> files) {
    return std::ranges::count_if(files, [](const Judged& f) { return !f.good(); });
}

}  // namespace

std::string text_of(std::span<const Judged> files) {
    std::string out;
    for (const Judged& f : files) {
        if (f.good())
            out += fmt::format("{:<8} {}: {} {}\n", verdict(f), f.path, f.module->id(),
                               f.module->manifest.version);
        else
            out += fmt::format("refused  {}: {}\n", f.path, without_path(f));
        for (const module::Finding& x : f.warnings)
            out += fmt::format("         {}: {}\n", x.name, x.text);
        if (!f.good() && f.trial && !f.trial->output.empty())
            out += fmt::format("         it wrote:\n{}{}", f.trial->output,
                               f.trial->output.ends_with('\n') ? "" : "\n");
    }
    return out;
}

std::string json_of(std::span<const Judged> files) {
    std::string out;
    json::Writer w(out, {.pretty = true});
    w.object().key("ok").boolean(count_refused(files) == 0);
    w.key("files").array();
    for (const Judged& f : files) write(w, f);
    w.end().end();
    return out + "\n";
}

std::string junit_of(std::span<const Judged> files) {
    std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    out += fmt::format("<testsuite name=\"microhost check\" tests=\"{}\" failures=\"{}\">\n",
                       files.size(), count_refused(files));
    for (const Judged& f : files) {
        out += fmt::format("  <testcase classname=\"microhost.check\" name=\"{}\" time=\"{}\">\n",
                           xml(f.path), seconds(f));
        if (!f.good()) out += fmt::format("    <failure message=\"{}\"/>\n", xml(without_path(f)));
        std::string said;
        for (const module::Finding& x : f.warnings) said += fmt::format("{}: {}\n", x.name, x.text);
        if (!said.empty()) out += fmt::format("    <system-out>{}</system-out>\n", xml(said));
        if (f.trial && !f.trial->output.empty())
            out += fmt::format("    <system-err>{}</system-err>\n", xml(f.trial->output));
        out += "  </testcase>\n";
    }
    return out + "</testsuite>\n";
}

}  // namespace microhost::tool
