// SPDX-License-Identifier: Apache-2.0
// Listeners and filter instances. The frame schema has checked the kinds of all values before.
#include <algorithm>

#include "config/assembly.hpp"
#include "json/nearest.hpp"
#include "json/pointer.hpp"

namespace microhost::config {
namespace {

using json::Value;

std::string text(Value v) { return std::string(v.as_string().value_or("")); }

std::vector<std::string> texts(Value v) {
    if (v.is_string()) return {text(v)};
    std::vector<std::string> out;
    for (Value item : v.items()) out.push_back(text(item));
    return out;
}

/// Reports a module that is not loaded; `pointer` is what names it.
bool check_module(Assembly& a, std::string_view id, const std::string& pointer) {
    if (a.module(id)) return true;
    std::vector<std::string_view> ids;
    for (const ModuleSchema& m : a.in.modules) ids.push_back(m.id);
    a.wrong(a.in_file(pointer),
            fmt::format("{} names the module {}, which is not loaded{}", pointer,
                        json::quote_short(id), json::did_you_mean(id, ids)));
    return false;
}

void listener_limits(Assembly& a, Value limits, const std::string& at, Limits& out) {
    for (auto [name, value] : limits.members()) {
        const std::string pointer = at + "/limits/" + std::string(name);
        const Key* key = find_key(fmt::format("limits/{}", name));
        if (!key) continue;  // the frame check has said so
        const auto setting = parse_setting(*key, value);
        if (setting) {
            set_limit(out, key->path, *setting);
        } else {
            a.wrong(a.in_file(pointer), fmt::format("{} {}", pointer, setting.error().what));
        }
    }
}

std::optional<Tls> listener_tls(Assembly& a, Value tls, const std::string& at) {
    if (!tls || tls.is_null() || tls.as_bool() == false) return {};
    Tls out = a.out.host.tls;
    const Value cert = tls.find("cert"), key = tls.find("key");
    if (static_cast<bool>(cert) != static_cast<bool>(key))
        a.wrong(a.in_file(at + "/tls"), at + "/tls: cert and key are given together or not at all");
    if (cert || tls.find("certificates")) out.certificates.clear();
    if (cert) out.certificates.push_back({text(cert), text(key)});
    for (Value c : tls.find("certificates").items())
        out.certificates.push_back({text(c.find("cert")), text(c.find("key"))});
    if (const Value v = tls.find("client_ca")) out.client_ca = text(v);
    if (const Value v = tls.find("min_version")) out.min_version = text(v);
    if (const Value v = tls.find("acme_webroot")) out.acme_webroot = text(v);
    out.redirect_from = text(tls.find("redirect_from"));
    if (out.certificates.empty())
        a.wrong(a.in_file(at + "/tls"),
                at + "/tls has no certificate; add cert and key, here or in host.tls");
    return out;
}

/// An instance by its name; a module without configured instances is one by its own id.
std::vector<std::string_view> instance_names(const Assembly& a) {
    std::vector<std::string_view> out;
    for (const FilterInstance& f : a.out.filters) out.push_back(f.name);
    for (const ModuleSchema& m : a.in.modules) out.push_back(m.id);
    return out;
}

void check_filters(Assembly& a, const Listener& listener, const std::string& at) {
    const auto known = instance_names(a);
    for (const std::string& name : *listener.filters) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        a.wrong(
            a.in_file(at + "/filters"),
            fmt::format("{}/filters names {}, which is neither in filters nor a loaded module{}",
                        at, json::quote_short(name), json::did_you_mean(name, known)));
    }
}

void listener(Assembly& a, std::string_view name, Value v) {
    const std::string at = "/listeners/" + json::pointer_escape(name);
    Listener out;
    out.name = name;
    out.module = v.find("module") ? text(v.find("module")) : std::string(name);
    out.address = text(v.find("address"));
    out.proxy_protocol = v.find("proxy_protocol").as_bool().value_or(false);
    out.rfc7239 = text(v.find("forwarded_headers")) == "rfc7239";
    out.limits = a.out.host.limits;
    if (out.module != kRpcListener)
        check_module(a, out.module, v.find("module") ? at + "/module" : at);
    listener_limits(a, v.find("limits"), at, out.limits);
    out.tls = listener_tls(a, v.find("tls"), at);
    if (v.find("filters")) {
        out.filters = texts(v.find("filters"));
        check_filters(a, out, at);
    }
    a.out.listeners.push_back(std::move(out));
}

// One for each address of host.rpc_address, with what the file says about the listener "rpc".
void rpc_listeners(Assembly& a) {
    const auto& addresses = a.out.host.rpc_address;
    if (addresses.empty()) return;
    Listener made;
    made.limits = a.out.host.limits;
    auto& all = a.out.listeners;
    auto own = std::find_if(all.begin(), all.end(),
                            [](const Listener& l) { return l.name == kRpcListener; });
    if (own != all.end()) {
        if (!own->address.empty() || own->module != kRpcListener)
            return a.wrong(
                a.in_file("/listeners/rpc"),
                "/listeners/rpc is one of the listeners that host.rpc_address opens: it has "
                "neither an address nor a module of its own; give it another name");
        made = *own;
        all.erase(own);
    }
    made.module = kRpcListener;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        made.name = i == 0 ? std::string(kRpcListener) : fmt::format("{}-{}", kRpcListener, i + 1);
        made.address = addresses[i];
        all.push_back(made);
    }
}

