// SPDX-License-Identifier: Apache-2.0
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "fake_host.hpp"

#include <doctest/doctest.h>
#include <microhost/module.hpp>

namespace {

constexpr const char* kColours[] = {"red", "green", nullptr};

struct door : mh::filter<door> {
    struct config {
        std::string_view field, colour;
        std::int64_t count;
        double rate;
        bool strict;
        std::chrono::milliseconds wait;
        std::vector<std::string> names;
        static constexpr auto options = mh::options(
            mh::required("field", &config::field, "A \"quoted\" text"),
            mh::option("colour", &config::colour, "red", "One of two").one_of(kColours).secret(),
            mh::option("count", &config::count, -3, "Whole").range(-5, 5),
            mh::option("rate", &config::rate, 0.25, "Broken"), mh::option("strict", &config::strict, true, "Yes or no"),
            mh::option("wait", &config::wait, std::chrono::milliseconds(1500), "A time"),
            mh::option("names", &config::names, "", "A list"));
    };
    static constexpr const char* name = "door";
    static constexpr auto phase = MH_PHASE_AUTHZ;
    static constexpr const char* on_error = "closed";
    static inline int alive = 0;

    explicit door(const config& c) : config_(c) { ++alive; }
    ~door() { --alive; }

    mh::verdict on_request(mh::request& r) {
        const std::string key(r.header(config_.field));
        if (key == "throw") throw std::runtime_error("boom");
        if (key == "int") throw 7;
        return key.empty() ? r.respond_error(403, "door", "say \"please\"\n", {{"X-Why", "empty"}}) : mh::go_on;
    }
    void on_response(mh::request& r) { r.set_response_header("X-Door", config_.colour); }
    mh::verdict on_whole_request_body(mh::request&, std::string_view body) {
        return body == "bad" ? mh::undecided : mh::go_on;
    }

  private:
    config config_;
};

struct ringer : mh::service<ringer> {
    struct config {
        std::string name;
        static constexpr auto options =
            mh::options(mh::option("name", &config::name, "go.micro.srv.bell", "Name of the service"));
    };
    static constexpr mh::uses<mh_rpc> needs{};
    static std::string service_name(const config& c) { return c.name; }
    explicit ringer(const config&) {}

    void ring(mh::incoming& in) {
        if (in.body() == "throw") throw std::runtime_error("broken bell");
        in.reply("ding " + std::string(in.body()));
    }
    void relay(mh::incoming& in) {
        const mh_status s =
            mh::call(nullptr, {.service = in.body(), .endpoint = "A.B"},
                     [in](const mh::reply& r) mutable { r.ok() ? in.reply(r.body) : in.fail(502, r.error); });
        if (s < 0) in.fail(404, "not opened");
    }
    static constexpr auto endpoints = mh::endpoints(mh::endpoint("Bell.Ring", &ringer::ring, R"({"name":"x"})"),
                                                    mh::endpoint("Bell.Relay", &ringer::relay));
};

struct page : mh::handler<page> {
    static constexpr const char* name = "page";
    int asked = 0;
    void on_request(mh::request& r) { r.respond(200, "text/plain", std::to_string(++asked)); }
};

struct shaped {
    mh::json_value rules, limit;
    std::vector<std::string_view> types;
    static constexpr auto options = mh::options(
        mh::option("rules", &shaped::rules, "[]", "Rules").shape(R"("type":"array","items":{"type":"object"})"),
        mh::option("limit", &shaped::limit, "", "Text or number").shape(R"("type":["string","number"])"),
        mh::option("types", &shaped::types, "text/html, text/css", "A list with a default"));
};

struct shaped_filter : mh::filter<shaped_filter> {
    using config = shaped;
    explicit shaped_filter(const config&) {}
    void on_response(mh::request&) {}
};

struct greetings : mh::command_set<greetings> {
    void hello(const mh::run_ptr& run) { run->done(); }
    void offer(std::string_view, std::string_view, const mh::candidates& add) { add("John", "a name"); }
    static constexpr auto commands =
        mh::commands(mh::command("hello", "Greets", &greetings::hello).completes(&greetings::offer));
};

struct shell : mh::app<shell> {
    static constexpr const char* verb = "shell";
    static constexpr const char* summary = "A prompt";
    static constexpr mh::uses<mh_loop> needs{};
    mh_status run(const std::vector<std::string_view>&) { return MH_OK; }
};

}  // namespace

