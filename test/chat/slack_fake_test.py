# SPDX-License-Identifier: Apache-2.0
"""The fake is worth something because Slack's own client takes it for Slack."""
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "integration")]

import harness
import tools


class Bolt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.slack = cls.enterClassContext(tools.FakeSlack())
        cls.enterClassContext(tools.Script("bolt_client.mjs", cls.slack.api + "/"))

    def setUp(self):
        harness.wait_for(lambda: self.slack.state["sockets"] == 1, 15, "one socket")
        self.slack.clear()

    def posts(self, count):
        return harness.wait_for(lambda: len(p := self.slack.state["posts"]) >= count and p, 15, f"{count} posts")

    def test_a_mention_is_acknowledged_and_answered_in_its_thread(self):
        ts = self.slack.say(text="<@UBOT> hello")["ts"]
        (post,) = self.posts(1)
        self.assertEqual((post["channel"], post["text"], post["thread_ts"]), ("C1", "heard: <@UBOT> hello", ts))
        self.assertEqual((len(self.slack.state["acks"]), self.slack.state["wrong"]), (2, []))

    def test_a_slash_command_is_answered_twice(self):
        hook = self.slack.slash(text="list")["hook"]
        harness.wait_for(lambda: self.slack.state["hooks"], 15, "the answer")
        self.assertEqual(self.slack.state["acks"][0]["payload"], {"text": "running list"})
        self.assertEqual(self.slack.state["hooks"], [{"id": hook, "text": "done list", "response_type": "in_channel"}])

    def test_who_is_limited_waits_and_tries_again(self):
        self.slack.limit(retry_after=1)
        self.slack.say(text="<@UBOT> hello")
        self.posts(1)
        self.assertEqual(self.slack.state["calls"].count("chat.postMessage"), 2)

    def test_a_socket_that_is_to_be_refreshed_is_replaced(self):
        self.slack.leave()
        harness.wait_for(lambda: self.slack.state["opens"] == 1 and self.slack.state["sockets"] == 1, 20, "another socket")
        self.slack.say(text="<@UBOT> after")
        self.posts(1)


if __name__ == "__main__":
    unittest.main()
