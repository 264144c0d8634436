// SPDX-License-Identifier: Apache-2.0
#include "registry/model_json.hpp"

#include "registry/address.hpp"

#include <algorithm>

namespace microhost::registry {
namespace {

constexpr size_t kLongestField = 1024;

/// Error can be made from a string too, so a Result<std::string> must be told which one is meant.
Result<std::string> ok(std::string text) {
    return {boost::system::in_place_value, std::move(text)};
}

Result<std::string> text_of(json::Value object, std::string_view key) {
    const json::Value value = object.find(key);
    if (value.is_null()) return ok({});
    if (auto text = value.as_string()) return ok(std::string(*text));
    return error("{}: is {}, must be a string", key, json::name(value.kind()));
}

Result<std::string> name_of(json::Value object, std::string_view key) {
    auto text = text_of(object, key);
    if (!text) return text;
    if (text->size() > kLongestField) return error("{}: is longer than {}", key, kLongestField);
    const bool clean = std::none_of(text->begin(), text->end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (!clean) return error("{}: has control characters", key);
    return text;
}

Result<Metadata> metadata_of(json::Value object) {
    const json::Value value = object.find("metadata");
    Metadata out;
    if (value.is_null()) return out;
    if (!value.is_object()) {
        return error("metadata: is {}, must be an object", json::name(value.kind()));
    }
    for (const json::Member member : value.members()) {
        const auto text = member.value.as_string();
        if (!text) {
            return error("metadata.{}: is {}, must be a string", member.key,
                         json::name(member.value.kind()));
        }
        out.emplace(member.key, *text);
    }
    return out;
}

/// Reads an array of `T` with `read`; null and absent are empty.
template <class T, class Read>
Result<std::vector<T>> list_of(json::Value object, std::string_view key, Read read) {
    const json::Value value = object.find(key);
    std::vector<T> out;
    if (value.is_null()) return out;
    if (!value.is_array())
        return error("{}: is {}, must be an array", key, json::name(value.kind()));
    for (const json::Value item : value.items()) {
        const std::string place = fmt::format("{}[{}]", key, out.size());
        if (!item.is_object()) return error("{}: must be an object", place);
        auto read_item = read(item);
        if (!read_item) return error("{}.{}", place, read_item.error().what);
        out.push_back(std::move(*read_item));
    }
    return out;
}

// The parser's limit on depth bounds the recursion.
Result<Value> value_of(json::Value object) {
    Value out;
    auto name = text_of(object, "name");
    if (!name) return name.error();
    auto type = text_of(object, "type");
    if (!type) return type.error();
    auto values = list_of<Value>(object, "values", value_of);
    if (!values) return values.error();
    return Value{std::move(*name), std::move(*type), std::move(*values)};
}

Result<std::optional<Value>> schema_of(json::Value object, std::string_view key) {
    const json::Value value = object.find(key);
    if (value.is_null()) return std::optional<Value>{};
    if (!value.is_object()) {
        return error("{}: is {}, must be an object", key, json::name(value.kind()));
    }
    auto schema = value_of(value);
    if (!schema) return error("{}.{}", key, schema.error().what);
    return std::optional<Value>(std::move(*schema));
}

Result<Endpoint> endpoint_of(json::Value object) {
    auto name = name_of(object, "name");
    if (!name) return name.error();
    auto request = schema_of(object, "request");
    if (!request) return request.error();
    auto response = schema_of(object, "response");
    if (!response) return response.error();
    auto metadata = metadata_of(object);
    if (!metadata) return metadata.error();
    return Endpoint{std::move(*name), std::move(*request), std::move(*response),
                    std::move(*metadata)};
}

using ParseAddress = Result<Address> (*)(std::string_view);

Result<std::string> address_of(json::Value object, ParseAddress parse) {
    auto address = text_of(object, "address");
    if (!address) return address;
    const json::Value port = object.find("port");
    const auto number = port.as_int64();
    if (!port.is_null() && (!number || *number < 0 || *number > 65535)) {
        return error("port: must be a number from 0 to 65535");
    }
    std::string joined = join_address(*address, static_cast<uint16_t>(number.value_or(0)));
    if (joined.empty()) return ok({});
    if (auto parsed = parse(joined); !parsed) return parsed.error().context("address");
    return ok(std::move(joined));
}

Result<Node> node_of(json::Value object, ParseAddress parse) {
    auto id = name_of(object, "id");
    if (!id) return id.error();
    if (id->empty()) return error("id: is missing");
    auto address = address_of(object, parse);
    if (!address) return address.error();
    auto metadata = metadata_of(object);
    if (!metadata) return metadata.error();
    return Node{std::move(*id), std::move(*address), std::move(*metadata)};
}

template <class List>
void write_list(json::Writer& out, std::string_view key, const List& list) {
    out.key(key);
    if (list.empty()) {
        out.null();
        return;
    }
    out.array();
    for (const auto& item : list) write_json(out, item);
    out.end();
}

void write_schema(json::Writer& out, std::string_view key, const std::optional<Value>& schema) {
    out.key(key);
    if (schema) {
        write_json(out, *schema);
    } else {
        out.null();
    }
}

Result<Service> service_of(json::Value value, ParseAddress parse) {
    if (!value.is_object()) {
        return error("a service must be an object, this is {}", json::name(value.kind()));
    }
    auto name = name_of(value, "name");
    if (!name) return name.error();
    if (name->empty()) return error("name: is missing: write the name of the service");
    auto version = name_of(value, "version");
    if (!version) return version.error();
    auto metadata = metadata_of(value);
    if (!metadata) return metadata.error();
    auto endpoints = list_of<Endpoint>(value, "endpoints", endpoint_of);
    if (!endpoints) return endpoints.error();
    auto nodes =
        list_of<Node>(value, "nodes", [parse](json::Value node) { return node_of(node, parse); });
    if (!nodes) return nodes.error();
    return Service{std::move(*name), std::move(*version), std::move(*metadata),
                   std::move(*endpoints), std::move(*nodes)};
}

}  // namespace

Result<Service> service_from_json(json::Value value) { return service_of(value, parse_address); }

Result<Service> local_service_from_json(json::Value value) {
    return service_of(value, parse_local_address);
}

void write_json(json::Writer& out, const Metadata& metadata) {
    if (metadata.empty()) {
        out.null();
        return;
    }
    out.object();
    for (const auto& [key, text] : metadata) out.key(key).string(text);
    out.end();
}

void write_json(json::Writer& out, const Value& value) {
    out.object().key("name").string(value.name).key("type").string(value.type);
    write_list(out, "values", value.values);
    out.end();
}

void write_json(json::Writer& out, const Endpoint& endpoint) {
    out.object().key("name").string(endpoint.name);
    write_schema(out, "request", endpoint.request);
    write_schema(out, "response", endpoint.response);
    write_json(out.key("metadata"), endpoint.metadata);
    out.end();
}

void write_json(json::Writer& out, const Node& node) {
    out.object().key("id").string(node.id).key("address").string(node.address);
    write_json(out.key("metadata"), node.metadata);
    out.end();
}

void write_members(json::Writer& out, const Service& service) {
    out.key("name").string(service.name).key("version").string(service.version);
    write_json(out.key("metadata"), service.metadata);
    write_list(out, "endpoints", service.endpoints);
    write_list(out, "nodes", service.nodes);
}

void write_json(json::Writer& out, const Service& service) {
    out.object();
    write_members(out, service);
    out.end();
}

}  // namespace microhost::registry