MH_PLUGIN("com.acme.all", "1.2.3", "Every kind of part", door, ringer, page)

namespace {

/// The module as a host would have it: created, started, with one shard.
struct Loaded {
    const mh_module* module = nullptr;
    void* shard = nullptr;
    Loaded() {
        fake::contributed.clear(), fake::errors.clear(), fake::lines.clear();
        REQUIRE(mh_module_entry.create(&fake::host(), &module) == MH_OK);
        REQUIRE(module->start(module) == MH_OK);
        shard = module->shard_create(module, 0);
        REQUIRE(shard != nullptr);
    }
    ~Loaded() {
        module->shard_destroy(module, shard);
        module->destroy(module);
    }
    template <class T>
    const T& at(std::string_view point) const {
        for (const auto& c : fake::contributed) {
            if (c.point == point) return *static_cast<const T*>(c.descriptor);
        }
        FAIL("not contributed: " << std::string(point));
        std::abort();
    }
};

/// One instance of the filter with one shard.
struct Door {
    mh_config config;  // outlives the instance, as the border promises
    Loaded loaded;
    const mh_http_filter& filter = loaded.at<mh_http_filter>(MH_HTTP_FILTER);
    void *instance = nullptr, *shard = nullptr;
    explicit Door(mh_config c) : config(std::move(c)) {
        const mh_filter_instance i{sizeof i, 0, {"d", 1}, &config};
        if (filter.instance_create(nullptr, &i, &instance) == MH_OK) shard = filter.shard_create(instance, 0);
    }
    ~Door() {
        if (!instance) return;
        filter.shard_destroy(instance, shard);
        filter.instance_destroy(nullptr, instance);
    }
    mh_verdict ask(mh_req& r) const { return filter.on_request(shard, &r, nullptr, 0); }
};

}  // namespace

