# SPDX-License-Identifier: Apache-2.0
"""The bot in HipChat's dialect: a real Prosody, with a module for HipChat's way to log in."""
import time

import bot_xmpp_case
import harness
import prosody
from bot_xmpp_case import SECRET

OPS = "1_ops@conf.localhost"


class Hipchat(bot_xmpp_case.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(prosody.Prosody(
            cls.kept, cls.ca, rooms="conf.localhost", host='  modules_enabled = { "hipchat" }\n  hipchat_rooms = "conf.localhost"',
            bot=SECRET, ada="a"))

    def hipchat(self, password=SECRET):
        flags = ["--inputs", "hipchat", "--hipchat_username", "bot@example.org", "--hipchat_server", f"localhost:{self.server.plain}",
                 "--hipchat_debug"]
        config = {"load": ["bot.so"], "modules": {"bot": {"hipchat_ca_file": self.ca, "hipchat_rooms": ["1_ops"]}}}
        return harness.Microhost(config, *flags, env={"MICRO_HIPCHAT_PASSWORD": password})

    def test_its_own_way_in_full_names_and_mention_names(self):
        with self.hipchat() as host, prosody.User(self.server, "ada") as ada:
            host.wait_for_log("in 1 of 1 room", 15)
            host.wait_for_log("by HipChat")
            ada.join(OPS, "Ada Lovelace")
            self.assertTrue([e for e in ada.seen if e["event"] == "there" and e["nick"] == "Micro Bot"])
            for mention in ("@MicroBot ping", "@microbot ping", "MicroBot: ping", "Micro Bot ping"):
                ada.ask(OPS, mention, "pong")
            self.assertIn("hipchat:ada@localhost", ada.ask(OPS, "@MicroBot whoami", "hipchat:"))
            ada.join("2_dev@conf.localhost", "Ada Lovelace")
            ada.do("raw", xml="<message to='2_dev@conf.localhost'><x xmlns='http://jabber.org/protocol/muc#user'>"
                              "<invite to='bot@localhost'/></x></message>")
            ada.wait(event="there", room="2_dev@conf.localhost", nick="Micro Bot")
            host.wait_for_log("a stanza came")
            self.assertNotIn(SECRET, host.stderr)

    def test_a_wrong_password_is_tried_once(self):
        with self.hipchat("wrong-7f3a") as host:
            host.wait_for_log("not-authorized", 15)
            end = time.monotonic() + 1.5
            harness.wait_for(lambda: time.monotonic() > end, 5)
            self.assertEqual(host.stderr.count("not-authorized"), 1)
            self.assertNotIn("wrong-7f3a", host.stderr)
