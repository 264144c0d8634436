// SPDX-License-Identifier: Apache-2.0
#include "fake_host.hpp"

#include <doctest/doctest.h>

#include <cstring>

#include "modules/api/gateway.hpp"
#include "modules/shared/text.hpp"

namespace microhost::test {

using shared::view;

FakeHost* g_host = nullptr;

namespace {

uint32_t id_of(std::string_view name) {
    static const std::map<std::string, uint32_t> kIds = {
#define ROW(ID, text) {text, MH_H_##ID},
        MH_HTTP_NAMES(ROW)
#undef ROW
    };
    std::string lower(name);
    for (char& c : lower) c = shared::lower(c);
    const auto found = kIds.find(lower);
    return found == kIds.end() ? 0 : found->second;
}

}  // namespace

Json::Json(std::string_view text) {
    auto parsed = json::Document::parse(text);
    REQUIRE_MESSAGE(parsed.has_value(), std::string(text));
    document_ = *parsed;
}

const mh_json_value* Json::root() const {
    return reinterpret_cast<const mh_json_value*>(document_.root().node());
}

std::string Reply::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (shared::iequals(key, name)) return value;
    }
    return "(none)";
}

Request::Request(std::string_view m, std::string_view target) : method(m) {
    const size_t mark = target.find('?');
    path = target.substr(0, mark);
    if (mark != target.npos) query = target.substr(mark + 1);
}

Request& Request::header(std::string_view name, std::string_view value) {
    const std::string& n = strings.emplace_back(name);
    const std::string& v = strings.emplace_back(value);
    fields.push_back({shared::str(n), shared::str(v), id_of(name), 0});
    return *this;
}

Request& Request::body(std::string_view text) {
    payload = text;
    flags |= MH_REQ_HAS_BODY;
    return *this;
}

void Request::apply_early() {
    for (const Edit& e : early) {
        if (e.op != MH_EDIT_ADD)
            std::erase_if(reply.headers,
                          [&](const auto& h) { return shared::iequals(h.first, e.name); });
        if (e.op != MH_EDIT_REMOVE) reply.headers.emplace_back(e.name, e.value);
    }
}

void Request::deliver() {
    if (pending) std::exchange(pending, nullptr)();
}

FakeHost::FakeHost(std::string_view text) {
    auto parsed = json::Document::parse(text);
    REQUIRE(parsed.has_value());
    config = *parsed;
    g_host = this;
    host_.size = sizeof host_;
    host_.abi_epoch = 1;
    host_.impl = this;
    host_.get = [](const mh_host*, const char* id) { return fake_table(id); };
    host_.contribute = [](const mh_host*, const char* point, const void* descriptor) -> mh_status {
        const std::string_view id = point;
        if (id == MH_HTTP_HANDLER)
            g_host->handler = static_cast<const mh_http_handler*>(descriptor);
        if (id == MH_HTTP_LISTENER)
            g_host->listener = static_cast<const mh_http_listener*>(descriptor);
        return MH_OK;
    };
    host_.error = [](const mh_host*, mh_status, mh_str where, mh_str what) {
        g_host->error = std::string(view(where)) + ": " + std::string(view(what));
    };
    created = api::create(&host_, &module_);
    if (created != MH_OK) return;
    REQUIRE(module_->start(module_) == MH_OK);
    shard = module_->shard_create(module_, 0);
    REQUIRE(shard != nullptr);
}

FakeHost::~FakeHost() {
    g_host = this;
    if (shard) module_->shard_destroy(module_, shard);
    if (module_) module_->destroy(module_);
    g_host = nullptr;
}

void FakeHost::add_service(std::string_view text) {
    g_host = this;
    auto parsed = json::Document::parse(text);
    REQUIRE_MESSAGE(parsed.has_value(), std::string(text));
    auto s = std::make_unique<Service>();
    s->document = *parsed;
    const json::Value root = s->document.root();
    s->name = root.find("name").as_string().value_or("");
    s->version = root.find("version").as_string().value_or("");
    for (const json::Value node : root.find("nodes").items()) {
        s->nodes.emplace_back(node.find("id").as_string().value_or(""),
                              node.find("address").as_string().value_or(""));
    }
    for (const json::Value endpoint : root.find("endpoints").items()) {
        Service::Endpoint& e = s->endpoints.emplace_back();
        e.name = endpoint.find("name").as_string().value_or("");
        e.request = endpoint.find("request");
        e.response = endpoint.find("response");
        for (const json::Member m : endpoint.find("metadata").members()) {
            const std::string& key = e.strings.emplace_back(m.key);
            const std::string& value = e.strings.emplace_back(m.value.as_string().value_or(""));
            e.metadata.push_back({shared::str(key), shared::str(value)});
        }
    }
    services.push_back(std::move(s));
    if (watcher) watcher(watcher_user, reinterpret_cast<const mh_registry_view*>(this));
}

void FakeHost::remove_services() {
    g_host = this;
    services.clear();
    if (watcher) watcher(watcher_user, reinterpret_cast<const mh_registry_view*>(this));
}

mh_status FakeHost::run(Request& r) {
    g_host = this;
    const mh_status s = handler->on_request(shard, handler->user, r.handle(), r.fields.data(),
                                            static_cast<uint32_t>(r.fields.size()));
    if (handler->on_done && r.reply.status != 0) {
        handler->on_done(shard, handler->user, r.handle(), MH_OK);
    }
    return s;
}

}  // namespace microhost::test