TEST_SUITE("sdk/glue") {
    TEST_CASE("the manifest is written while compiling, from the parts and their options") {
        CHECK(
            std::string_view(mh_module_entry.manifest_json) ==
            R"({"id":"com.acme.all","version":"1.2.3","summary":"Every kind of part","abi":{"epoch":1},)"
            R"("requires":["mh.config/1","mh.http.request/1","mh.rpc.server/1","mh.rpc/1"],)"
            R"("filter_schema":{"type":"object","properties":{)"
            R"("field":{"type":"string","description":"A \"quoted\" text"},)"
            R"("colour":{"type":"string","description":"One of two","default":"red","enum":["red","green"],"x-secret":true},)"
            R"("count":{"type":"integer","description":"Whole","default":-3,"minimum":-5,"maximum":5},)"
            R"("rate":{"type":"number","description":"Broken","default":0.25},)"
            R"("strict":{"type":"boolean","description":"Yes or no","default":true},)"
            R"("wait":{"type":["string","number"],"description":"A time","default":"1500ms"},)"
            R"("names":{"type":"array","items":{"type":"string"},"description":"A list","default":[]}},)"
            R"("required":["field"],"additionalProperties":false},)"
            R"("config_schema":{"type":"object","properties":{"name":{"type":"string","description":"Name of the service",)"
            R"("default":"go.micro.srv.bell"}},"additionalProperties":false},)"
            R"("filters":[{"name":"door","phase":"authz","on_error":"closed"}]})");
    }

    TEST_CASE("an option of any shape stands in the schema as it is written, and makes the module need JSON") {
        constexpr mh::about about{"s", "1.0.0", ""};
        static constexpr auto text = mh::manifest_text<mh::manifest_size<shaped_filter>(about), shaped_filter>(about);
        const std::string_view manifest(text.data());
        CHECK(manifest.find(R"("requires":["mh.config/1","mh.json/1","mh.http.request/1"])") != manifest.npos);
        CHECK(
            manifest.find(R"({"rules":{"type":"array","items":{"type":"object"},"description":"Rules","default":[]},)"
                          R"("limit":{"type":["string","number"],"description":"Text or number"},)"
                          R"("types":{"type":"array","items":{"type":"string"},"description":"A list with a default",)"
                          R"("default":["text/html","text/css"]}})") != manifest.npos);
    }

    TEST_CASE("an app is found by its verb, and needs nothing that a serving process lacks") {
        constexpr mh::about about{"com.acme.tools", "1.0.0", "Tools"};
        static constexpr auto text =
            mh::manifest_text<mh::manifest_size<greetings, shell>(about), greetings, shell>(about);
        const std::string_view manifest(text.data());
        CHECK(manifest.find(R"("requires":["mh.command.output/1","mh.loop/1"])") != manifest.npos);
        CHECK(manifest.find(
                  R"("commands":[{"name":"hello","summary":"Greets"},{"name":"shell","summary":"A prompt"}])") !=
              manifest.npos);
    }

    TEST_CASE("a name of a field has its id whatever its case") {
        CHECK(mh::header_id("ACCEPT-encoding") == MH_H_ACCEPT_ENCODING);
        CHECK(mh::header_id("x-own") == MH_H_NONE);
        CHECK(mh::header_id("") == MH_H_NONE);
    }

    TEST_CASE("only the hooks that are written are called") {
        const Loaded l;
        const auto& f = l.at<mh_http_filter>(MH_HTTP_FILTER);
        CHECK(f.interests == (MH_I_REQUEST | MH_I_RESPONSE | MH_I_REQUEST_BODY_FULL));
        CHECK(f.phase == MH_PHASE_AUTHZ);
        CHECK(!f.on_done);
        CHECK(!f.on_cancel);
        CHECK(!f.on_response_body);
    }

    TEST_CASE("an instance gets its config, and defaults where there is none") {
        const Door d(
            {.text = {{"field", "key"}, {"colour", "green"}}, .integer = {}, .number = {}, .list = {{"names", {"a"}}}});
        mh_req r{.request = {{"key", "x"}}};
        CHECK(d.ask(r) == MH_V_CONTINUE);
        CHECK(d.filter.on_response(d.shard, &r, 200, nullptr, 0) == MH_V_CONTINUE);
        CHECK(r.response == std::vector<std::pair<std::string, std::string>>{{"X-Door", "green"}});
        const mh_seg bad = mh::bytes("bad");
        CHECK(d.filter.on_request_body(d.shard, &r, &bad, 1, 1) == MH_V_FAIL);
        CHECK(d.filter.on_request_body(d.shard, &r, nullptr, 0, 1) == MH_V_CONTINUE);
        const mh_seg halves[] = {mh::bytes("b"), mh::bytes("ad")};
        CHECK(d.filter.on_request_body(d.shard, &r, halves, 2, 1) == MH_V_FAIL);
    }

    TEST_CASE("a missing or mistyped option refuses the instance and says which") {
        {
            const Door d({});
            CHECK(d.instance == nullptr);
        }
        CHECK(fake::errors == std::vector<std::string>{"/field: field: a value is required"});
        {
            const Door d({.text = {}, .integer = {{"field", 1}}, .number = {}, .list = {}});
            CHECK(d.instance == nullptr);
        }
        CHECK(fake::errors == std::vector<std::string>{"/field: field: the value has the wrong type"});
    }

    TEST_CASE("an answer is Micro's error JSON, escaped") {
        const Door d({.text = {{"field", "key"}}, .integer = {}, .number = {}, .list = {}});
        mh_req r;
        CHECK(d.ask(r) == MH_V_RESPOND);
        CHECK(r.status == 403);
        CHECK(r.body == R"({"id":"door","code":403,"detail":"say \"please\"\n","status":"Forbidden"})");
        CHECK(r.response[1] == std::pair<std::string, std::string>{"X-Why", "empty"});
    }

    TEST_CASE("no exception crosses: the hook answers FAIL, the host and the log hear why") {
        const Door d({.text = {{"field", "key"}}, .integer = {}, .number = {}, .list = {}});
        mh_req r{.request = {{"key", "throw"}}}, other{.request = {{"key", "int"}}};
        CHECK(d.ask(r) == MH_V_FAIL);
        CHECK(d.ask(other) == MH_V_FAIL);
        CHECK(fake::errors == std::vector<std::string>{": boom", ": unknown exception"});
        CHECK(fake::lines.size() == 2);
    }

    TEST_CASE("shards end with their instance") {
        {
            const Door d({.text = {{"field", "key"}}, .integer = {}, .number = {}, .list = {}});
            CHECK(door::alive == 1);
        }
        CHECK(door::alive == 0);
    }

    TEST_CASE("a service answers on a loop and off the loops, under its configured name") {
        fake::module_config.text["name"] = "bells";
        const Loaded l;
        const auto& s = l.at<mh_rpc_service>(MH_RPC_SERVICE);
        CHECK(std::string(s.name) == "bells");
        CHECK(s.n_endpoints == 2);
        CHECK(std::string(s.endpoints[0].request_json) == R"({"name":"x"})");
        const mh_rpc_message m{sizeof m, 0, mh::bytes("dong"), {}, nullptr};
        for (void* shard : {l.shard, static_cast<void*>(nullptr)}) {
            mh_rpc_in in;
            s.endpoints[0].on_call(shard, nullptr, &in, &m);
            CHECK(in.reply == "ding dong");
        }
        mh_rpc_in in;
        const mh_rpc_message bad{sizeof bad, 0, mh::bytes("throw"), {}, nullptr};
        s.endpoints[0].on_call(l.shard, nullptr, &in, &bad);
        CHECK(in.code == 500);
    }

    TEST_CASE("a call answers its lambda once: reply, error, not opened, or never when the request is gone") {
        const Loaded l;
        const auto& s = l.at<mh_rpc_service>(MH_RPC_SERVICE);
        const auto relay = [&](std::string_view service, mh_status end) {
            fake::on_call = [end](const mh_rpc_target& t, const mh_rpc_sink& sink, void* user) {
                CHECK(fake::text(t.endpoint) == "A.B");
                const mh_rpc_message m{sizeof m, 0, mh::bytes("pong"), {}, nullptr};
                if (end == MH_OK) sink.on_message(user, &fake::the_call, &m);
                sink.on_end(user, &fake::the_call, end, mh::lend("why"));
            };
            mh_rpc_in in;
            const mh_rpc_message m{sizeof m, 0, mh::bytes(service), {}, nullptr};
            s.endpoints[1].on_call(l.shard, nullptr, &in, &m);
            return in.reply + std::to_string(in.code) + in.error;
        };
        CHECK(relay("x", MH_OK) == "pong0");
        CHECK(relay("x", MH_E_TIMEOUT) == "502why");
        CHECK(relay("unknown", MH_OK) == "404not opened");
        CHECK(relay("x", MH_E_CANCELLED) == "0");
    }

    TEST_CASE("a handler has an object of its own on each loop") {
        const Loaded l;
        const auto& h = l.at<mh_http_handler>(MH_HTTP_HANDLER);
        CHECK(std::string(h.name) == "page");
        void* second = l.module->shard_create(l.module, 1);
        std::string seen;
        for (void* shard : {l.shard, l.shard, second, static_cast<void*>(nullptr)}) {
            mh_req r;
            CHECK(h.on_request(shard, nullptr, &r, nullptr, 0) == MH_OK);
            seen += r.body;
        }
        CHECK(seen == "1211");
        l.module->shard_destroy(l.module, second);
    }

    TEST_CASE("a host without an interface is told which one is missing") {
        fake::absent = {MH_RPC}, fake::errors.clear();
        const mh_module* m = nullptr;
        CHECK(mh_module_entry.create(&fake::host(), &m) == MH_E_UNSUPPORTED);
        fake::absent.clear();
        CHECK(fake::errors == std::vector<std::string>{": this host does not have the interface mh.rpc/1"});
    }
}
