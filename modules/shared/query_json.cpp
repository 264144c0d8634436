// SPDX-License-Identifier: Apache-2.0
#include "query_json.hpp"

#include <algorithm>
#include <vector>

#include "json_writer.hpp"
#include "text.hpp"
#include "url_encoding.hpp"
#include "value_schema.hpp"

namespace microhost::shared {
namespace {

enum class Shape { empty, scalar, object, array };

struct Node {
    std::string key;
    Shape shape = Shape::empty;
    std::string json;  ///< of a scalar
    std::vector<Node> kids;
};

class QueryBuilder {
  public:
    explicit QueryBuilder(const mh_json* json) : json_(json) { root_.shape = Shape::object; }

    bool add(const FormPair& pair, ValueSchema schema);
    std::string text() const;
    const std::string& refusal() const { return refusal_; }

  private:
    bool refuse(std::string_view key, std::string_view why);
    bool scalar(const FormPair& pair, ValueSchema schema, std::string& out);
    bool is_json(std::string_view text, int32_t kind) const;
    std::string guess(std::string_view text) const;
    bool put(Node& at, const FormPair& pair, ValueSchema schema, bool append);

    const mh_json* json_;
    Node root_;
    std::string refusal_;
};

/// "a[b][]" -> a, b, "". A key whose brackets do not match is one plain name.
std::vector<std::string_view> key_parts(std::string_view key) {
    const size_t open = key.find('[');
    if (open == std::string_view::npos || open == 0) return {key};
    std::vector<std::string_view> parts{key.substr(0, open)};
    std::string_view rest = key.substr(open);
    while (!rest.empty()) {
        const size_t close = rest.find(']');
        if (rest.front() != '[' || close == std::string_view::npos) return {key};
        parts.push_back(rest.substr(1, close - 1));
        rest.remove_prefix(close + 1);
    }
    return parts;
}

Node& child(Node& parent, std::string_view key) {
    const auto found = std::find_if(parent.kids.begin(), parent.kids.end(),
                                    [&](const Node& n) { return n.key == key; });
    if (found != parent.kids.end()) return *found;
    parent.kids.push_back({std::string(key), Shape::empty, {}, {}});
    return parent.kids.back();
}

bool QueryBuilder::refuse(std::string_view key, std::string_view why) {
    refusal_ = "query parameter '" + std::string(key) + "' " + std::string(why);
    return false;
}

bool QueryBuilder::is_json(std::string_view text, int32_t kind) const {
    mh_json_doc* doc = nullptr;
    if (!json_ || json_->parse(str(text), &doc) != MH_OK) return false;
    const bool fits = json_->kind(json_->root(doc)) == kind;
    json_->release(doc);
    return fits;
}

std::string QueryBuilder::guess(std::string_view text) const {
    const bool literal =
        text == "true" || text == "false" || text == "null" || is_json_number(text);
    const char first = text.empty() ? '\0' : text.front();
    if (literal || (first == '"' && is_json(text, MH_JSON_STRING)) ||
        (first == '{' && is_json(text, MH_JSON_OBJECT)) ||
        (first == '[' && is_json(text, MH_JSON_ARRAY))) {
        return std::string(text);
    }
    std::string out;
    append_json_string(out, text);
    return out;
}

bool QueryBuilder::scalar(const FormPair& pair, ValueSchema schema, std::string& out) {
    const std::string& v = pair.value;
    switch (schema.kind()) {
        case FieldKind::text:
        case FieldKind::bytes: append_json_string(out, v); return true;
        case FieldKind::integer:
            out = v;
            return (is_json_number(v) && v.find_first_of(".eE") == v.npos) ||
                   refuse(pair.key, "must be a whole number");
        case FieldKind::number:
            out = v;
            return is_json_number(v) || refuse(pair.key, "must be a number");
        case FieldKind::boolean:
            out = v == "true" || v == "1" ? "true" : "false";
            return v == "true" || v == "1" || v == "false" || v == "0" ||
                   refuse(pair.key, "must be true or false");
        case FieldKind::object:
        case FieldKind::unknown: break;
    }
    out = guess(v);
    return true;
}

bool QueryBuilder::put(Node& at, const FormPair& pair, ValueSchema schema, bool append) {
    std::string value;
    const bool whole_array = schema.is_array() && schema.kind() != FieldKind::bytes && !append &&
                             !pair.value.empty() && pair.value.front() == '[' &&
                             is_json(pair.value, MH_JSON_ARRAY);
    if (whole_array) {
        value = pair.value;
    } else if (!scalar(pair, schema, value)) {
        return false;
    }
    append = append || (schema.is_array() && schema.kind() != FieldKind::bytes && !whole_array);
    const Shape wanted = append ? Shape::array : Shape::scalar;
    if (at.shape != Shape::empty && at.shape != wanted) {
        return refuse(pair.key, "is given both as a value and as an object or array");
    }
    at.shape = wanted;
    if (append) {
        at.kids.push_back({{}, Shape::scalar, std::move(value), {}});
    } else {
        at.json = std::move(value);
    }
    return true;
}

bool QueryBuilder::add(const FormPair& pair, ValueSchema schema) {
    if (!pair.has_value) return refuse(pair.key, "has no value: write name=value");
    const auto parts = key_parts(pair.key);
    if (parts.size() > kMaxQueryDepth) return refuse(pair.key, "is nested too deeply");
    Node* at = &root_;
    for (size_t i = 0; i < parts.size(); ++i) {
        if (i > 0 && parts[i].empty()) {
            if (i + 1 != parts.size()) return refuse(pair.key, "asks for an array of objects");
            return put(*at, pair, schema, true);
        }
        if (at->shape != Shape::empty && at->shape != Shape::object) {
            return refuse(pair.key, "is given both as a value and as an object or array");
        }
        at->shape = Shape::object;
        at = &child(*at, parts[i]);
        schema = schema.field(parts[i]);
    }
    return put(*at, pair, schema, false);
}

void write(JsonWriter& w, const Node& node) {
    switch (node.shape) {
        case Shape::scalar: w.raw(node.json); return;
        case Shape::array:
            w.begin_array();
            for (const Node& kid : node.kids) write(w, kid);
            w.end_array();
            return;
        case Shape::object:
            w.begin_object();
            for (const Node& kid : node.kids) {
                w.key(kid.key);
                write(w, kid);
            }
            w.end_object();
            return;
        case Shape::empty: w.raw("null"); return;
    }
}

std::string QueryBuilder::text() const {
    std::string out;
    JsonWriter w(out);
    write(w, root_);
    return out;
}

}  // namespace

QueryResult query_to_json(std::string_view query, const mh_json* json,
                          const mh_json_value* schema) {
    std::vector<FormPair> pairs;
    if (!parse_form(query, pairs)) {
        return {false, "the query has a broken %-escape or too many parameters"};
    }
    QueryBuilder builder(json);
    for (const FormPair& pair : pairs) {
        if (!builder.add(pair, ValueSchema(json, schema))) return {false, builder.refusal()};
    }
    return {true, builder.text()};
}

}  // namespace microhost::shared
