// SPDX-License-Identifier: Apache-2.0
/// A host small enough to read at a glance: the tables that modules/api uses, answering from what a test prepared.
#pragma once

#include <microhost/draft/event.h>
#include <microhost/draft/http_forward.h>
#include <microhost/draft/http_handler.h>
#include <microhost/draft/http_server.h>
#include <microhost/draft/registry.h>
#include <microhost/draft/rpc.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.hpp"

namespace microhost::test {

extern const mh_json kJsonTable;

/// A parsed text with a root for mh_json.
class Json {
  public:
    explicit Json(std::string_view text);
    const mh_json_value* root() const;

  private:
    json::Document document_;
};

struct Reply {
    uint32_t status = 0;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    std::string header(std::string_view name) const;
};

struct CallSeen {
    std::string service, endpoint, address, content_type, body;
    std::string from_service;
    std::map<std::string, std::string> metadata;
    uint32_t timeout_ms = 0;
};

struct ForwardSeen {
    std::string service;
    uint32_t flags = 0;
};

/// A request as the module sees it; the test reads `reply` afterwards.
class Request {
  public:
    Request(std::string_view method, std::string_view target);
    Request& header(std::string_view name, std::string_view value);
    Request& body(std::string_view text);

    std::string method, path, query, payload;
    std::string authority = "127.0.0.1:18083", peer = "127.0.0.1";
    uint32_t flags = 0;
    bool body_later = false;  ///< collect() keeps its callback until deliver()
    Reply reply;
    std::string route;

    void deliver();  ///< the body arrives now
    mh_req* handle() { return reinterpret_cast<mh_req*>(this); }
    static Request& of(mh_req* r) { return *reinterpret_cast<Request*>(r); }

    struct Edit {
        uint32_t op;
        std::string name, value;
    };
    std::vector<Edit> early;  ///< of the response, from before there is one
    void apply_early();

    std::vector<mh_header> fields;
    std::deque<std::string> strings;
    std::deque<std::vector<std::max_align_t>> arena;
    std::function<void()> pending;
};

/// One module in one process with one loop.
class FakeHost {
  public:
    /// `config` is the module's object as JSON.
    explicit FakeHost(std::string_view config = "{}");
    ~FakeHost();
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;

    /// Adds a service as Micro's JSON and tells the watchers.
    void add_service(std::string_view json);
    void remove_services();
    /// Runs the handler; the answer lies in r.reply.
    mh_status run(Request& r);

    mh_status created = MH_OK;
    std::string error;
    /// How calls end: a body, or an error with its status. Default: {"msg":"Hello John"} and a newline.
    std::string answer = "{\"msg\":\"Hello John\"}\n";
    std::string answer_type = "application/json";
    mh_status open_status = MH_OK;  ///< what open() says
    mh_status outcome = MH_OK;
    std::string outcome_error;
    bool silent = false;  ///< the call ends well without a message
    mh_status forward_status = MH_OK;
    mh_status forward_error = MH_OK;  ///< reported through on_error
    std::vector<std::pair<std::string, std::string>> upstream_headers;
    mh_status publish_status = MH_OK;
    std::string published;  ///< the last event's topic

    std::vector<CallSeen> calls;
    std::vector<ForwardSeen> forwards;
    std::vector<std::string> log;
    const mh_http_handler* handler = nullptr;
    const mh_http_listener* listener = nullptr;
    void* shard = nullptr;

    struct Service;
    std::vector<std::unique_ptr<Service>> services;
    void (*watcher)(void* user, const mh_registry_view* view) = nullptr;
    void* watcher_user = nullptr;
    json::Document config;

  private:
    const mh_module* module_ = nullptr;
    mh_host host_{};
};

/// The host that is in use: what a test called last. Tests run one at a time.
extern FakeHost* g_host;

struct FakeHost::Service {
    struct Endpoint {
        std::string name;
        std::deque<std::string> strings;
        std::vector<mh_kv> metadata;
        json::Value request, response;
    };
    json::Document document;
    std::string name, version;
    std::deque<Endpoint> endpoints;
    std::vector<std::pair<std::string, std::string>> nodes;
};

const void* fake_table(std::string_view id);

}  // namespace microhost::test
