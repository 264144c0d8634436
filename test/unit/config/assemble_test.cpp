// SPDX-License-Identifier: Apache-2.0
#include "config/assemble.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "config_fixture.hpp"

using namespace microhost;
using namespace microhost::config;

TEST_SUITE("host/config") {
    TEST_CASE("a flag beats a variable, that beats the file, that beats the default") {
        Fixture f;
        CHECK(f.text("/modules/api/handler") == "\"meta\"");
        CHECK(f.origin("/modules/api/handler") == "default");
        f.file = "{\n\"modules\": {\"api\": {\n\"handler\": \"http\"}}}";
        CHECK(f.text("/modules/api/handler") == "\"http\"");
        CHECK(f.origin("/modules/api/handler") == "test.json:3");
        f.in.environment["MICRO_API_HANDLER"] = "web";
        CHECK(f.text("/modules/api/handler") == "\"web\"");
        CHECK(f.origin("/modules/api/handler") == "env MICRO_API_HANDLER");
        f.args = {"--api-handler=rpc"};
        CHECK(f.text("/modules/api/handler") == "\"rpc\"");
        CHECK(f.origin("/modules/api/handler") == "flag --api-handler");
    }

    TEST_CASE("a further name of a flag is one of its variable; dots of an id become underscores") {
        Fixture f;
        f.in.environment["MICRO_ENABLE_RPC"] = "true";
        CHECK(f.text("/modules/api/rpc") == "true");
        CHECK(f.origin("/modules/api/rpc") == "env MICRO_ENABLE_RPC");
        f.modules.push_back({"com.acme.web", fixture_schemas().root().find("web"), {}});
        f.in.environment["MICRO_COM_ACME_WEB_BURST"] = "7";
        CHECK(f.text("/modules/com.acme.web/burst") == "7");
    }

    TEST_CASE("the same order holds for the host's settings") {
        Fixture f;
        CHECK(f.config().host.limits.header_timeout.count() == 10'000);
        f.file = R"({"host":{"limits":{"header_timeout":5,"body_bytes":"2MiB"}}})";
        CHECK(f.config().host.limits.header_timeout.count() == 5'000);
        CHECK(f.config().host.limits.body_bytes == 2 << 20);
        f.in.environment["MICROHOST_LIMITS_HEADER_TIMEOUT"] = "250ms";
        CHECK(f.config().host.limits.header_timeout.count() == 250);
        f.args = {"--limits-header-timeout", "1m"};
        CHECK(f.config().host.limits.header_timeout.count() == 60'000);
        CHECK(f.origin("/host/limits/header_timeout") == "flag --limits-header-timeout");
    }

    TEST_CASE("all forms of a flag are understood") {
        struct Case {
            std::vector<std::string> args;
            const char *pointer, *text;
        };
        for (const Case& c : {
                 Case{{"--api_handler", "rpc"}, "/modules/api/handler", "\"rpc\""},
                 Case{{"--api_handler=rpc"}, "/modules/api/handler", "\"rpc\""},
                 Case{{"--handler", "rpc"},
                      "/modules/api/handler",
                      "\"rpc\""},                                     // bare key, one owner
                 Case{{"--enable_rpc"}, "/modules/api/rpc", "true"},  // alias, switch
                 Case{{"--enable-rpc=false"}, "/modules/api/rpc", "false"},
                 Case{{"--enable-rpc", "true"}, "/modules/api/rpc", "true"},
                 Case{{"--api_cors", "a.example, b.example"},
                      "/modules/api/cors",
                      R"(["a.example","b.example"])"},
                 Case{{"--api_cors", "a", "--api_cors", "b"}, "/modules/api/cors", R"(["a","b"])"},
                 Case{{"--api_cors", R"(["x,y"])"}, "/modules/api/cors", R"(["x,y"])"},
                 Case{{"--api_extra", R"({"deep":{"x":1}})"},
                      "/modules/api/extra",
                      R"({"deep":{"x":1,"y":"why"}})"},
                 Case{{"--auth_token_burst", "7"}, "/modules/auth-token/burst", "7"},
                 Case{{"--auth-token-file", "--no"}, "", ""},
                 Case{{"--auth-token-file=-5"}, "/modules/auth-token/file", "\"-5\""},
                 Case{{"--handler", "rpc", "--handler", "web"}, "/modules/api/handler", "\"web\""},
                 Case{{"--namespace", "123"}, "/modules/api/namespace", "\"123\""},
             }) {
            Fixture f;
            f.args = c.args;
            if (*c.pointer) {
                CHECK(f.text(c.pointer) == c.text);
            } else {
                CHECK(f.refusal() == "--auth-token-file needs a value");
            }
        }
    }

    TEST_CASE("mistakes name their place and suggest the right word") {
        struct Case {
            const char* file;
            std::vector<std::string> args;
            const char* what;
        };
        for (const Case& c : {
                 Case{"{}",
                      {"--api_handle", "rpc"},
                      "--api_handle: unknown flag; did you mean \"--api_handler\"?"},
                 Case{"{}", {"--lops=2"}, "--lops: unknown flag; did you mean \"--loops\"?"},
                 Case{"{}", {"--loops=two"}, "--loops: must be a count or auto, but is \"two\""},
                 Case{"{}",
                      {"--api_handler", "rcp"},
                      "--api_handler: /modules/api/handler must be \"meta\", \"rpc\", \"http\" or "
                      "\"web\", but is "
                      "\"rcp\" (enum)"},
                 Case{"{}", {"--enable_rpc", "list"}, "unexpected word \"list\"; see --help"},
                 Case{"{}",
                      {"--burst=1"},
                      "--burst belongs to auth-token and web; write --auth_token_burst or "
                      "--web_burst"},
                 Case{"{}",
                      {"--auth_token_burst=x"},
                      "--auth_token_burst: /modules/auth-token/burst must be an integer, but is "
                      "\"x\" (type)"},
                 Case{"{\n\"hots\":{}}",
                      {},
                      "test.json:2: unknown key \"hots\"; did you mean \"host\"?"},
                 Case{"{\"host\":{\n\"limits\":{\n\"header_byte\":1}}}",
                      {},
                      "test.json:3: unknown key \"header_byte\" in /host/limits; did you mean "
                      "\"header_bytes\"?"},
                 Case{"{\"host\":{\"loops\":{}}}",
                      {},
                      "test.json:1: /host/loops must be a count, but is an object"},
                 Case{"{\"host\":{\"drain_delay\":\"10q\"}}",
                      {},
                      "test.json:1: /host/drain_delay \"10q\" is no duration; write 500ms, 10s, "
                      "1m, 2h or a number of "
                      "seconds"},
                 Case{"{\"modules\":{\n\"ap\":{}}}",
                      {},
                      "test.json:2: /modules names \"ap\", which is not loaded; did you mean "
                      "\"api\"?"},
                 Case{"{\"modules\":{\"api\":{\n\"handeler\":\"rpc\"}}}",
                      {},
                      "test.json:2: unknown key \"handeler\" in /modules/api; did you mean "
                      "\"handler\"?"},
                 Case{"{\"modules\":{\"api\":5}}",
                      {},
                      "test.json:1: /modules/api must be an object, but is 5 (type)"},
                 Case{"{\"listeners\":{\"edge\":{\"module\":\"api\",\n\"adress\":\":1\"}}}",
                      {},
                      "test.json:2: unknown key \"adress\" in /listeners/edge; did you mean "
                      "\"address\"?"},
                 Case{
                     "{\"listeners\":{\"edge\":{}}}",
                     {},
                     "test.json:1: /listeners/edge names the module \"edge\", which is not loaded"},
                 Case{"{\"listeners\":{\"api\":{\"filters\":[\"tokn\"]}},\"filters\":{\"token\":{"
                      "\"use\":\"web\"}}}",
                      {},
                      "test.json:1: /listeners/api/filters names \"tokn\", which is neither in "
                      "filters nor a loaded "
                      "module; did you mean \"token\"?"},
                 Case{"{\"listeners\":{\"api\":{\"tls\":true}}}",
                      {},
                      "test.json:1: /listeners/api/tls has no certificate; add cert and key, here "
                      "or in host.tls"},
                 Case{"{\"filters\":{\"t\":{\"use\":\"auth-token\",\n\"config\":{\"fil\":\"x\"}}}}",
                      {},
                      "test.json:2: unknown key \"fil\" in /filters/t/config; did you mean "
                      "\"file\"?"},
                 Case{"{\"filters\":{\"t\":{\"use\":\"auth-token\",\"on_error\":\"ignore\"}}}",
                      {},
                      "test.json:1: /filters/t/on_error must be \"closed\", \"open\" or \"skip\", "
                      "but is \"ignore\" "
                      "(enum)"},
                 Case{"{\"host\":{\"access_log\":true,\"log\":{\"access_log\":\"json\"}}}",
                      {},
                      "test.json:1: /host/access_log and /host/log/access_log are one setting; "
                      "keep one"},
                 Case{"{}",
                      {"--tls_cert=/c.pem"},
                      "--tls_cert: tls/cert and tls/key are given together or not at all"},
             }) {
            Fixture f;
            f.file = c.file;
            f.args = c.args;
            const std::string first = f.refusal();
            CHECK(first.substr(0, first.find('\n')) == c.what);
        }
    }

    TEST_CASE("several mistakes are all reported, one a line") {
        Fixture f;
        f.args = {"--lops=2", "--api_handler=x"};
        f.file = R"({"modules":{"api":{"nmespace":"x"}},"listeners":{"edge":{"modul":"api"}}})";
        const std::string all = f.refusal();
        CHECK(std::count(all.begin(), all.end(), '\n') == 3);
        CHECK(all.starts_with("--lops: unknown flag"));
        for (const char* part : {"\"modul\"", "\"nmespace\"", "--api_handler: "})
            CHECK_MESSAGE(all.find(part) != all.npos, part);
    }

    TEST_CASE("two modules that claim one long name are refused") {
        const json::Document a =
            json::Document::parse(R"({"properties":{"token_file":{}}})").value();
        const json::Document b = json::Document::parse(R"({"properties":{"file":{}}})").value();
        Fixture f;
        f.modules = {{"auth", a.root(), {}}, {"auth-token", b.root(), {}}};
        CHECK(f.refusal().starts_with(
            "--auth_token_file is claimed by two modules, auth (token_file) and auth-token "
            "(file); load only one"));
    }

    TEST_CASE("two modules of one id are refused") {
        Fixture f;
        f.modules.push_back(f.modules.front());
        CHECK(f.refusal().starts_with("two modules have the id api; load only one"));
    }

    TEST_CASE("a flag deeper than any document is refused, not a crash") {
        Fixture f;
        f.args = {"--api_extra=" + std::string(64, '[') + std::string(64, ']')};
        CHECK(f.refusal().starts_with("--api_extra: /modules/api/extra must be an object"));
        f.args = {"--api_extra=" + std::string(100000, '[')};
        CHECK(f.refusal().starts_with("--api_extra: /modules/api/extra must be an object"));
    }

    TEST_CASE("a host flag wins over a module's bare key, which keeps its long name") {
        const json::Document m =
            json::Document::parse(R"({"properties":{"name":{"type":"string"}}})").value();
        Fixture f;
        f.modules = {{"bot", m.root(), {}}};
        f.args = {"--name=host", "--bot_name=eliza"};
        CHECK(f.config().host.name == "host");
        CHECK(f.text("/modules/bot/name") == "\"eliza\"");
    }

    TEST_CASE("a filter instance inherits from its module and gets its defaults") {
        Fixture f;
        f.file = R"({"modules":{"auth-token":{"burst":5}},
                     "filters":{"t":{"use":"auth-token","config":{"file":"/tokens"},"mode":"shadow","on_error":"open",
                                     "match":{"path_prefix":"/admin","method":["GET","PUT"]}}}})";
        const Config c = f.config();
        REQUIRE(c.filters.size() == 1);
        const FilterInstance& t = c.filters.front();
        CHECK(t.name == "t");
        CHECK(t.config.text() == R"({"file":"/tokens","burst":5,"rate":1.5})");
        CHECK(t.shadow);
        CHECK(t.on_error == OnError::open);
        CHECK(t.match.path_prefix == std::vector<std::string>{"/admin"});
        CHECK(t.match.method.size() == 2);
        CHECK(f.origin("/filters/t/config/rate") == "default");
        f.args = {"--auth_token_file=/other"};
        CHECK(f.config().filters.front().config.root().find("file").as_string() == "/other");
    }

    TEST_CASE(
        "a filter whose required value nobody gave is refused, unless the module was dropped into "
        "a folder") {
        Fixture f;
        f.modules = f.strict();
        CHECK(f.refusal() == "test.json: /modules/auth lacks the key \"file\" (required)");
        f.modules[0].dropped = true;
        CHECK(f.config().modules[0].problem ==
              "test.json: /modules/auth lacks the key \"file\" (required)");
        f.modules[0].dropped = false;
        f.file = R"({"filters":{"t":{"use":"auth","config":{"file":"x"}}}})";
        CHECK(f.config().filters[0].config.text() == R"({"file":"x"})");
        f.file = R"({"filters":{"t":{"use":"auth"}}})";
        CHECK(f.refusal() == "test.json:1: /filters/t/config lacks the key \"file\" (required)");
    }

    TEST_CASE("a filter has the schema of its own when the manifest gives one") {
        const json::Document own =
            json::Document::parse(R"({"properties":{"only":{"type":"integer","default":3}}})")
                .value();
        Fixture f;
        f.modules[1].filter = own.root();
        f.file = R"({"filters":{"t":{"use":"auth-token"}}})";
        CHECK(f.config().filters[0].config.text() == R"({"only":3})");
    }

    TEST_CASE("a listener has the host's limits with its own over them") {
        Fixture f;
        f.file = R"({"host":{"limits":{"idle_timeout":"7s","max_headers":10}},
                     "listeners":{"edge":{"module":"api","address":":8443","proxy_protocol":true,"filters":[],
                       "limits":{"max_headers":20},
                       "tls":{"certificates":[{"cert":"a","key":"b"},{"cert":"c","key":"d"}],"client_ca":"ca",
                              "redirect_from":":8080"}},
                      "api":{}}})";
        const Config c = f.config();
        REQUIRE(c.listeners.size() == 2);
        const Listener& edge = c.listeners[0];
        CHECK(edge.module == "api");
        CHECK(edge.address == ":8443");
        CHECK(edge.proxy_protocol);
        CHECK(edge.limits.idle_timeout.count() == 7'000);
        CHECK(edge.limits.max_headers == 20);
        REQUIRE(edge.filters.has_value());
        CHECK(edge.filters->empty());
        REQUIRE(edge.tls.has_value());
        CHECK(edge.tls->certificates.size() == 2);
        CHECK(edge.tls->redirect_from == ":8080");
        CHECK(c.listeners[1].module == "api");
        CHECK_FALSE(c.listeners[1].filters.has_value());
        CHECK_FALSE(c.listeners[1].tls.has_value());
        CHECK(c.listeners[1].limits.max_headers == 10);
    }

    TEST_CASE("the bench kit's file is accepted") {
        Fixture f;
        f.file = R"({
      "host": {"loops": 1, "access_log": false},
      "load": ["api.so", "auth-token.so", "rate-limit.so"],
      "listeners": {
        "api": {"address": "127.0.0.1:8601", "filters": []},
        "api-auth": {"module": "api", "address": "127.0.0.1:8602", "filters": ["token", "limit"]}
      },
      "modules": {"api": {"handler": "rpc", "namespace": "go.micro.api"}},
      "filters": {
        "token": {"use": "auth-token", "config": {"file": "/tokens.lst"}},
        "limit": {"use": "web", "config": {"burst": 1000000}}
      }})";
        const Config c = f.config();
        CHECK(c.host.loops == 1);
        CHECK(c.host.log.access_log == AccessLog::off);
        CHECK(c.load.size() == 3);
        CHECK(c.listeners[1].filters == std::vector<std::string>{"token", "limit"});
    }

    TEST_CASE("what to load comes from the flags, the variable or the file, whole") {
        Fixture f;
        f.file = R"({"load":["file.so"]})";
        CHECK(f.config().load == std::vector<std::string>{"file.so"});
        f.in.environment["MICROHOST_LOAD"] = "env.so,two.so";
        CHECK(f.config().load == std::vector<std::string>{"env.so", "two.so"});
        f.args = {"--load", "a.so", "b.so", "--load=c,d"};
        CHECK(f.config().load == std::vector<std::string>{"a.so", "b.so", "c", "d"});
        CHECK(f.origin("/load") == "flag --load");
    }

    TEST_CASE("a registry is a module that is loaded besides, by Micro's variable too") {
        Fixture f;
        f.args = {"--load", "api", "--registry", "directory,etcd,mdns"};
        CHECK(f.text("/load") == R"(["api","registry-etcd","registry-mdns"])");
        f.args = {"--load", "api", "--load", "/opt/registry-etcd.so", "--registry", "etcd"};
        CHECK(f.text("/load") == R"(["api","/opt/registry-etcd.so"])");
        f.in.environment["MICRO_REGISTRY"] = "mdns";
        CHECK(f.text("/host/registry") == R"(["etcd"])");
        f.args = {};
        CHECK(f.text("/load") == R"(["registry-mdns"])");
        f.in.environment["MICRO_REGISTRY"] = "memory";
        CHECK(f.text("/load") == "[]");
        f.args = {"--registry", "/opt/etcd"};
        CHECK(f.refusal().starts_with("--registry: registry \"/opt/etcd\""));
    }

    TEST_CASE("before the modules are known, their flags and sections are left alone") {
        Fixture f;
        f.modules.clear();
        f.file = R"({"load":["api"],"modules":{"api":{"handler":"rpc"}},"listeners":{"api":{}}})";
        f.args = {"--api_handler", "rpc", "--enable_rpc", "--module_path=/a:/b"};
        const auto r = early(f.input(f.parsed()));
        REQUIRE_MESSAGE(r.has_value(), r.error().what);
        CHECK(r->load == std::vector<std::string>{"api"});
        CHECK(r->host.module_path == std::vector<std::string>{"/a", "/b"});
        f.args = {"--loops=x"};
        CHECK_FALSE(early(f.input(f.parsed())).has_value());
    }

    TEST_CASE("a variable that looks mistyped is a warning") {
        Fixture f;
        f.in.environment["MICRO_API_HANDLR"] = "rpc";
        f.in.environment["MICROHOST_RUNTIMEDIR"] = "/x";
        f.in.environment["MICRO_SOMETHING_ELSE"] = "1";
        const Config c = f.config();
        REQUIRE(c.warnings.size() == 2);
        CHECK(c.warnings[1].find("did you mean \"MICRO_API_HANDLER\"?") != std::string::npos);
    }
}
