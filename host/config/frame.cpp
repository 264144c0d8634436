// SPDX-License-Identifier: Apache-2.0
#include "config/frame.hpp"

#include <map>

#include "config/keys.hpp"
#include "json/writer.hpp"

namespace microhost::config {
namespace {

constexpr std::string_view kTexts = R"({"type":["string","array"],"items":{"type":"string"}})";
constexpr std::string_view kText = R"({"type":"string"})";
constexpr std::string_view kFlag = R"({"type":"boolean"})";

/// Kept connections to upstreams are a loop's, not a listener's.
bool of_all_listeners(const Key& key) {
    return key.path == "limits/upstream_idle_timeout" || key.path == "limits/upstream_max_idle";
}

class Frame {
  public:
    Frame(std::string& out, const FrameOptions& options)
        : w_(out, {.pretty = options.pretty}), options_(options) {}

    void write() {
        w_.object().key("$schema").string("http://json-schema.org/draft-04/schema#");
        w_.key("type").string("object").key("additionalProperties").boolean(false);
        w_.key("properties").object();
        w_.key("host");
        host();
        w_.key("load").raw(kTexts);
        w_.key("listeners");
        map_of([&] { listener(); });
        w_.key("modules");
        modules();
        w_.key("filters");
        map_of([&] { filter(); });
        w_.end().end();
    }

  private:
    void open() { w_.object().key("type").string("object").key("properties").object(); }
    void close() { w_.end().key("additionalProperties").boolean(false).end(); }

    template <class Write>
    void map_of(Write element) {
        w_.object().key("type").string("object").key("additionalProperties");
        element();
        w_.end();
    }

    void texts(std::initializer_list<std::string_view> names, std::string_view schema) {
        for (std::string_view name : names) w_.key(name).raw(schema);
    }

    void host() {
        open();
        std::string_view group;
        for (const Key& key : keys()) {
            const auto slash = key.path.find('/');
            const std::string_view now = slash == key.path.npos ? "" : key.path.substr(0, slash);
            if (now != group && !group.empty()) close();
            if (now != group && !now.empty()) {
                w_.key(now);
                open();
            }
            group = now;
            w_.key(now.empty() ? key.path : key.path.substr(slash + 1));
            host_key(key);
        }
        if (!group.empty()) close();
        for (const Key& key : keys())
            if (!key.alias.empty()) (w_.key(key.alias), host_key(key));
        close();
    }

    void host_key(const Key& key) {
        if (!options_.typed) {
            w_.object().end();
            return;
        }
        w_.object();
        host_type(key);
        w_.key("description").string(key.doc).key("x-live").boolean(key.live);
        if (auto setting = parse_setting(key, key.fallback); setting && !key.fallback.empty())
            write_setting(w_.key("default"), key, *setting);
        w_.end();
    }

    void host_type(const Key& key) {
        const bool onoff = key.choices.starts_with("off ");
        switch (key.type) {
            case Type::boolean: w_.key("type").string("boolean"); return;
            case Type::integer:
            case Type::size:
            case Type::duration: w_.key("type").raw(R"(["number","string"])"); return;
            case Type::string: w_.key("type").string("string"); return;
            case Type::list:
            case Type::paths:
                w_.key("type").raw(R"(["string","array"])").key("items").raw(kText);
                return;
            case Type::choice: break;
        }
        w_.key("enum").array();
        for (const std::string& word : split_list(key.choices, ' ')) w_.string(word);
        if (onoff) w_.boolean(false).boolean(true);
        w_.end();
    }

    void listener() {
        open();
        texts({"module", "address"}, kText);
        w_.key("proxy_protocol").raw(kFlag);
        w_.key("forwarded_headers").raw(R"({"enum":["x-forwarded","rfc7239"]})");
        w_.key("filters").raw(R"({"type":"array","uniqueItems":true,"items":{"type":"string"}})");
        w_.key("tls")
            .object()
            .key("type")
            .raw(R"(["object","boolean"])")
            .key("properties")
            .object();
        texts({"cert", "key", "client_ca", "redirect_from", "acme_webroot"}, kText);
        w_.key("min_version").raw(R"({"enum":["1.2","1.3"]})");
        w_.key("certificates").object().key("type").string("array").key("items");
        w_.raw(R"({"type":"object","required":["cert","key"],"additionalProperties":false,)"
               R"("properties":{"cert":{"type":"string"},"key":{"type":"string"}}})");
        w_.end();
        close();
        w_.key("limits");
        open();
        for (const Key& key : keys()) {
            if (!key.path.starts_with("limits/") || of_all_listeners(key)) continue;
            w_.key(key.path.substr(key.path.find('/') + 1));
            host_key(key);
        }
        close();
        close();
    }

    void modules() {
        if (!options_.typed || options_.modules.empty()) {
            map_of([&] { w_.raw(R"({"type":"object"})"); });
            return;
        }
        open();
        for (const ModuleSchema& m : options_.modules) {
            w_.key(m.id);
            m.config ? w_.value(m.config) : w_.raw(R"({"type":"object","maxProperties":0})");
        }
        close();
    }

    void filter() {
        open();
        w_.key("use").raw(kText);
        w_.key("match");
        open();
        texts({"path", "path_prefix", "host", "method", "header"}, kTexts);
        close();
        w_.key("on_error").raw(R"({"enum":["closed","open","skip"]})");
        w_.key("mode").raw(R"({"enum":["enforce","shadow"]})");
        w_.key("config").raw(R"({"type":"object"})");
        close();
    }

    json::Writer w_;
    const FrameOptions& options_;
};

}  // namespace

std::string document_schema(const FrameOptions& options) {
    std::string compact;
    Frame{compact, {options.typed, options.modules, false}}.write();
    // Module schemas come in as compact text; one parse gives all of it the same indentation.
    return options.pretty ? json::Document::parse(compact).value().text(true) : compact;
}

}  // namespace microhost::config
