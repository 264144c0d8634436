// SPDX-License-Identifier: Apache-2.0
#include "openapi.hpp"

#include <map>
#include <set>

#include "../shared/json_writer.hpp"
#include "../shared/paths.hpp"
#include "../shared/text.hpp"
#include "../shared/value_schema.hpp"

namespace microhost::api {
namespace {

using shared::FieldKind;
using shared::JsonWriter;
using shared::ValueSchema;
using shared::view;

constexpr int kMaxSchemaDepth = 8;  // values come from services: nesting stays bounded

struct Operation {
    std::string service;
    std::string endpoint;
    mh_endpoint_view schemas{};
    bool known = false;
};

/// Path -> method -> operation; sorted, so that the document does not depend on the order of the registry.
using Operations = std::map<std::string, std::map<std::string, Operation>>;

std::string decapitalised(std::string_view word) {
    std::string out(word);
    if (!out.empty()) out[0] = shared::lower(out[0]);
    return out;
}

void write_schema(JsonWriter& w, const ValueSchema& s, int depth);

void write_scalar(JsonWriter& w, FieldKind kind) {
    w.begin_object();
    switch (kind) {
        case FieldKind::text: w.key("type").string("string"); break;
        case FieldKind::bytes: w.key("type").string("string").key("format").string("byte"); break;
        case FieldKind::integer:
            w.key("type").string("integer").key("format").string("int64");
            break;
        case FieldKind::number: w.key("type").string("number"); break;
        case FieldKind::boolean: w.key("type").string("boolean"); break;
        case FieldKind::object:
        case FieldKind::unknown: break;  // {} allows everything
    }
    w.end_object();
}

void write_object(JsonWriter& w, const ValueSchema& s, int depth) {
    w.begin_object().key("type").string("object");
    std::set<std::string_view> written;
    w.key("properties").begin_object();
    for (uint32_t i = 0; i < s.field_count(); ++i) {
        const ValueSchema field = s.field_at(i);
        if (!written.insert(field.name()).second) continue;
        w.key(field.name());
        write_schema(w, field, depth + 1);
    }
    w.end_object().end_object();
}

void write_schema(JsonWriter& w, const ValueSchema& s, int depth) {
    const FieldKind kind = s.kind();
    const bool array = s.is_array() && kind != FieldKind::bytes;
    if (array) w.begin_object().key("type").string("array").key("items");
    if (kind == FieldKind::object && depth < kMaxSchemaDepth) {
        write_object(w, s, depth);
    } else {
        write_scalar(w, kind);
    }
    if (array) w.end_object();
}

void write_content(JsonWriter& w, const ValueSchema& s) {
    w.key("content").begin_object().key("application/json").begin_object().key("schema");
    if (s.field_count() != 0) {
        write_object(w, s, 0);
    } else {
        w.begin_object().key("type").string("object").end_object();
    }
    w.end_object().end_object();
}

/// "/v1/{name=files/*}" -> "/v1/{name}", and the names.
std::string plain_template(std::string_view path, std::vector<std::string>& names) {
    std::string out;
    while (!path.empty()) {
        const size_t open = path.find('{');
        out += path.substr(0, open);
        const size_t close = open == path.npos ? path.npos : path.find('}', open);
        if (close == path.npos) break;
        const std::string_view variable = path.substr(open + 1, close - open - 1);
        names.emplace_back(variable.substr(0, variable.find('=')));
        out.append("{").append(names.back()).append("}");
        path.remove_prefix(close + 1);
    }
    return out;
}

void write_parameters(JsonWriter& w, const std::vector<std::string>& names) {
    if (names.empty()) return;
    w.key("parameters").begin_array();
    for (const std::string& name : names) {
        w.begin_object().key("name").string(name).key("in").string("path");
        w.key("required").boolean(true).key("schema");
        w.begin_object().key("type").string("string").end_object().end_object();
    }
    w.end_array();
}

void write_operation(JsonWriter& w, const Gateway& g, const std::string& method, const Operation& o,
                     const std::vector<std::string>& names) {
    const ValueSchema request(g.json, o.known ? o.schemas.request : nullptr);
    const ValueSchema response(g.json, o.known ? o.schemas.response : nullptr);
    w.key(method).begin_object();
    w.key("tags").begin_array().string(o.service).end_array();
    w.key("summary").string(o.service + " " + o.endpoint);
    write_parameters(w, names);
    if (method != "get" && method != "head" && method != "delete") {
        w.key("requestBody").begin_object();
        write_content(w, request);
        w.end_object();
    }
    w.key("responses").begin_object().key("200").begin_object().key("description").string("OK");
    write_content(w, response);
    w.end_object().key("default").begin_object();
    w.key("$ref").string("#/components/responses/Error").end_object();
    w.end_object().end_object();
}

void write_error_component(JsonWriter& w) {
    w.key("components").begin_object().key("responses").begin_object().key("Error").begin_object();
    w.key("description").string("Error").key("content").begin_object();
    w.key("application/json").begin_object().key("schema").begin_object();
    w.key("type").string("object").key("properties").begin_object();
    for (const std::string_view name : {"id", "detail", "status"}) {
        w.key(name).begin_object().key("type").string("string").end_object();
    }
    w.key("code").begin_object().key("type").string("integer").end_object();
    w.end_object().end_object().end_object().end_object();  // properties schema json content
    w.end_object().end_object().end_object();               // Error responses components
}

std::string_view without_namespace(std::string_view ns, std::string_view name) {
    if (ns.empty() || name.size() <= ns.size()) return ns.empty() ? name : std::string_view();
    name.remove_prefix(ns.size());
    if (name.front() == '.') name.remove_prefix(1);
    return name;
}

void add_service(const Gateway& g, const mh_service_view* service, Operations& out) {
    const mh_registry& registry = *g.registry;
    const std::string name(view(registry.name(service)));
    if (!in_namespace(g.settings.ns, name)) return;
    for (uint32_t i = 0; i < registry.endpoint_count(service); ++i) {
        Operation o{name, {}, {}, true};
        o.schemas.size = sizeof o.schemas;
        if (registry.endpoint_at(service, i, &o.schemas) != MH_OK) continue;
        o.endpoint = view(o.schemas.name);
        const std::string path = api_path(without_namespace(g.settings.ns, name), o.endpoint);
        if (!path.empty()) out[path].emplace("post", std::move(o));
    }
}

void add_route(const Gateway& g, const mh_registry_view* view_now, const EndpointRoute& route,
               Operations& out) {
    const std::string path = route.path ? route.path->display() : std::string();
    if (path.empty() || route.handler != Handler::rpc) return;
    Operation o{route.service, route.endpoint, {}, false};
    o.schemas.size = sizeof o.schemas;
    const mh_service_view* service = g.registry->find(view_now, shared::str(route.service), {});
    o.known =
        service && g.registry->endpoint(service, shared::str(route.endpoint), &o.schemas) == MH_OK;
    if (route.methods.empty()) out[path].emplace("post", o);
    for (const std::string& method : route.methods) {
        std::string lower(method);
        for (char& c : lower) c = shared::lower(c);
        static const std::set<std::string_view> kMethods{"get",     "put",  "post",  "delete",
                                                         "options", "head", "patch", "trace"};
        if (kMethods.count(lower) != 0) out[path].emplace(lower, o);
    }
}

}  // namespace

std::string api_path(std::string_view service, std::string_view endpoint) {
    const size_t dot = endpoint.find('.');
    if (service.empty() || dot == endpoint.npos) return {};
    std::string path = "/";
    for (const char c : service) path += c == '.' ? '/' : c;
    path.append("/").append(decapitalised(endpoint.substr(0, dot)));
    path.append("/").append(decapitalised(endpoint.substr(dot + 1)));
    const shared::RpcName back = shared::api_route(path);
    return back.service == service && back.endpoint == endpoint ? path : std::string();
}

std::string openapi_document(const Gateway& g, const mh_registry_view* view_now,
                             const EndpointRoutes& routes) {
    Operations operations;
    for (const EndpointRoute& route : routes.routes()) add_route(g, view_now, route, operations);
    for (uint32_t i = 0; i < g.registry->count(view_now); ++i) {
        add_service(g, g.registry->at(view_now, i), operations);
    }
    std::string out;
    JsonWriter w(out);
    w.begin_object().key("openapi").string("3.0.3").key("info").begin_object();
    w.key("title").string(g.settings.ns.empty() ? "microhost" : g.settings.ns);
    w.key("version").string(kVersion).end_object().key("paths").begin_object();
    for (const auto& [path, methods] : operations) {
        std::vector<std::string> names;
        w.key(plain_template(path, names)).begin_object();
        for (const auto& [method, operation] : methods)
            write_operation(w, g, method, operation, names);
        w.end_object();
    }
    w.end_object();
    write_error_component(w);
    w.end_object();
    return out;
}

}  // namespace microhost::api
