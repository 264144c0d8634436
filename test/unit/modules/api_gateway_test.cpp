// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fake_host.hpp"
#include "modules/api/settings.hpp"

using microhost::test::FakeHost;
using microhost::test::Request;

namespace {

constexpr const char* kGreeter = R"({"name":"go.micro.api.greeter","version":"1","endpoints":[
    {"name":"Say.Hello","request":{"name":"Request","type":"Request","values":[{"name":"name","type":"string"}]}}],
    "nodes":[{"id":"n","address":"127.0.0.1:9"}]})";
constexpr const char* kGone =
    R"({"name":"go.micro.api.gone","version":"1","endpoints":[],"nodes":[]})";

Request hello() {
    Request r("POST", "/greeter/say/hello");
    r.header("Content-Type", "application/json").body(R"({"name":"John"})");
    return r;
}

}  // namespace

TEST_SUITE("modules/api") {
    TEST_CASE("a JSON POST calls the service and answers without the newline") {
        FakeHost host;
        host.add_service(kGreeter);
        Request r = hello();
        REQUIRE(host.run(r) == MH_OK);
        REQUIRE(host.calls.size() == 1);
        CHECK(host.calls[0].service == "go.micro.api.greeter");
        CHECK(host.calls[0].endpoint == "Say.Hello");
        CHECK(host.calls[0].body == R"({"name":"John"})");
        CHECK(host.calls[0].content_type == "application/json");
        CHECK(host.calls[0].timeout_ms == 5000);
        CHECK(host.calls[0].from_service == "go.micro.api");
        CHECK(r.reply.status == 200);
        CHECK(r.reply.body == R"({"msg":"Hello John"})");
        CHECK(r.reply.header("Content-Type") == "application/json");
        CHECK(r.route == "go.micro.api.greeter");
    }

    TEST_CASE("a body that arrives later is the same call") {
        FakeHost host;
        host.add_service(kGreeter);
        Request r = hello();
        r.body_later = true;
        r.header("X-Custom", "a");
        host.run(r);
        CHECK(r.reply.status == 0);
        host.remove_services();  // the route's memory may be gone by then
        r.deliver();
        CHECK(r.reply.status == 200);
        CHECK(host.calls.at(0).service == "go.micro.api.greeter");
        CHECK(host.calls.at(0).metadata.at("X-Custom") == "a");
    }

    TEST_CASE("content types decide how a request becomes a call") {
        struct Row {
            const char *method, *target, *type, *body, *sent_type, *sent, *answer_type;
        };
        const Row rows[] = {
            {"GET", "?name=John", "", "", "application/json", R"({"name":"John"})",
             "application/json"},
            {"GET", "?name=123", "", "", "application/json", R"({"name":"123"})",
             "application/json"},
            {"GET", "", "", "", "application/json", "null", "application/json"},
            {"POST", "", "application/json", "", "application/json", "null", "application/json"},
            {"POST", "?a=1", "application/json", "", "application/json", "null",
             "application/json"},
            {"POST", "", "application/json; charset=utf-8", "{}", "application/json", "{}",
             "application/json"},
            {"POST", "", "Application/JSON", "{}", "application/json", "{}", "application/json"},
            {"POST", "", "", "{}", "application/json", "{}", "application/json"},
            {"POST", "", "text/plain", "{}", "application/json", "{}", "application/json"},
            {"POST", "", "application/x-www-form-urlencoded", "name=John", "application/json",
             R"({"name":"John"})", "application/json"},
            {"POST", "", "application/x-www-form-urlencoded", R"({"name":"J"})", "application/json",
             R"({"name":"J"})", "application/json"},
            {"POST", "", "application/protobuf", "\n\x04John", "application/protobuf", "\n\x04John",
             "application/protobuf"},
            {"POST", "", "application/json-rpc", R"({"method":"x","params":[{"n":1.10}],"id":"0"})",
             "application/json", R"({"n":1.10})", "application/json-rpc"},
            {"PUT", "", "application/json", "{}", "application/json", "{}", "application/json"},
            {"DELETE", "?name=x", "", "", "application/json", R"({"name":"x"})",
             "application/json"},
        };
        for (const Row& row : rows) {
            FakeHost host;
            host.add_service(kGreeter);
            Request r(row.method, std::string("/greeter/say/hello") + row.target);
            if (*row.type) r.header("Content-Type", row.type);
            if (*row.body) r.body(row.body);
            host.run(r);
            const std::string what = std::string(row.method) + row.target + " " + row.type;
            REQUIRE_MESSAGE(host.calls.size() == 1, what);
            CHECK_MESSAGE(host.calls[0].content_type == row.sent_type, what);
            CHECK_MESSAGE(host.calls[0].body == row.sent, what);
            CHECK_MESSAGE(r.reply.header("Content-Type") == row.answer_type, what);
        }
    }

    TEST_CASE("protobuf answers keep their last byte, even a newline") {
        FakeHost host;
        host.add_service(kGreeter);
        host.answer = "\n\x01\n";
        Request r("POST", "/greeter/say/hello");
        r.header("Content-Type", "application/protobuf").body("x");
        host.run(r);
        CHECK(r.reply.body == "\n\x01\n");
    }

    TEST_CASE(
        "a request is published on the topic of its path, and what becomes of it is the answer") {
        const std::pair<mh_status, uint32_t> rows[] = {
            {MH_OK, 200}, {MH_E_BUSY, 503}, {MH_E_LIMIT, 413}, {MH_E_INVALID, 400}};
        for (const auto& row : rows) {
            FakeHost host(R"({"handler":"event","namespace":"go.micro.evt"})");
            host.publish_status = row.first;
            Request r("POST", "/v1/user/login");
            r.body("{}");
            host.run(r);
            CHECK(host.published == "go.micro.evt.v1.user");
            CHECK(r.reply.status == row.second);
            CHECK(r.reply.body.empty() == (row.second == 200));
        }
    }

    TEST_CASE("what cannot become a call is refused with the error JSON") {
        struct Row {
            const char *config, *method, *target, *type, *body;
            uint32_t status;
        };
        const Row rows[] = {
            {"{}", "POST", "/greeter/say/hello", "text/xml", "<a/>", 415},
            {"{}", "POST", "/greeter/say/hello", "multipart/form-data; boundary=x", "--x", 415},
            {R"({"max_body":4})", "POST", "/greeter/say/hello", "application/json", "12345", 413},
            {"{}", "GET", "/greeter/say/hello?flag", "", "", 400},
            {"{}", "GET", "/greeter/say/hello?a=1&a[b]=2", "", "", 400},
            {"{}", "POST", "/greeter/say/hello", "application/json-rpc", "{}", 400},
            {R"({"handler":"rpc"})", "PUT", "/greeter/say/hello", "", "", 405},
            {"{}", "GET", "/greeter/debug/health", "", "", 403},
            {R"({"handler":"api"})", "GET", "/greeter/debug/stats", "", "", 403},
            {R"({"handler":"event","max_body":4})", "POST", "/greeter", "", "12345", 413},
        };
        for (const Row& row : rows) {
            FakeHost host(row.config);
            host.add_service(kGreeter);
            Request r(row.method, row.target);
            if (*row.type) r.header("Content-Type", row.type);
            if (*row.body) r.body(row.body);
            host.run(r);
            const std::string what = std::string(row.method) + " " + row.target + " " + row.type;
            CHECK_MESSAGE(r.reply.status == row.status, what);
            CHECK_MESSAGE(r.reply.header("Content-Type") == "application/json", what);
            const std::string code = "\"code\":" + std::to_string(row.status);
            CHECK_MESSAGE(r.reply.body.find(code) != std::string::npos, r.reply.body);
            CHECK_MESSAGE(host.calls.empty(), what);
        }
        FakeHost host(R"({"handler":"rpc"})");
        Request r("OPTIONS", "/greeter/say/hello");
        host.run(r);
        CHECK(r.reply.header("Allow") == "GET, POST");
    }

    TEST_CASE("each way to fail has its status") {
        struct Row {
            mh_status outcome;
            const char* error;
            uint32_t status;
            const char* body;  ///< a part of it
        };
        const Row rows[] = {
            {MH_E_INVALID,
             R"({"id":"go.micro.srv.greeter","code":400,"detail":"you asked for fail","status":"Bad Request"})",
             400,
             R"({"id":"go.micro.srv.greeter","code":400,"detail":"you asked for fail","status":"Bad Request"})"},
            {MH_E_INVALID, R"({"id":"x","code":7,"detail":"odd","status":""})", 500, R"("code":7)"},
            {MH_E_INVALID, "plain error text", 500,
             R"({"id":"go.micro.api","code":500,"detail":"error during request: plain error text","status":"Internal Server Error"})"},
            {MH_E_TIMEOUT, "", 504, R"("code":504)"},
            {MH_E_IO, "read 10.0.0.7:99: reset", 502, R"("code":502)"},
            {MH_E_UNREACHABLE, "connect 10.0.0.7:99: refused", 502, R"("code":502)"},
            {MH_E_NOT_FOUND, "", 404,
             R"({"id":"go.micro.api","code":404,"detail":"service not found","status":"Not Found"})"},
        };
        for (const Row& row : rows) {
            FakeHost host;
            host.add_service(kGreeter);
            host.outcome = row.outcome;
            host.outcome_error = row.error;
            Request r = hello();
            host.run(r);
            CHECK_MESSAGE(r.reply.status == row.status, row.error);
            CHECK_MESSAGE(r.reply.body.find(row.body) != std::string::npos, r.reply.body);
            CHECK(r.reply.header("Content-Type") == "application/json");
            CHECK(r.reply.body.find("10.0.0.7") == std::string::npos);
        }
        FakeHost host;
        host.add_service(kGone);
        host.open_status = MH_E_UNAVAILABLE;
        Request r("GET", "/gone/say/hello");
        host.run(r);
        CHECK(r.reply.status == 503);
        // It has live nodes by now, or of another version: the call knows better.
        host.add_service(kGreeter);
        Request again = hello();
        host.run(again);
        CHECK(again.reply.status == 503);
        host.open_status = MH_OK;
        host.silent = true;
        Request none("GET", "/gone/say/hello");
        host.run(none);
        CHECK(none.reply.status == 502);
    }

    TEST_CASE("a trusted peer and the log learn which service was looked up") {
        FakeHost host;
        host.add_service(kGreeter);
        host.outcome = MH_E_NOT_FOUND;
        Request r("GET", "/greter/say/hello");
        r.flags = MH_REQ_TRUSTED_PEER;
        host.run(r);
        CHECK(r.reply.body.find(
                  "service not found: go.micro.api.greter (nearest: go.micro.api.greeter)") !=
              std::string::npos);
        REQUIRE(host.log.size() == 1);
        CHECK(host.log[0] ==
              "service not found service=go.micro.api.greter nearest=go.micro.api.greeter "
              "path=/greter/say/hello");
    }

    TEST_CASE("headers become metadata, but not those that belong to the connection or to Micro") {
        FakeHost host;
        host.add_service(kGreeter);
        Request r = hello();
        const char* fields[][2] = {{"Host", "h"},
                                   {"User-Agent", "curl"},
                                   {"Accept", "*/*"},
                                   {"Authorization", "B t"},
                                   {"Cookie", "a=1"},
                                   {"Cookie", "b=2"},
                                   {"X-Custom", "1"},
                                   {"x-custom", "2"},
                                   {"Connection", "close, X-Hop"},
                                   {"X-Hop", "x"},
                                   {"Keep-Alive", "1"},
                                   {"TE", "trailers"},
                                   {"Transfer-Encoding", "chunked"},
                                   {"Content-Length", "15"},
                                   {"Content-MD5", "x"},
                                   {"Micro-Id", "7"},
                                   {"Micro-Anything", "x"},
                                   {"X-Micro-Foo", "x"},
                                   {"Timeout", "1"},
                                   {"Expect", "100-continue"},
                                   {"X-Request-Id", "r"},
                                   {"Accept-Encoding", "gzip"},
                                   {"Origin", "http://x"}};
        for (const auto& f : fields) r.header(f[0], f[1]);
        host.run(r);
        const std::map<std::string, std::string> wanted = {
            {"User-Agent", "curl"}, {"Authorization", "B t"},    {"Cookie", "a=1; b=2"},
            {"X-Custom", "1,2"},    {"Accept-Encoding", "gzip"}, {"Origin", "http://x"}};
        CHECK(host.calls.at(0).metadata == wanted);
    }

    TEST_CASE("more headers than there is room for do no harm") {
        FakeHost host;
        host.add_service(kGreeter);
        Request r = hello();
        for (int i = 0; i < 200; ++i) r.header("X-" + std::to_string(i), "v");
        host.run(r);
        CHECK(r.reply.status == 200);
        CHECK(host.calls.at(0).metadata.size() == 72);
    }

    TEST_CASE("the Timeout header only shortens: nanoseconds from a million on, seconds below") {
        using microhost::api::effective_timeout_ms;
        CHECK(effective_timeout_ms(5000, "2") == 2000);
        CHECK(effective_timeout_ms(5000, "60") == 5000);
        CHECK(effective_timeout_ms(5000, "500000000") == 500);
        CHECK(effective_timeout_ms(5000, "1000000") == 1);
        CHECK(effective_timeout_ms(5000, "999999") == 5000);
        for (const char* bad : {"", "0", "-1", "1m", "99999999999999999999", " 1"}) {
            CHECK_MESSAGE(effective_timeout_ms(5000, bad) == 5000, bad);
        }
        FakeHost host;
        host.add_service(kGreeter);
        Request r = hello();
        r.header("Timeout", "100000000");
        host.run(r);
        CHECK(host.calls.at(0).timeout_ms == 100);
    }

    TEST_CASE("handlers http and web stream to the service, and only web lets websockets through") {
        for (const bool web : {false, true}) {
            FakeHost host(web ? R"({"handler":"web"})" : R"({"handler":"proxy"})");
            Request r("GET", "/greeter/page");
            host.run(r);
            REQUIRE(host.forwards.size() == 1);
            CHECK(host.forwards[0].service == "go.micro.api.greeter");
            CHECK((host.forwards[0].flags & MH_FORWARD_KEEP_HOST) != 0);
            CHECK(((host.forwards[0].flags & MH_FORWARD_UPGRADE) != 0) == web);
        }
        struct Row {
            mh_status begin, later;
            uint32_t status;
        };
        const Row rows[] = {{MH_E_NOT_FOUND, MH_OK, 404},   {MH_E_UNAVAILABLE, MH_OK, 503},
                            {MH_E_UNREACHABLE, MH_OK, 502}, {MH_OK, MH_E_UNREACHABLE, 502},
                            {MH_OK, MH_E_TIMEOUT, 504},     {MH_OK, MH_E_IO, 502}};
        for (const Row& row : rows) {
            FakeHost host(R"({"handler":"http"})");
            host.add_service(kGreeter);
            host.forward_status = row.begin;
            host.forward_error = row.later;
            Request r("GET", "/greeter/page");
            host.run(r);
            CHECK(r.reply.status == row.status);
            CHECK(r.reply.header("Content-Type") == "application/json");
        }
        FakeHost host(R"({"handler":"http"})");
        Request bad("GET", "/foo_bar");
        host.run(bad);
        CHECK(bad.reply.status == 404);
    }

    TEST_CASE(
        "the gateway's CORS headers are on forwarded answers, once, and win over the service's") {
        FakeHost host(R"({"handler":"http","cors":"http://a"})");
        host.upstream_headers = {{"access-control-allow-origin", "*"}, {"Vary", "Accept"}};
        Request r("GET", "/greeter/page");
        r.header("Origin", "http://a");
        host.run(r);
        const std::vector<std::pair<std::string, std::string>> wanted = {
            {"Vary", "Accept"},
            {"Vary", "Origin"},
            {"Access-Control-Allow-Origin", "http://a"},
            {"Access-Control-Allow-Credentials", "true"}};
        CHECK(r.reply.headers == wanted);
        Request other("GET", "/greeter/page");
        other.header("Origin", "http://b");
        host.run(other);
        CHECK(other.reply.header("Access-Control-Allow-Origin") == "(none)");
    }

    TEST_CASE("parameters of a path become fields of the request, written as the schema says") {
        constexpr const char* kUsers =
            R"({"name":"go.micro.api.users","version":"1","nodes":[{"id":"n","address":"127.0.0.1:9"}],
            "endpoints":[{"name":"Users.Put","request":{"name":"Request","type":"Request","values":[
               {"name":"id","type":"int64"},{"name":"name","type":"string"},
               {"name":"filter","type":"Filter","values":[{"name":"kind","type":"string"}]}]},
              "metadata":{"endpoint":"Users.Put","handler":"rpc",
                          "path":"/v1/users/{id},/v1/by/{filter.kind}/{name=**}"}}]})";
        struct Row {
            const char *method, *target, *type, *body, *sent;
        };
        const Row rows[] = {
            {"GET", "/v1/users/7", "", "", R"({"id":7})"},
            {"GET", "/v1/users/7?name=12", "", "", R"({"id":7,"name":"12"})"},
            {"DELETE", "/v1/users/9007199254740993", "", "", R"({"id":9007199254740993})"},
            // As in Micro: the query wins over the path, and the body over both.
            {"GET", "/v1/users/7?id=8", "", "", R"({"id":8})"},
            {"PUT", "/v1/users/7", "application/json", R"({"name":"J","n":1.10})",
             R"({"id":7,"name":"J","n":1.10})"},
            {"PUT", "/v1/users/7?name=q", "application/json", R"( { "ID" : 9 } )",
             R"({"name":"q","ID":9})"},
            {"POST", "/v1/users/7?name=q", "", "", R"({"id":7,"name":"q"})"},
            {"POST", "/v1/users/7", "application/json", "null", R"({"id":7})"},
            {"POST", "/v1/users/7", "application/json", "{}", R"({"id":7})"},
            {"POST", "/v1/users/7", "application/x-www-form-urlencoded", "name=x",
             R"({"id":7,"name":"x"})"},
            {"POST", "/v1/users/7", "application/json-rpc", R"({"params":[{"name":"x"}]})",
             R"({"id":7,"name":"x"})"},
            {"POST", "/v1/users/7", "application/protobuf", "\x08\x07", "\x08\x07"},
            {"GET", "/v1/by/5/a+b/c%20%26d=e", "", "",
             R"({"filter":{"kind":"5"},"name":"a+b/c \u0026d=e"})"},
            {"PUT", "/v1/by/5/x", "application/json", R"({"filter":{"max":2}})",
             R"({"filter":{"kind":"5","max":2},"name":"x"})"},
        };
        for (const bool later : {false, true}) {
            for (const Row& row : rows) {
                FakeHost host;
                host.add_service(kUsers);
                Request r(row.method, row.target);
                r.body_later = later;
                if (*row.type) r.header("Content-Type", row.type);
                if (*row.body) r.body(row.body);
                host.run(r);
                if (later && *row.body) {
                    host.remove_services();
                    host.add_service(kUsers);  // the routes are made anew before the body comes
                    r.deliver();
                }
                REQUIRE_MESSAGE(host.calls.size() == 1, row.target << r.reply.body);
                CHECK_MESSAGE(host.calls[0].body == row.sent, row.target);
            }
        }
        for (const Row& row : {Row{"GET", "/v1/users/john", "", "", ""},
                               Row{"PUT", "/v1/users/7", "application/json", "[1]", ""},
                               Row{"PUT", "/v1/users/7", "application/json", "{", ""}}) {
            FakeHost host;
            host.add_service(kUsers);
            Request r(row.method, row.target);
            if (*row.type) r.header("Content-Type", row.type);
            if (*row.body) r.body(row.body);
            host.run(r);
            CHECK(r.reply.status == 400);
            CHECK(host.calls.empty());
        }
    }

    TEST_CASE("a wrong option is refused with a sentence") {
        FakeHost host(R"({"handler":"grpc"})");
        CHECK(host.created == MH_E_INVALID);
        CHECK(host.error == "/handler: handler must be meta, rpc, api, http, proxy, web or event");
    }
}
