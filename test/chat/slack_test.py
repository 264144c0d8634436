# SPDX-License-Identifier: Apache-2.0
"""The bot in Slack: against the fake that Slack's own client accepts (slack_fake_test.py)."""
import shutil
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "integration")]

import harness
import tls_test
import tools

TOKENS = ("xoxb-right", "xapp-right", "xoxb-wrong")


class Case(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tools.packages()

    def bot(self, slack, ready=True, **options):
        config = {"inputs": ["slack"], "slack_token": "xoxb-right", "slack_app_token": "xapp-right", "slack_api": slack.api, **options}
        return harness.Microhost({"load": ["bot.so"], "modules": {"bot": config}}, ready=ready)

    def in_slack(self, slack):
        harness.wait_for(lambda: slack.state["sockets"] == 1, 15, "the bot's socket")
        slack.clear()

    def one_socket(self, opens):
        """Of the fake of the class, after so many tickets."""
        def there():
            self.seen = self.slack.state
            return self.seen["opens"] == opens and self.seen["sockets"] == 1

        try:
            harness.wait_for(there, 20, "one socket")
        except AssertionError as late:
            raise AssertionError(f"{late}: {self.seen}\n{self.host.stderr[-3000:]}") from None

    def posts(self, slack, count=1):
        return harness.wait_for(lambda: len(p := slack.state["posts"]) >= count and p, 15, f"{count} posts, not {slack.state}")

    def assertNoSecrets(self, host):
        for token in TOKENS:
            self.assertNotIn(token, host.stderr)
        self.assertNotIn("ticket-", host.stderr)


class Talk(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.slack = cls.enterClassContext(tools.FakeSlack())
        cls.host = cls.enterClassContext(cls.bot(cls, cls.slack, slack_debug=True))
        cls.addClassCleanup(lambda: cls.assertNoSecrets(cls(), cls.host))

    def setUp(self):
        self.in_slack(self.slack)

    def test_a_mention_is_answered_once_in_its_thread(self):
        ts = self.slack.say(text="<@UBOT> ping")["ts"]
        (post,) = self.posts(self.slack)
        self.assertEqual((post["channel"], post["thread_ts"]), ("C1", ts))
        self.assertIn("pong", post["text"])
        # It came twice, as a mention and as a message, and both were acknowledged.
        state = self.slack.state
        self.assertEqual((len(state["acks"]), state["wrong"], state["late"]), (2, [], []))

    def test_a_thread_goes_on_in_itself_and_a_direct_message_where_it_came_from(self):
        self.slack.say(text="<@UBOT>: ping", thread_ts="1600000000.000001")
        self.assertEqual(self.posts(self.slack)[0]["thread_ts"], "1600000000.000001")
        self.slack.clear()
        self.slack.say(text="ping", channel="D7")
        (post,) = self.posts(self.slack)
        self.assertEqual((post["channel"], post["thread_ts"]), ("D7", ""))

    def test_what_was_typed_is_understood_and_what_is_said_is_escaped(self):
        self.slack.say(text="<@UBOT>\u00a0echo a &lt; \u201cb  c\u201d &amp; <http://example.org:80|example.org:80>")
        (post,) = self.posts(self.slack)
        self.assertIn('a &lt; "b  c" &amp; example.org:80', post["text"])

    def test_a_slash_command_is_answered_at_its_own_address(self):
        hook = self.slack.slash(text="ping")["hook"]
        harness.wait_for(lambda: self.slack.state["hooks"], 15, "the answer")
        state = self.slack.state
        self.assertEqual([(h["id"], h["response_type"]) for h in state["hooks"]], [(hook, "in_channel")])
        self.assertIn("pong", state["hooks"][0]["text"])
        self.assertEqual(len(state["acks"]), 1)

    def test_robots_strangers_and_itself_get_no_answer(self):
        self.slack.say(text="<@UBOT> ping", bot_id="B9", user="U9")
        self.slack.say(text="<@UBOT> ping", user="UBOT")
        self.slack.say(text="<@UBOT> ping", subtype="message_changed")
        self.slack.say(text="<@UBOT> ping", channel="C2")
        self.assertEqual([p["channel"] for p in self.posts(self.slack)], ["C2"])

    def test_a_channel_that_takes_nothing_is_one_line_and_holds_nobody_up(self):
        for _ in range(2):
            self.slack.say(text="<@UBOT> ping", channel="CGONE")
        self.slack.say(text="<@UBOT> ping", channel="C8")
        self.assertEqual([p["channel"] for p in self.posts(self.slack)], ["C8"])
        self.host.wait_for_log("channel_not_found")

    def test_a_text_that_nobody_types_is_passed_over_with_a_line(self):
        self.slack.say(text="<@UBOT> echo " + "x" * 65536)
        self.host.wait_for_log("longer than 16 KiB")
        self.slack.say(text="<@UBOT> ping")
        self.assertEqual(len(self.posts(self.slack)), 1)

    def test_a_limited_answer_comes_later_and_once(self):
        self.slack.limit(retry_after=1)
        begun = time.monotonic()
        self.slack.say(text="<@UBOT> ping")
        self.posts(self.slack)
        self.assertGreater(time.monotonic() - begun, 0.9)
        self.assertEqual(self.slack.state["calls"].count("chat.postMessage"), 2)

    def test_a_channel_gets_a_burst_and_then_one_a_second(self):
        for _ in range(5):
            self.slack.say(text="<@UBOT> ping", channel="C5")
        at = [post["at"] for post in self.posts(self.slack, 5)]
        self.assertLess(at[2] - at[0], 900)
        self.assertGreater(at[4] - at[0], 1800)

    def test_what_slack_never_sends_harms_nothing(self):
        for text in ("", "{", "[]", '{"type":"events_api","envelope_id":"x","payload":{"event":7}}', "[" * 5000, '{"type":"hello"}' * 2):
            self.slack.raw(text=text)
        self.slack.say(text="<@UBOT> ping")
        self.posts(self.slack)
        self.assertEqual(self.slack.state["sockets"], 1)

    def test_a_refresh_leaves_no_gap_and_nothing_is_answered_twice(self):
        self.slack.leave(reason="refresh_requested")
        for _ in range(3):
            self.slack.say(text="<@UBOT> ping", channel="C3")  # over whichever socket there is
        self.one_socket(1)
        self.slack.say(text="<@UBOT> ping", channel="C4")
        harness.wait_for(lambda: [p["channel"] for p in self.slack.state["posts"]].count("C4"), 15, "the last answer")
        state = self.slack.state
        self.assertEqual([p["channel"] for p in state["posts"]].count("C3"), 3)
        self.assertEqual((state["late"], state["wrong"]), ([], []))

    def test_what_comes_again_is_not_answered_again_over_a_reload_too(self):
        self.slack.say(text="<@UBOT> ping", channel="C6")
        self.posts(self.slack)
        self.slack.again()
        harness.wait_for(lambda: len(self.slack.state["acks"]) == 3, 15, "the third acknowledgement")
        answer = self.host.ask_control("POST", "/v1/commands/modules/reload", b'{"args":{"id":"bot"}}')
        self.assertIn('"exit":0', answer.text)
        self.one_socket(1)
        self.slack.again()
        self.slack.say(text="<@UBOT> ping", channel="C7")
        harness.wait_for(lambda: "C7" in (p := [p["channel"] for p in self.slack.state["posts"]]) and p, 15, "the other answer")
        self.assertEqual([p["channel"] for p in self.slack.state["posts"]], ["C6", "C7"])

    def test_a_broken_connection_comes_back(self):
        self.slack.breaks(times=1)
        self.slack.cut()
        self.slack.say(text="<@UBOT> ping")  # nobody is there: Slack tries again
        harness.wait_for(lambda: self.slack.state["posts"], 30, "the answer")


@unittest.skipUnless(shutil.which("openssl"), "needs openssl")
class Secure(Case):
    def test_slack_is_believed_by_its_certificate_alone(self):
        made = tls_test.Certificates()
        self.addCleanup(shutil.rmtree, made.folder, ignore_errors=True)
        with tools.FakeSlack(made.sign("slack", "slack"), made.path("ca.pem")) as slack:
            with self.bot(slack, slack_ca_file=made.path("ca.pem")) as host:
                self.in_slack(slack)
                slack.say(text="<@UBOT> ping")
                slack.slash(text="ping")
                self.posts(slack)
                harness.wait_for(lambda: slack.state["hooks"], 15, "the other answer")
            slack.clear()
            with self.bot(slack, slack_ca_file=made.path("other-ca.pem")) as host:
                host.wait_for_log("certificate verify failed", 15)
                self.assertEqual((slack.state["calls"], host.stderr.count("certificate verify failed")), ([], 1))


class Refused(Case):
    def test_a_wrong_token_is_one_clear_line_and_no_loop(self):
        with tools.FakeSlack() as slack, self.bot(slack, slack_token="xoxb-wrong") as host:
            host.wait_for_log("invalid_auth", 15)
            harness.wait_for(lambda: slack.state["calls"] == ["auth.test"], 5, "one call")
            self.assertEqual(sum("invalid_auth" in line for line in host.stderr.splitlines()), 1, host.stderr)
            self.assertNoSecrets(host)

    def test_a_wrong_app_token_and_a_switched_off_socket_mode(self):
        with tools.FakeSlack() as slack:
            slack.refuse(**{"apps.connections.open": "not_allowed_token_type"})
            with self.bot(slack) as host:
                host.wait_for_log("not_allowed_token_type", 15)
            slack.refuse()
            slack.clear()
            with self.bot(slack) as host:
                self.in_slack(slack)
                slack.leave(reason="link_disabled")
                host.wait_for_log("Socket Mode is switched off", 15)
                self.assertEqual(slack.state["opens"], 0)

    def test_what_cannot_work_is_refused_with_the_reason(self):
        for options, word in (({"slack_app_token": ""}, "RTM"), ({"slack_token": ""}, "slack_token"), ({"slack_token": "xoxp-1"}, "person's"),
                              ({"slack_app_token": "xoxb-right"}, "begins with xapp-"), ({"slack_api": "slack.com"}, "slack_api")):
            with self.subTest(word):
                config = {"inputs": ["slack"], "slack_token": "xoxb-right", "slack_app_token": "xapp-right", **options}
                line = self.refuses({"load": ["bot.so"], "modules": {"bot": config}}, words=[word])
                for token in TOKENS:
                    self.assertNotIn(token, line)

    def test_tokens_may_lie_in_files_and_a_new_one_is_used_at_once(self):
        with tempfile.TemporaryDirectory() as folder, tools.FakeSlack() as slack:
            files = {"slack_token_file": "xoxb-wrong", "slack_app_token_file": "xapp-right"}
            for name, token in files.items():
                Path(folder, name).write_text(token + "\n")
            paths = {name: str(Path(folder, name)) for name in files}
            with self.bot(slack, slack_token="", slack_app_token="", **paths) as host:
                host.wait_for_log("invalid_auth", 15)
                Path(folder, "new").write_text("xoxb-right")
                Path(folder, "new").replace(paths["slack_token_file"])
                self.in_slack(slack)
                slack.say(text="<@UBOT> ping")
                self.posts(slack)
                self.assertNoSecrets(host)


if __name__ == "__main__":
    unittest.main()
