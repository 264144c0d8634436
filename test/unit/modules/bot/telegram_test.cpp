// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <microhost/json.hpp>

#include "module/abi/tables.hpp"
#include "modules/bot/inputs/telegram/settings.hpp"
#include "modules/bot/inputs/telegram/updates.hpp"

using namespace microhost::bot;
using namespace microhost::bot::telegram;

namespace {

Settings settings() {
    Settings s;
    s.token = "4711:AAx_y-z";
    return s;
}

std::string why(Settings s) {
    try {
        s.check();
    } catch (const mh::failure& f) {
        return f.what();
    }
    return "";
}

Updates updates(const std::string& text, const Settings& s = settings(), int64_t oldest = 1000) {
    mh::the_table<mh_json> = &microhost::module::kJsonTable;
    const mh::json_document document(text);
    REQUIRE(document);
    return read_updates(document.root(), {4711, "micro_bot"}, s, oldest);
}

/// One update with a text of ada in a direct chat, and more members of the message.
std::string update(const std::string& text, const std::string& more = "",
                   const std::string& chat = R"({"id":7,"type":"private"})") {
    return R"([{"update_id":5,"message":{"message_id":1,"date":2000,"text":")" + text +
           R"(","from":{"id":7,"is_bot":false,"username":"ada","first_name":"Ada"},"chat":)" +
           chat + more + "}}]";
}

const std::string kGroup = R"({"id":-100200,"type":"supergroup"})";

}  // namespace

TEST_SUITE("modules/bot/telegram") {
    TEST_CASE("a text asks the bot in Telegram's ways, or somebody else") {
        struct Case {
            const char *text, *direct, *group;  // "-": not for the bot
        };
        for (const Case& c : std::initializer_list<Case>{
                 {"list services", "list services", "-"},
                 {"/list services", "list services", "-"},
                 {"/list@Micro_Bot services", "list services", "list services"},
                 {"/list@micro_bot", "list", "list"},
                 {"/list@micro_bots x", "-", "-"},
                 {"/list@other x", "-", "-"},
                 {"@micro_bot: list", "list", "list"},
                 {"@MICRO_BOT, list", "list", "list"},
                 {"@micro_bot", "", ""},
                 {"@micro_botany list", "@micro_botany list", "-"},
                 {"/start", "help", "-"},
                 {"/", "", "-"},
                 {"", "", "-"},
             }) {
            CAPTURE(c.text);
            const Asked direct = asked(c.text, "micro_bot", true);
            CHECK((direct.addressed ? direct.text : "-") == c.direct);
            const Asked group = asked(c.text, "micro_bot", false);
            CHECK((group.addressed ? group.text : "-") == c.group);
        }
        CHECK_FALSE(asked("@: x", "", false).addressed);
    }

    TEST_CASE("the number is the identity, the name is only shown") {
        const Updates u = updates(update("ping"));
        CHECK(u.next == 6);
        REQUIRE(u.messages.size() == 1);
        const Message& m = u.messages[0];
        CHECK(m.from.name == "ada");
        CHECK(m.from.identity == "telegram:7");
        CHECK(m.place.direct());
        CHECK(m.place.peer == "7");
        CHECK(m.addressed);
    }

    TEST_CASE("in a group the answer goes to its topic, and a reply to the bot is for it") {
        const auto u = updates(update("yes 7f3a",
                                      R"(,"message_thread_id":9,"is_topic_message":true,)"
                                      R"("reply_to_message":{"from":{"id":4711}})",
                                      kGroup));
        REQUIRE(u.messages.size() == 1);
        CHECK(u.messages[0].place.room == "-100200");
        CHECK(u.messages[0].place.thread == "9");
        CHECK(u.messages[0].addressed);
        const auto other = updates(update("hello", R"(,"message_thread_id":9)", kGroup));
        CHECK(other.messages[0].place.thread.empty());
        CHECK_FALSE(other.messages[0].addressed);
    }

    TEST_CASE("what is no new text of a person is confirmed and left out") {
        for (const std::string& text :
             {update("x", R"(,"forward_origin":{"type":"user"})"),
              update("x", R"(,"via_bot":{"id":1})"),
              update("x", "", R"({"id":7,"type":"channel"})"),
              std::string(R"([{"update_id":5,"edited_message":{"text":"x"}}])"),
              std::string(R"([{"update_id":5,"message":{"text":"x"}}])"),
              std::string(R"([{"update_id":5,"message":{"text":7,"from":3,"chat":[]}}])")}) {
            CHECK(updates(text).messages.empty());
            CHECK(updates(text).next == 6);
        }
        CHECK(updates(update("old"), settings(), 2001).messages.empty());
        CHECK(updates("[]").next == 0);
        CHECK(updates("{}").next == 0);
        CHECK(updates(R"([{"update_id":-1},{"update_id":9223372036854775807},7,null])").next == 0);
        const auto bot = updates(
            R"([{"update_id":5,"message":{"date":2000,"text":"x","from":{"id":8,"is_bot":true},"chat":{"id":8,"type":"private"}}}])");
        CHECK(bot.messages.at(0).from.robot);
    }

    TEST_CASE("only the whitelist is listened to, by name or number") {
        Settings s = settings();
        s.whitelist = {"@Ada"};
        CHECK(updates(update("x"), s).messages.size() == 1);
        s.whitelist = {"7"};
        CHECK(updates(update("x"), s).messages.size() == 1);
        s.whitelist = {"eve", ""};
        CHECK(updates(update("x"), s).messages.empty());
        CHECK_FALSE(s.listens_to("", "9"));
    }

    TEST_CASE("a token is a number, a colon and letters, and is not shown when it is none") {
        CHECK(is_token("1:a"));
        for (const char* bad : {"", ":", "1:", ":a", "x:a", "1:a b", "1:a/../", "1:a?b", "1:a\r\n"})
            CHECK_FALSE(is_token(bad));
        CHECK_FALSE(is_token("1:" + std::string(200, 'a')));
        Settings s = settings();
        s.token = "secret words";
        CHECK(why(s).starts_with("telegram_token: "));
        CHECK(why(s).find("secret") == std::string::npos);
    }

    TEST_CASE("the token goes over TLS, or to this machine") {
        Settings s = settings();
        CHECK(why(s).empty());
        s.api = "http://127.0.0.1:8081/";
        CHECK(why(s).empty());
        for (const char* bad :
             {"http://api.telegram.org", "http://127.0.0.1.example.org", "x", "https://h/?q"}) {
            s.api = bad;
            CHECK(why(s).starts_with("telegram_api: "));
        }
        s = settings();
        s.token.clear();
        CHECK(why(s).starts_with("telegram_token: "));
        s.token_file = "f";
        CHECK(why(s).empty());
        s.token = "1:a";
        CHECK(why(s).starts_with("telegram_token: "));
    }
}
