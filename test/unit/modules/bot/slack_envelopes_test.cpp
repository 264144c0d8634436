// SPDX-License-Identifier: Apache-2.0
#include "../../../../modules/bot/inputs/slack/envelopes.hpp"

#include <doctest/doctest.h>
#include <microhost/json.hpp>

#include <vector>

#include "../../../../modules/bot/inputs/slack/settings.hpp"
#include "../../../../modules/bot/inputs/slack/text.hpp"
#include "module/abi/tables.hpp"

using namespace microhost::bot;
using namespace microhost::bot::slack;

namespace {

Frame read(const std::string& json) {
    mh::the_table<mh_json> = &microhost::module::kJsonTable;
    return read_frame(json);
}

std::string event(const std::string& fields) {
    return R"({"envelope_id":"e1","type":"events_api","payload":{"team_id":"T1","event_id":"Ev1","event":{)" +
           fields + "}}}";
}

}  // namespace

TEST_SUITE("modules/bot") {
    TEST_CASE("slack: frames are told apart") {
        CHECK(read(R"({"type":"hello","num_connections":1})").kind == Frame::Kind::hello);
        const Frame bye = read(R"({"type":"disconnect","reason":"refresh_requested"})");
        CHECK(bye.kind == Frame::Kind::disconnect);
        CHECK(bye.reason == "refresh_requested");
        const Frame buttons = read(R"({"type":"interactive","envelope_id":"e\"9","payload":{}})");
        CHECK(buttons.kind == Frame::Kind::envelope);
        CHECK_FALSE(buttons.heard);
        CHECK(acknowledgement(buttons.envelope) == R"({"envelope_id":"e\"9"})");
        CHECK(read(R"({"type":"news"})").kind == Frame::Kind::other);
        for (const char* bad :
             {"", "{", "[]", "null", "7", R"({"type":7})", R"({"envelope_id":"e"})"})
            CHECK(read(bad).kind == Frame::Kind::malformed);
    }

    TEST_CASE("slack: what stands in a log is never what somebody wrote") {
        CHECK(read(R"({"type":"disconnect","reason":"xoxb-1 \n secret"})").reason == "?");
        CHECK(read(R"({"type":"a b","envelope_id":"e"})").type == "?");
    }

    TEST_CASE("slack: a message in a channel is answered in its thread") {
        const Frame f = read(event(
            R"("type":"app_mention","channel":"C1","user":"U1","ts":"1.2","text":"<@UBOT>: list services")"));
        REQUIRE(f.heard);
        const Message m = message_of(*f.heard, "UBOT");
        CHECK(m.addressed);
        CHECK(m.text == "list services");
        CHECK(m.from.identity == "slack:T1/U1");
        CHECK_FALSE(m.from.robot);
        CHECK(m.place.room == "C1");
        CHECK(m.place.peer == "U1");
        CHECK(m.place.thread == "1.2");
        const Frame in_thread = read(event(
            R"("type":"message","channel":"C1","user":"U1","ts":"1.3","thread_ts":"1.0","text":"hi <@UBOT>")"));
        const Message later = message_of(*in_thread.heard, "UBOT");
        CHECK(later.place.thread == "1.0");
        CHECK_FALSE(later.addressed);
        CHECK(later.text == "hi @UBOT");
    }

    TEST_CASE("slack: a direct message is addressed, and answered where it came from") {
        const Frame f = read(event(
            R"("type":"message","channel":"D1","channel_type":"im","user":"U1","ts":"1.2","text":"help")"));
        const Message m = message_of(*f.heard, "UBOT");
        CHECK(m.addressed);
        CHECK(m.place.direct());
        CHECK(m.place.peer == "D1");
        CHECK(m.place.thread.empty());
    }

    TEST_CASE("slack: a guest's identity is of the team that vouches for it") {
        const Frame f = read(event(
            R"("type":"message","channel":"C1","user":"U7","user_team":"T9","ts":"1.2","text":"help")"));
        CHECK(message_of(*f.heard, "UBOT").from.identity == "slack:T9/U7");
    }

    TEST_CASE("slack: other apps are robots, and what nobody says is not heard") {
        CHECK(
            read(
                event(
                    R"("type":"message","channel":"C1","user":"U2","bot_id":"B2","ts":"1.2","text":"x")"))
                .heard->robot);
        CHECK(
            read(
                event(
                    R"("type":"message","subtype":"bot_message","channel":"C1","ts":"1.2","text":"x")"))
                .heard->robot);
        for (
            const char* silent :
            {R"("type":"reaction_added","user":"U1")",
             R"("type":"message","subtype":"message_changed","channel":"C1","user":"U1","ts":"1","text":"x")",
             R"("type":"message","subtype":"message_deleted","channel":"C1","user":"U1","ts":"1","text":"x")",
             R"("type":"message","subtype":"channel_join","channel":"C1","user":"U1","ts":"1","text":"x")",
             R"("type":"message","channel":"C1","ts":"1","text":"x")",
             R"("type":"message","channel":7,"user":"U1","ts":"1","text":"x")",
             R"("type":"message","user":"U1","ts":"1","text":"x")"})
            CHECK_FALSE(read(event(silent)).heard);
        const Frame endless =
            read(event(R"("type":"message","channel":"C1","user":"U1","ts":"1","text":")" +
                       std::string(20'000, 'x') + "\""));
        REQUIRE(endless.heard);
        CHECK(endless.heard->text.empty());
        CHECK(endless.heard->too_long);
        CHECK_FALSE(read(R"({"envelope_id":"e","type":"events_api"})").heard);
    }

    TEST_CASE("slack: a slash command bears where to answer") {
        const Frame f = read(
            R"({"envelope_id":"e1","type":"slash_commands","accepts_response_payload":true,"payload":{
               "team_id":"T1","channel_id":"C1","channel_name":"ops","user_id":"U1","user_name":"ada",
               "command":"/micro","text":"list services","response_url":"https://hooks.slack.com/commands/1/2",
               "trigger_id":"1.2"}})");
        REQUIRE(f.heard);
        CHECK(f.heard->slash);
        CHECK(f.heard->response_url == "https://hooks.slack.com/commands/1/2");
        const Message m = message_of(*f.heard, "UBOT");
        CHECK(m.addressed);
        CHECK(m.from.name == "ada");
        CHECK(m.from.identity == "slack:T1/U1");
        CHECK(m.place.room == "C1");
    }

    TEST_CASE("slack: text is what was typed") {
        struct Row {
            const char *said, *typed;
        };
        const Row rows[] = {
            {"a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"},
            {"&amp;lt;", "&lt;"},
            {"call <http://example.org:80|example.org:80> Say.Hello",
             "call example.org:80 Say.Hello"},
            {"see <https://x/y>", "see https://x/y"},
            {"<mailto:a@b.c|a@b.c>", "a@b.c"},
            {"in <#C1|ops> or <#C2>", "in #ops or #C2"},
            {"<@U1> and <@U2|ada> and <!here>", "@U1 and @ada and @here"},
            {"\u201cq\u201d \u2018r\u2019", "\"q\" 'r'"},
            {"a\u00a0b", "a b"},
            {"unclosed <http://x", "unclosed http://x"},
            {"<>", ""},
            {"", ""},
        };
        for (const Row& row : rows) CHECK(unescape(row.said) == row.typed);
        CHECK(escape("<a> & b") == "&lt;a&gt; &amp; b");
        CHECK(unescape(escape("<@U1> & &lt;")) == "<@U1> & &lt;");
    }

    TEST_CASE("slack: only a mention of the bot at the beginning is taken off") {
        const auto strip = [](std::string_view text) {
            const bool taken = strip_mention(text, "UBOT");
            return (taken ? "yes " : "no ") + std::string(text);
        };
        CHECK(strip("<@UBOT> list") == "yes list");
        CHECK(strip("  <@UBOT|micro>:\u00a0 list") == "yes list");
        CHECK(strip("<@UBOT>") == "yes ");
        CHECK(strip("<@UOTHER> list") == "no <@UOTHER> list");
        CHECK(strip("hey <@UBOT>") == "no hey <@UBOT>");
        CHECK(strip("<@UBOT") == "no <@UBOT");
        CHECK(strip("") == "no ");
    }

    TEST_CASE("slack: fields of a form are escaped") {
        std::string form;
        add_field(form, "channel", "C1");
        add_field(form, "text", "a b&c=\xc3\xa4+~");
        CHECK(form == "channel=C1&text=a%20b%26c%3D%C3%A4%2B~");
    }

    TEST_CASE("slack: tokens that cannot work are told from those that can, and none is repeated") {
        CHECK(token_problem("xoxb-1-2", false) == nullptr);
        CHECK(token_problem("xoxe.xoxb-1-2", false) == nullptr);
        CHECK(token_problem("xapp-1-2", true) == nullptr);
        for (const char* bad : {"", "xapp-1", "xoxp-1", "xoxb 1", "xoxb-1\n", "abc"}) {
            const char* why = token_problem(bad, false);
            REQUIRE(why);
            if (*bad) CHECK(std::string(why).find(bad) == std::string::npos);
        }
        CHECK(token_problem("xoxb-1", true));
    }
}
