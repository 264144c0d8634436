// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "module/abi/tables.hpp"
#include "modules/auth-service/decision.hpp"

#include <microhost/json.hpp>

using microhost::auth_service::Decision;

namespace {

std::string misunderstood(std::string_view json) {
    mh::the_table<mh_json> = &microhost::module::kJsonTable;
    std::string why;
    return Decision::read(json, why) ? "" : why;
}

}  // namespace

TEST_SUITE("modules/auth-service") {
    TEST_CASE("an answer that is half understood is none") {
        for (
            const char* good :
            {R"({"allow":true})", R"({"allow":false})",
             R"({"allow":false,"status":302,"set_headers":{"Location":"/login"}})",
             R"({"allow":true,"subject":"a","roles":["r"],"claims":{"k":"v"},"set_headers":{"X-A":""},"message":null,"more":1})"})
            CHECK(misunderstood(good) == "");
        for (const char* bad : {"", "null", "[]", "true", "{", "\xff", R"({"allow":true)",
                                R"({"allow":true,"allow":false})"}) {
            CAPTURE(bad);
            CHECK(misunderstood(bad) == "its answer is no JSON object");
        }
        const std::pair<const char*, const char*> rows[] = {
            {"allow", R"({})"},
            {"allow", R"({"allow":1})"},
            {"allow", R"({"allow":"true"})"},
            {"allow", R"({"allow":null})"},
            {"status", R"({"allow":false,"status":200})"},
            {"status", R"({"allow":false,"status":"403"})"},
            {"status", R"({"allow":false,"status":700})"},
            {"status", R"({"allow":false,"status":304})"},
            {"subject", R"({"allow":true,"subject":7})"},
            {"subject", R"({"allow":true,"subject":"a\nb"})"},
            {"subject", R"({"allow":true,"roles":["admin"]})"},
            {"roles", R"({"allow":true,"subject":"a","roles":"admin"})"},
            {"roles", R"({"allow":true,"subject":"a","roles":[null]})"},
            {"claims", R"({"allow":true,"claims":[]})"},
            {"claims", R"({"allow":true,"claims":{"a":1}})"},
            {"set_headers", R"({"allow":true,"set_headers":{"Host":"x"}})"},
            {"set_headers", R"({"allow":true,"set_headers":{"Content-Length":"1"}})"},
            {"set_headers", R"({"allow":true,"set_headers":{"X-A":"a\r\nb"}})"},
            {"set_headers", R"({"allow":true,"set_headers":{"a b":"x"}})"}};
        for (const auto& row : rows) {
            CAPTURE(row.second);
            CHECK(misunderstood(row.second) ==
                  "\"" + std::string(row.first) + "\" of its answer is missing or makes no sense");
        }
    }

    TEST_CASE("what it says is taken over") {
        std::string why;
        const auto d = Decision::read(
            R"({"allow":true,"subject":"ali","roles":["a","b"],"claims":{"t":"1"},"set_headers":{"X-T":"1"}})",
            why);
        REQUIRE(d);
        CHECK(d->allow);
        CHECK(d->who.subject == "ali");
        CHECK(d->who.roles == std::vector<std::string>{"a", "b"});
        CHECK(d->who.claims.at(0).second == "1");
        CHECK(d->who.fields.at(0).first == "X-T");
        const auto no = Decision::read(R"({"allow":false,"status":401,"message":"who?"})", why);
        REQUIRE(no);
        CHECK(no->status == 401);
        CHECK(no->message == "who?");
        CHECK(Decision::read(R"({"allow":false})", why)->status == 403);
    }
}
