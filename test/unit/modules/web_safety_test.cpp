// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "modules/web/cookies.hpp"
#include "modules/web/names.hpp"
#include "modules/web/page_token.hpp"
#include "modules/web/sessions.hpp"

using namespace microhost::web;

namespace {

std::string kept(std::string_view field) {
    std::string out;
    return without_ours(field, out) ? "-" + out : "=" + out;
}

std::string cookie_of(std::initializer_list<std::string_view> fields, bool tls = false) {
    std::vector<mh_header> headers;
    for (const std::string_view f : fields)
        headers.push_back({{"Cookie", 6}, {f.data(), f.size()}, MH_H_COOKIE, 0});
    return std::string(session_cookie(headers, tls));
}

}  // namespace

TEST_SUITE("modules/web") {
    TEST_CASE("our cookie is taken out of what web services get, however it is written") {
        CHECK(kept("a=1; b=2") == "=a=1; b=2");
        CHECK(kept("microhost=x") == "-");
        CHECK(kept("a=1; microhost=x; b=2") == "-a=1; b=2");
        CHECK(kept("a=1;microhost = x;;b=2;") == "-a=1; b=2");
        CHECK(kept("__Host-microhost=x; a=1; microhost=y") == "-a=1");
        CHECK(kept("MicroHost=x; a=\"; microhost=y\"") == "-a=\"");
        CHECK(kept("=microhost=x; microhost") == "-");
        CHECK(kept("xmicrohost=1; microhost2=2; a=microhost") ==
              "=xmicrohost=1; microhost2=2; a=microhost");
        CHECK(kept("") == "=");
    }

    TEST_CASE("web services cannot set it") {
        for (const char* bad :
             {"microhost=x; Path=/", "__Host-microhost=x", " microhost =x", "=microhost=x",
              "MICROHOST=x", "microhost", "microhost;a=b", "= =microhost=x"}) {
            CAPTURE(bad);
            CHECK(sets_ours(bad));
        }
        for (const char* good : {"a=microhost", "microhosts=1", "", "a=1; microhost=2"}) {
            CAPTURE(good);
            CHECK_FALSE(sets_ours(good));
        }
    }

    TEST_CASE("the session's cookie is found, and one that somebody put beside it makes it none") {
        CHECK(cookie_of({"a=1; microhost=id"}) == "id");
        CHECK(cookie_of({"a=1", "microhost=id; b=2"}) == "id");
        CHECK(cookie_of({"microhost=id; microhost=id"}) == "id");
        CHECK(cookie_of({"microhost=id", "microhost=other"}) == "");
        CHECK(cookie_of({"microhost=id"}, true) == "");
        CHECK(cookie_of({"__Host-microhost=id; microhost=other"}, true) == "id");
        CHECK(cookie_of({"Microhost=id"}) == "");
        CHECK(cookie_of({"microhost=" + std::string(129, 'a')}) == "");
        CHECK(set_cookie("id", true) ==
              "__Host-microhost=id; Path=/; HttpOnly; SameSite=Strict; Secure");
        CHECK(set_cookie("", false) == "microhost=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    }

    TEST_CASE("a session ends when it is not used, and when it is old") {
        const SessionLimits limits{1000, 5000};
        Session s{"anna", "print", 100, 100};
        CHECK(s.left_ms(100, limits) == 1000);
        CHECK(s.left_ms(1099, limits) == 1);
        CHECK(s.left_ms(1100, limits) == 0);
        s.used_ms = 4900;
        CHECK(s.left_ms(4900, limits) == 200);
        CHECK(s.left_ms(5100, limits) == 0);
        CHECK_FALSE(s.to_be_touched(4932, limits));
        CHECK(s.to_be_touched(4933, limits));
        const auto again = Session::of(s.text());
        REQUIRE(again);
        CHECK(again->user == "anna");
        CHECK(again->print == "print");
        CHECK(again->begun_ms == 100);
        CHECK(again->used_ms == 4900);
        for (const char* bad : {"", "1", "1\n2", "1\n2\np\n", "x\n2\np\nu", "1\n-2\np\nu"}) {
            CAPTURE(bad);
            CHECK_FALSE(Session::of(bad));
        }
        CHECK(random_id().size() == 64);
        CHECK(random_id() != random_id());
        CHECK(digest_of("abc") ==
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    TEST_CASE(
        "what a script of the same origin sends needs the token, what people and programs do does "
        "not") {
        const Fetch tool{}, script{"same-origin", "cors", "empty", ""},
            window{"same-origin", "navigate", "document", ""},
            frame{"same-origin", "navigate", "iframe", ""},
            typed{"none", "navigate", "document", ""},
            form{"same-origin", "navigate", "document", "http://x"},
            old_script{"", "", "", "http://x"};
        const Asked page{true, true, true}, data{true, false, true}, change{false, true, true};
        CHECK_FALSE(needs_token(tool, {false, false, false}));
        CHECK(needs_token(tool, data));
        CHECK(needs_token(tool, change));
        CHECK_FALSE(needs_token(tool, page));
        for (const Asked& a : {page, data, change}) {
            CHECK(needs_token(script, a));
            CHECK(needs_token(frame, a));
            CHECK(needs_token(old_script, a));
        }
        CHECK_FALSE(needs_token(window, page));
        CHECK(needs_token(window, data));
        CHECK(needs_token(form, change));
        CHECK_FALSE(needs_token(typed, data));
        CHECK(needs_token(typed, change));
        CHECK(may_tell_token(window, true));
        CHECK_FALSE(may_tell_token(frame, true));
        CHECK_FALSE(may_tell_token(script, true));
        CHECK_FALSE(may_tell_token(tool, true));
        CHECK(may_tell_token(tool, false));
    }

    TEST_CASE("the way on after a log-in leads nowhere else") {
        for (const char* good : {"/", "/services?q=a%20b", "/a//b", "/a:b@c"})
            CHECK(local_path(good) == good);
        for (const std::string& bad :
             {std::string(""), std::string("//evil"), std::string("http://evil"),
              std::string("/\\evil"), std::string("/\t/evil"), std::string("services"),
              std::string("/a b"), std::string("/\xc3\xa4"), "/" + std::string(3000, 'a')}) {
            CAPTURE(bad);
            CHECK(local_path(bad) == "/");
        }
    }

    TEST_CASE("pages are pages, and data is not") {
        for (const char* p : {"/", "/services", "/service/x", "/_/modules", "/_/login"})
            CHECK(is_page(p));
        for (const char* p : {"/_/api/logs", "/_/events", "/_/commands", "/rpc", "/_/", "/_"})
            CHECK_FALSE(is_page(p));
    }
}
