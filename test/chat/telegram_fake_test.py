# SPDX-License-Identifier: Apache-2.0
"""The fake is worth something because grammy, which is used with the real Telegram, takes it for Telegram."""
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "integration")]

import fake_telegram
import harness
import tools
from fake_telegram import GROUP


class Grammy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.telegram = cls.enterClassContext(fake_telegram.Telegram())
        cls.client = cls.enterClassContext(tools.Script("grammy_client.mjs", cls.telegram.address, fake_telegram.TOKEN))

    def test_it_knows_who_it_is(self):
        self.assertEqual(self.client.first, "micro_bot")

    def test_a_message_is_heard_and_answered_once(self):
        self.telegram.says("hello there")
        self.telegram.wait_for_answer("heard: hello there")
        self.telegram.says("in the group", chat=GROUP)
        self.assertEqual(self.telegram.wait_for_answer("heard: in the group")["chat"], GROUP)
        self.assertEqual(len([m for m in self.telegram.sent if "hello there" in m["text"]]), 1)

    def test_text_in_html_is_read_as_telegram_reads_it(self):
        self.telegram.says("/table", entities=[{"type": "bot_command", "offset": 0, "length": 6}])
        self.assertEqual(self.telegram.wait_for_answer("a < b")["raw"], "<pre>a &lt; b</pre>")
        self.telegram.says("/bad", entities=[{"type": "bot_command", "offset": 0, "length": 4}])
        self.telegram.wait_for_answer("refused: 400")

    def test_a_poll_that_fails_is_made_again(self):
        self.telegram.says("before")
        self.telegram.wait_for_answer("heard: before")
        self.telegram.refuse("getUpdates", 429, "Too Many Requests: retry after 1", retry_after=1)
        self.telegram.says("after the pause")
        self.telegram.wait_for_answer("heard: after the pause", seconds=15)


if __name__ == "__main__":
    unittest.main()
