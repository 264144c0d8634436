// SPDX-License-Identifier: Apache-2.0
#include "control/explain.hpp"

#include <charconv>
#include <utility>
#include <vector>

#include "control/pages.hpp"
#include "http/match.hpp"
#include "http/path.hpp"
#include "json/nearest.hpp"
#include "json/writer.hpp"

namespace microhost::control {
namespace {

using json::Writer;

std::string decoded(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); i++) {
        unsigned char byte = 0;
        const char* digits = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            out += static_cast<char>(byte);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

/// The request that is asked about, as filters see it. Not to be moved: the views are its own.
struct Asked {
    const ExplainedRequest& request;
    std::vector<std::pair<std::string, std::string>> fields;
    http::Headers headers;
    http::PathParts path;
    std::string room;  // of the path, where it is not normal

    explicit Asked(const ExplainedRequest& r) : request(r) {}
    Result<> read();
    http::MatchSubject subject() const {
        return {request.method, path.path, request.host, headers};
    }

  private:
    Result<> add_field(const std::string& field);
};

Result<> Asked::add_field(const std::string& field) {
    const auto colon = field.find(':');
    if (colon == 0 || colon == field.npos)
        return error("header {} is not \"Name: value\"", json::quote_short(field));
    if (fields.size() == http::kMaxHeaders)
        return error("more than {} header fields", http::kMaxHeaders);
    auto value = field.substr(colon + 1);
    value.erase(0, value.find_first_not_of(' '));
    fields.emplace_back(field.substr(0, colon), value);
    return {};
}

Result<> Asked::read() {
    for (const std::string& field : request.headers)
        if (auto ok = add_field(field); !ok) return ok;
    const std::string& target = request.path;
    room.resize(3 * target.size() + 16);
    if (!target.starts_with('/'))
        return error("path {} must begin with /", json::quote_short(target));
    if (auto no = http::normalise_target(target, room.data(), room.size(), path))
        return error("a request for {} is answered {}: {}", json::quote_short(target), no.status,
                     no.why);
    // Matches compare names, so no field needs its known id.
    for (const auto& [name, value] : fields)
        headers.fields[headers.count++] = {http::str(name), http::str(value), 0};
    return {};
}

std::string joined(const char* key, const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& s : list) out += (out.empty() ? "" : " or ") + s;
    return out.empty() ? out : fmt::format("{} {}", key, out);
}

/// "path_prefix /admin or /ops, method POST".
std::string text_of(const http::Match& m) {
    std::string out;
    for (const std::string& part :
         {joined("path", m.path), joined("path_prefix", m.path_prefix), joined("method", m.method),
          joined("host", m.host), joined("header", m.header)})
        if (!part.empty()) out += (out.empty() ? "" : ", ") + part;
    return out.empty() ? "every request" : out;
}

bool is_there(const FilterRow& f, const LoopFigures& figures) {
    return f.problem.empty() && !figures.broken.contains(f.name);
}

using Costs = std::map<std::string, std::map<std::string, HookCost>>;

void write(Writer& w, const FilterRow& f, const Asked& asked, const LoopFigures& figures,
           const Costs& costs) {
    const auto wrong = http::mismatch(f.match, asked.subject());
    w.object();
    write_filter_members(w, f, figures);
    w.key("applies").boolean(wrong.empty());
    w.key("match").string(text_of(f.match));
    if (!wrong.empty()) w.key("mismatch").string(wrong);
    if (!f.after.empty()) w.key("after").strings(f.after);
    if (!f.before.empty()) w.key("before").strings(f.before);
    if (const auto own = costs.find(f.module); own != costs.end()) write_hooks(w, own->second);
    w.end();
}

/// The filter without which such a request is answered 503, or null.
const FilterRow* stopping(const ListenerRow& l, const Asked& asked, const LoopFigures& figures) {
    for (const FilterRow& f : l.filters)
        if (f.required() && !is_there(f, figures) &&
            http::mismatch(f.match, asked.subject()).empty())
            return &f;
    return nullptr;
}

}  // namespace

Result<ExplainedRequest> ExplainedRequest::read(std::string_view query) {
    ExplainedRequest out;
    while (!query.empty()) {
        const auto one = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), one.size() + 1));
        const auto equals = std::min(one.find('='), one.size());
        const auto name = one.substr(0, equals);
        std::string value = decoded(one.substr(std::min(one.size(), equals + 1)));
        if (name == "method")
            out.method = std::move(value);
        else if (name == "path")
            out.path = std::move(value);
        else if (name == "host")
            out.host = std::move(value);
        else if (name == "listener")
            out.listener = std::move(value);
        else if (name == "header")
            out.headers.push_back(std::move(value));
        else
            return error("no parameter {}; there are method, path, host, listener and header",
                         json::quote_short(name));
    }
    return {boost::system::in_place_value, std::move(out)};
}

Result<std::string> explain_page(const Sources& s, const LoopFigures& figures,
                                 const ExplainedRequest& request) {
    Asked asked(request);
    if (auto ok = asked.read(); !ok) return ok.error();
    const Costs costs = hook_costs(s.metrics);
    std::string out;
    std::vector<std::string> known;
    Writer w(out);
    w.object().key("method").string(request.method).key("path").string(asked.path.path);
    w.key("listeners").array();
    bool found = request.listener.empty();
    for (const ListenerRow& l : s.listeners()) {
        known.push_back(l.name);
        if (!request.listener.empty() && request.listener != l.name) continue;
        found = true;
        w.object().key("listener").string(l.name).key("module").string(l.module);
        w.key("address").string(l.address);
        if (const FilterRow* f = stopping(l, asked, figures))
            w.key("answer").uint64(503).key("because").string(f->name);
        w.key("filters").array();
        for (const FilterRow& f : l.filters) write(w, f, asked, figures, costs);
        w.end().end();
    }
    w.end().end();
    if (!found)
        return error("no listener {}{}", json::quote_short(request.listener),
                     json::did_you_mean(request.listener, {known.begin(), known.end()}));
    return {boost::system::in_place_value, out};
}

}  // namespace microhost::control
