# SPDX-License-Identifier: Apache-2.0
"""The bot on Telegram: a fake that grammy, which is used with the real one, takes for Telegram (test/chat)."""
import subprocess
import threading
import time

import fake_telegram
import harness
from fake_telegram import ADA, GROUP, TOKEN


class Telegram(harness.Case):
    def setUp(self):
        self.telegram = self.enterContext(fake_telegram.Telegram())

    def bot(self, token=TOKEN, **more):
        """microhost with the bot. Whatever happens, the token is in no line."""
        options = {"inputs": ["telegram"], "telegram_token": token, "telegram_api": self.telegram.address, **more}
        host = harness.Microhost({"load": ["cli.so", "bot.so"], "modules": {"bot": options}})
        self.addCleanup(lambda: self.assertNotIn(token.partition(":")[2] or TOKEN, getattr(host, "last_words", "")))
        clean = host._clean

        def look():
            if host.process:
                host.last_words = host.stderr
            clean()

        host._clean = look
        return host

    def online(self, host):
        host.wait_for_log("as @micro_bot")

    def test_a_direct_message_and_a_mention_are_answered(self):
        with self.bot() as host:
            self.online(host)
            host.register("go.micro.srv.greeter", "127.0.0.1:1")
            self.telegram.says("/list services")
            self.assertEqual(self.telegram.wait_for_answer("go.micro.srv.greeter")["chat"], ADA)
            self.telegram.says("@micro_bot ping", chat=GROUP)
            self.telegram.says("/echo@Micro_Bot one", chat=GROUP)
            self.telegram.says("/echo@other_bot two", chat=GROUP)
            self.telegram.says("/echo three", chat=GROUP)
            self.telegram.says("echo four", chat=GROUP)
            self.telegram.says("echo topic", chat=GROUP, message_thread_id=7, is_topic_message=True,
                               reply_to_message={"from": {"id": 4711}})
            self.assertIn("pong", self.telegram.wait_for_answer("pong", GROUP)["text"])
            self.telegram.wait_for_answer("one", GROUP)
            self.assertEqual(self.telegram.wait_for_answer("topic", GROUP)["thread"], 7)
            for word in ("two", "three", "four"):
                self.assertFalse([m for m in self.telegram.sent if word in m["text"]])

    def test_a_table_is_set_in_columns_and_everything_is_escaped(self):
        with self.bot() as host:
            self.online(host)
            self.telegram.says("bot status")
            self.assertIn("<pre>", self.telegram.wait_for_answer("telegram")["raw"])
            self.telegram.says("echo <b>&amp; </pre> <script>")
            self.telegram.wait_for_answer("<b>&amp; </pre> <script>")

    def test_the_number_decides_not_the_name(self):
        users = {"ada": {"identities": [f"telegram:{ADA}"], "role": "operator"}}
        with self.bot(users=users) as host:
            self.online(host)
            host.register("go.micro.srv.nobody", "127.0.0.1:1")
            words = 'deregister service {"name": "go.micro.srv.nobody", "nodes": [{"id": "go.micro.srv.nobody-1"}]}'
            self.telegram.says(words, user="ada", user_id=666)
            self.assertEqual(self.telegram.wait_for_answer("refused")["chat"], 666)
            self.telegram.says(words, user="renamed", user_id=ADA)
            code = self.telegram.wait_for_answer("yes ", ADA)["text"].partition("yes ")[2].split()[0].strip('"`.')
            self.telegram.says(f"yes {code}", user="renamed", user_id=ADA)
            path = host.runtime / "registry/v1/go.micro.srv.nobody-1.json"
            harness.wait_for(lambda: not path.exists(), 5, "the service to go")

    def test_only_the_whitelist_is_listened_to(self):
        with self.bot(telegram_whitelist=["@Ada"]) as host:
            self.online(host)
            self.telegram.says("echo from-eve", user="eve", user_id=5)
            self.telegram.says("echo from-ada")
            self.telegram.wait_for_answer("from-ada")
            self.assertFalse([m for m in self.telegram.sent if "from-eve" in m["text"]])

    def test_what_is_old_or_second_hand_is_not_run(self):
        self.telegram.says("echo old", date=int(time.time()) - 3600)
        with self.bot() as host:
            self.online(host)
            self.telegram.says("echo forwarded", forward_origin={"type": "user"})
            self.telegram.says("echo fresh")
            self.telegram.wait_for_answer("fresh")
            self.assertEqual(len(self.telegram.sent), 1)

    def test_a_chat_gets_a_message_a_second_and_others_do_not_wait(self):
        with self.bot() as host:
            self.online(host)
            for i in range(4):
                self.telegram.says(f"echo n{i}.")
            self.telegram.says("echo other", user_id=77)
            self.telegram.wait_for_answer("n3.")
            mine = [m for m in self.telegram.sent if m["chat"] == ADA]
            self.assertEqual([m["text"] for m in mine], ["n0.", "n1.", "n2.", "n3."])
            self.assertTrue(all(b["at"] - a["at"] > 0.9 for a, b in zip(mine, mine[1:])), mine)
            self.assertLess(self.telegram.wait_for_answer("other")["at"], mine[-1]["at"])

    def test_who_is_told_to_wait_waits_and_says_it_once(self):
        with self.bot() as host:
            self.online(host)
            self.telegram.refuse("sendMessage", 429, "Too Many Requests: retry after 2", retry_after=2)
            begun = time.monotonic()
            self.telegram.says("echo patient")
            self.assertGreater(self.telegram.wait_for_answer("patient")["at"] - begun, 1.9)
            self.assertEqual(len(self.telegram.sent), 1)
            self.assertEqual(self.telegram.count("sendMessage"), 2)

    def test_a_token_that_telegram_does_not_know_is_tried_once(self):
        for token in ("4711:wrong-one-not_for_a-log", "1:x"):
            with self.bot(token=token) as host:
                host.wait_for_log("check telegram_token")
                self.assertEqual(host.stderr.count("check telegram_token"), 1)
        self.assertEqual(self.telegram.count("getMe"), 2)

    def test_what_is_no_token_is_refused_without_being_shown(self):
        line = self.refuses({"load": ["cli.so", "bot.so"], "modules": {"bot": {"inputs": ["telegram"], "telegram_token": "my secret"}}},
                            words=["telegram_token"])
        self.assertNotIn("my secret", line)

    def test_another_poller_is_named_and_given_way(self):
        self.telegram.refuse("getUpdates", 409, "Conflict: terminated by other getUpdates request")
        with self.bot() as host:
            host.wait_for_log("somebody else asks with the same token")
            threading.Event().wait(2)
            self.assertEqual(self.telegram.count("getUpdates"), 1)

    def test_a_server_in_trouble_is_asked_again(self):
        self.telegram.refuse("getUpdates", 502, "Bad Gateway", times=2)
        with self.bot() as host:
            self.telegram.says("echo after")
            self.telegram.wait_for_answer("after", seconds=20)
            self.assertEqual(self.telegram.count("getMe"), 1)

    def test_the_module_is_swapped_and_nothing_is_heard_twice(self):
        with self.bot() as host:
            self.online(host)
            for i in range(3):
                self.telegram.says(f"echo before-{i}", user_id=10 + i)
                done = subprocess.run([harness.PROGRAM, "--runtime_dir", str(host.runtime), "modules", "reload", "bot"],
                                      env=harness.clean_environment(host.folder), capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.telegram.says(f"echo after-{i}", user_id=20 + i)
                self.telegram.wait_for_answer(f"after-{i}", seconds=30)
            self.assertEqual(len(self.telegram.sent), 6)
            self.assertEqual(self.telegram.count("getMe"), 1)

    def test_micros_flags(self):
        options = {"inputs": ["telegram"], "telegram_api": self.telegram.address}
        host = harness.Microhost({"load": ["cli.so", "bot.so"], "modules": {"bot": options}}, "--telegram_whitelist", "ada",
                                 "--telegram_debug", "true", env={"MICRO_TELEGRAM_TOKEN": TOKEN})
        with host:
            host.wait_for_log("telegram: getMe")
            self.telegram.says("echo flags")
            self.telegram.wait_for_answer("flags")
            self.assertNotIn(TOKEN.partition(":")[2], host.stderr)
            self.assertNotIn("echo flags", host.stderr)