Match match_of(Value v) {
    return {texts(v.find("path")), texts(v.find("path_prefix")), texts(v.find("host")),
            texts(v.find("method")), texts(v.find("header"))};
}

std::optional<OnError> on_error_of(Value v) {
    const std::string word = text(v);
    if (word == "closed") return OnError::closed;
    if (word == "open") return OnError::open;
    if (word == "skip") return OnError::skip;
    return {};
}

/// Without a schema of its own an instance has that of its module, and what the module was given applies to it too.
Section filter_section(Assembly& a, const ModuleSchema& m, const std::string& at, Value config) {
    static const json::Document kEmpty = json::Document::parse(R"({"properties":{}})").value();
    Section out;
    out.schema = m.filter ? m.filter : m.config ? m.config : kEmpty.root();
    out.rules = m.filter ? m.filter_rules : m.config_rules;
    out.pointer = at + "/config";
    out.layers = {{out.pointer, config}};
    if (m.filter) return out;
    const std::string module = "/modules/" + json::pointer_escape(m.id);
    out.given = &a.given[static_cast<std::size_t>(&m - a.in.modules.data())];
    out.layers.push_back({module, a.file(module)});
    return out;
}

void filter(Assembly& a, std::string_view name, Value v, json::Writer& out) {
    const std::string at = "/filters/" + json::pointer_escape(name);
    FilterInstance f;
    f.name = name;
    f.use = v.find("use") ? text(v.find("use")) : std::string(name);
    f.match = match_of(v.find("match"));
    f.on_error = on_error_of(v.find("on_error"));
    f.shadow = text(v.find("mode")) == "shadow";
    if (check_module(a, f.use, v.find("use") ? at + "/use" : at)) {
        Merged merged = merge(a, filter_section(a, *a.module(f.use), at, v.find("config")));
        a.errors.insert(a.errors.end(), merged.problems.begin(), merged.problems.end());
        f.config = std::move(merged.config);
    }
    out.key(name).object().key("use").string(f.use);
    for (auto [key, value] : v.members())
        if (key != "use" && key != "config") out.key(key).value(value);
    out.key("config").value(f.config.root()).end();
    a.out.origins[at] = a.in_file(at);
    for (auto [key, value] : v.members())
        a.out.origins[at + "/" + std::string(key)] = a.in_file(at + "/" + std::string(key));
    a.out.filters.push_back(std::move(f));
}

}  // namespace

void assemble_filters(Assembly& a) {
    json::Writer out{a.filters};
    out.object();
    for (auto [name, v] : a.file("/filters").members()) filter(a, name, v, out);
    out.end();
}

void assemble_listeners(Assembly& a) {
    json::Writer out{a.listeners};
    out.object();
    for (auto [name, v] : a.file("/listeners").members()) {
        listener(a, name, v);
        const Listener& made = a.out.listeners.back();
        const std::string at = "/listeners/" + json::pointer_escape(name);
        a.out.origins[at] = a.in_file(at);
        out.key(name).object().key("module").string(made.module);
        for (auto [key, value] : v.members()) {
            if (key != "module") out.key(key).value(value);
            a.out.origins[at + "/" + std::string(key)] = a.in_file(at + "/" + std::string(key));
        }
        out.end();
    }
    out.end();
    rpc_listeners(a);
}

}  // namespace microhost::config
