# SPDX-License-Identifier: Apache-2.0
"""Many commands, slow commands, and the bot's file replaced while it is used."""
import re
import tempfile
import threading
import time
import unittest
from pathlib import Path

import bot_case
import harness

READS = {"role": "viewer"}


class Gate:
    """A command that ends when the test says so."""

    def __init__(self):
        self.open, self.entered = threading.Event(), threading.Event()

    def __call__(self, args):
        self.entered.set()
        self.open.wait(60)
        return b"through " + args[1].encode(), ""


class Many(bot_case.Case):
    def test_1000_commands_of_50_people_are_answered_in_order(self):
        with self.chat() as (host, chat):
            began = time.monotonic()
            for n in range(20):
                for person in range(50):
                    chat.say(f"echo {n}" if n % 4 else f"list services --output json", f"p{person}")
            answers = chat.wait(lambda all: len(all) >= 1000 and list(all), "1000 answers", 60)
            took = time.monotonic() - began
            self.assertEqual(len(answers), 1000)
            for person in range(50):
                own = [a.text for a in answers if a.peer == f"p{person}"]
                self.assertEqual([t if t.isdigit() else "list" for t in own], [str(n) if n % 4 else "list" for n in range(20)])
            print(f"1000 commands of 50 people: {took:.2f} s")

    def test_a_slow_command_holds_up_nobody_and_can_be_ended(self):
        gate = Gate()
        with self.chat({"progress_after": "300ms"}) as (host, chat), bot_case.Command(host, "wait", gate, metadata=READS):
            host.wait_for_log("a service is a command")
            slow = chat.ask("wait here", "bob")
            number = re.fullmatch(r'still running; "cancel (\d+)" ends it', slow)[1]
            self.assertEqual(chat.ask("ping", "ada"), "pong")
            self.assertEqual(chat.ask("ping", "bob"), "pong")
            self.assertIn("wait here", chat.ask("jobs", "bob"))
            self.assertEqual(chat.ask("jobs", "carl"), "nothing is running")
            self.assertIn("not yours", chat.ask(f"cancel {number}", "carl"))
            self.assertEqual(chat.ask(f"cancel {number}", "bob"), "cancelled")
            self.assertIn("nothing with that ID", chat.ask(f"cancel {number}", "bob"))
            gate.open.set()

    def test_a_command_without_end_is_ended(self):
        gate = Gate()
        with self.chat({"command_timeout": "500ms"}) as (host, chat), bot_case.Command(host, "wait", gate, metadata=READS):
            host.wait_for_log("a service is a command")
            self.assertIn("error executing cmd:", chat.ask("wait here", "bob"))
            host.wait_for_log('"verdict":"timeout"')
            gate.open.set()

    def test_who_has_too_much_waiting_is_told_so(self):
        gate = Gate()
        with self.chat() as (host, chat), bot_case.Command(host, "wait", gate, metadata=READS):
            host.wait_for_log("a service is a command")
            for n in range(40):
                chat.say(f"wait {n}", "carl")
            chat.wait(lambda all: [a for a in all if "too many commands" in a.text], "a refusal")
            chat.say("ping", "bob")
            chat.wait(lambda all: [a for a in all if (a.peer, a.text) == ("bob", "pong")], "an answer to somebody else")
            gate.open.set()


class Reload(bot_case.Case):
    def reload(self, host):
        answer = host.ask_control("POST", "/v1/commands/modules/reload", b'{"args": {"id": "bot"}}')
        self.assertIn('"exit":0', answer.text)

    def test_nothing_is_lost_and_nothing_answered_twice(self):
        with self.chat() as (host, chat):
            stop, sent = threading.Event(), []

            def speak():
                for n in range(300):
                    chat.say(f"echo {n}", f"p{n % 10}")
                    sent.append(n)
                stop.set()

            speaker = threading.Thread(target=speak)
            speaker.start()
            reloads = 0
            with harness.wire.Client(host.control) as control:
                while not stop.is_set() and reloads < 5:
                    answer = control.request("POST", "/v1/commands/modules/reload", body=b'{"args": {"id": "bot"}}')
                    self.assertIn('"exit":0', answer.text)
                    reloads += 1
            speaker.join()
            self.assertGreater(reloads, 0)
            chat.say("echo last", "p99")
            answers = chat.wait(lambda all: "last" in [a.text for a in all] and list(all), "the last answer")
            texts = [a.text for a in answers if a.text.isdigit()]
            self.assertEqual(len(texts), len(set(texts)), "twice")
            lost = set(map(str, sent)) - set(texts)
            print(f"{reloads} reloads, {len(sent)} messages, {len(lost)} lost")
            for person in range(10):
                own = [int(a.text) for a in answers if a.peer == f"p{person}" and a.text.isdigit()]
                self.assertEqual(own, sorted(own))

    def test_what_runs_is_told_and_what_waits_goes_on(self):
        gate = Gate()
        with self.chat() as (host, chat), bot_case.Command(host, "wait", gate, metadata=READS):
            host.wait_for_log("a service is a command")
            chat.say("wait here", "carl")
            self.assertTrue(gate.entered.wait(10))
            chat.say("echo behind it", "carl")
            self.reload(host)
            texts = chat.wait(lambda all: len(all) >= 2 and [a.text for a in all], "two answers")
            self.assertEqual(texts, ["interrupted by a reload", "behind it"])
            gate.open.set()

    def test_a_reload_that_fails_leaves_it_as_it_was(self):
        with tempfile.TemporaryDirectory() as folder:
            audit = Path(folder) / "audit"
            audit.mkdir()
            with self.chat({"audit_file": str(audit / "bot.ndjson")}) as (host, chat):
                self.assertEqual(chat.ask("ping"), "pong")
                audit.rename(audit.with_name("away"))
                answer = host.ask_control("POST", "/v1/commands/modules/reload", b'{"args": {"id": "bot"}}')
                self.assertIn("/audit_file", answer.text)
                self.assertEqual(chat.ask("ping"), "pong")
                self.assertIn("modules list", chat.ask("help modules"))

    def test_it_stays_off_and_keeps_its_watches(self):
        with self.chat() as (host, chat):
            chat.ask("micro watch services", room="ops")
            chat.ask("bot off")
            self.reload(host)
            self.assertTrue(chat.ask("bot status").startswith("off"))
            self.assertIn("1 watches", chat.ask("bot status"))
            chat.ask("bot on")
            host.register("go.micro.srv.new", "127.0.0.1:9", node="new-1")
            chat.wait(lambda all: [a for a in all if a.text.startswith("+ go.micro.srv.new")], "what came")


if __name__ == "__main__":
    unittest.main()
