# SPDX-License-Identifier: Apache-2.0
"""The bot: what it answers to, what it says, and who may do what."""
import json
import re
import tempfile
import time
import unittest
from pathlib import Path

import bot_case
import harness


class Words(bot_case.Case):
    def test_micros_own_commands_and_the_host_s(self):
        with self.chat() as (host, chat):
            self.assertEqual(chat.ask("ping"), "pong")
            self.assertEqual(chat.ask("hello"), "hey what's up?")
            self.assertEqual(chat.ask("echo  a  b"), " a  b")
            self.assertRegex(chat.ask("time"), r"^Server time is: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \w+$")
            self.assertIn("\n2. A robot must obey", chat.ask("the three laws"))
            self.assertEqual(chat.ask("list what"), "unknown command...\nsupported commands: \nlist endpoints SERVICE\nlist nodes SERVICE\nlist services")
            self.assertEqual(chat.ask("list services"), "go.micro.bot\ngo.micro.net.test")
            self.assertIn("service  go.micro.net.test", chat.ask("get service go.micro.net.test"))
            self.assertIn("bot ", chat.ask("modules list"))
            self.assertTrue(chat.ask("get service nowhere").startswith("error executing cmd: service not found: nowhere; looked in "))
            self.assertIn("did you mean \"list services\"?", chat.ask("lst services"))
            self.assertEqual(chat.ask("list services --outptu json").partition(";")[0],
                             'error executing cmd: "list services" has no flag --outptu')
            rows = json.loads(chat.ask("list services --output json"))
            self.assertEqual([r["name"] for r in rows], ["go.micro.bot", "go.micro.net.test"])
            self.assertEqual([r["id"] for r in json.loads(chat.ask("modules list --output=json"))], ["cli", "bot"])
            self.assertIn("bot\t0.1.0", chat.ask("modules list --output raw"))

    def test_in_a_room_it_wants_to_be_called(self):
        with self.chat() as (host, chat):
            chat.says_nothing("ping", room="ops")
            chat.says_nothing("microphone ping", room="ops")
            chat.says_nothing("!frobnicate", room="ops")
            for text in ("microhost ping", "Micro: ping", "@micro, ping", "!ping"):
                self.assertEqual(chat.ask(text, room="ops"), "@ada: pong")
            self.assertEqual(chat.ask("micro ping", room="ops", thread="7"), "pong")
            self.assertEqual(chat.ask("ping", room="ops", addressed=True), "@ada: pong")
            self.assertIn("unknown command", chat.ask("micro frobnicate", room="ops"))
            chat.says_nothing("ping", who="robot", robot=True)

    def test_help_shows_what_one_may_and_searches(self):
        with self.chat() as (host, chat):
            text = chat.ask("help", "carl")
            self.assertTrue(text.startswith("\n"), text)
            self.assertIn("\necho [text] - Returns the [text]\n", text)
            self.assertIn("\nlist services - ", text)
            self.assertNotIn("deregister", text)
            self.assertIn("deregister service", chat.ask("help deregister"))
            self.assertIn("--ttl", chat.ask("help register service"))
            self.assertIn('did you mean "ping"?', chat.ask("help pingg"))

    def test_what_cannot_be_read_is_said(self):
        with self.chat() as (host, chat):
            self.assertIn("at most 64 KiB", chat.ask("echo " + "x" * 70_000))
            self.assertEqual(chat.ask("get service 'x"), "error executing cmd: the quote ' is not closed")
            before = chat.count()
            chat.say("echo " + "x" * 60_000)
            parts = chat.wait(lambda all: len(all) >= before + 4 and all[before:], "a long answer in parts")
            self.assertEqual(sum(len(p.text) for p in parts), 60_000)
            before = host.stderr.count('"level":"warn"')
            chat.publish("no json")
            chat.publish(json.dumps({"network": "evil", "peer": "p", "text": "ping"}))
            chat.says_nothing("ping", secret="wrong")
            self.assertEqual(chat.ask("ping"), "pong")
            host.wait_for_log("an event is no JSON object")
            self.assertEqual(host.stderr.count('"level":"warn"') - before, 1, "one line in ten seconds")


class Rights(bot_case.Case):
    SERVICE = '{"name": "foo", "nodes": [{"id": "foo-1", "address": "127.0.0.1:9"}]}'

    def test_who_may_not_change_anything_does_not(self):
        with self.chat() as (host, chat):
            register = f"register service {self.SERVICE}"
            self.assertIn("needs the role operator; yours is viewer", chat.ask(register, "carl"))
            self.assertIn("needs the role operator; yours is viewer", chat.ask(register, "eve"))
            # The same name, and nobody who vouches for it.
            self.assertIn("does not vouch", chat.ask(register, "ada", identity=""))
            self.assertIn("does not vouch", chat.ask(register, "ada", secret=""))
            self.assertIn("yours is viewer", chat.ask(register, "ada", identity="mallory"))
            self.assertNotIn("foo", chat.ask("list services"))

    def test_a_change_is_asked_about(self):
        with self.chat() as (host, chat):
            question = chat.ask(f"register service {self.SERVICE}")
            code = re.search(r'"yes ([0-9a-f]{4})" within 60 s', question)[1]
            self.assertIn("nothing of yours waits", chat.ask(f"yes {code}", "bob"))
            self.assertIn("nothing of yours waits", chat.ask(f"microhost yes {code}", room="ops"))
            self.assertNotIn("foo", chat.ask("list services"))
            self.assertEqual(chat.ask(f"yes {code}"), "ok")
            self.assertIn("foo", chat.ask("list services"))
            self.assertIn("nothing of yours waits", chat.ask(f"yes {code}"))

    def test_a_code_is_old_after_a_while(self):
        with self.chat({"confirm_within": "1s"}) as (host, chat):
            code = re.search(r"yes (\w{4})", chat.ask(f"register service {self.SERVICE}"))[1]
            time.sleep(1.1)  # that is what is tested
            self.assertIn("waited too long", chat.ask(f"yes {code}"))
            self.assertNotIn("foo", chat.ask("list services"))

    def test_rules_come_before_roles(self):
        rules = [{"commands": ["register*"], "users": ["carl"], "rooms": ["test/ops"], "allow": True},
                 {"commands": ["register*", "list nodes"], "allow": False}]
        with self.chat({"rules": rules, "confirm": False}) as (host, chat):
            self.assertIn("a rule forbids", chat.ask(f"register service {self.SERVICE}"))
            self.assertIn("a rule forbids", chat.ask("list nodes go.micro.net.test"))
            self.assertIn("a rule forbids", chat.ask(f"register service {self.SERVICE}", "carl"))
            self.assertEqual(chat.ask(f"micro register service {self.SERVICE}", "carl", room="ops"), "@carl: ok")
            self.assertNotIn("list nodes", chat.ask("help"))

    def test_whoami(self):
        with self.chat() as (host, chat):
            self.assertEqual(chat.ask("whoami"), "you are ada, with the role admin\nyour identity here is service:test/ada")
            self.assertIn("nobody that I know, with the role viewer", chat.ask("whoami", "eve"))

    def test_it_can_be_switched_off(self):
        with self.chat() as (host, chat):
            self.assertIn("needs the role admin", chat.ask("bot off", "bob"))
            self.assertEqual(chat.ask("bot off"), "I answer nobody but admins now")
            before = chat.count()
            chat.say("ping", "bob")
            chat.say("ping")
            self.assertTrue(chat.ask("bot status").startswith("off"))
            self.assertEqual(chat.count(), before + 1)
            self.assertEqual(chat.ask("bot on"), "I answer again")
            self.assertEqual(chat.ask("ping", "bob"), "pong")

    def test_one_who_is_too_fast_is_told_so_once(self):
        with self.chat({"rate": "1/m", "burst": 3}) as (host, chat):
            for _ in range(3):
                self.assertEqual(chat.ask("ping"), "pong")
            self.assertRegex(chat.ask("ping"), r"^that is too fast; try again in \d+ s$")
            chat.says_nothing("ping")
            self.assertEqual(chat.ask("ping", "bob"), "pong")

    def test_the_audit_has_every_command_and_no_secret(self):
        with self.chat({"confirm": False}) as (host, chat):
            chat.ask("list services", "carl")
            chat.ask(f"register service {self.SERVICE}", "carl")
            chat.ask('call go.micro.net.test Input.Nothing {"password": "h1dden-in-json"} --metadata token=h1dden-in-flag')
            lines = host.log_rows('"bot command"')
            self.assertEqual([(l["command"], l["user"], l["verdict"]) for l in lines[:2]],
                             [("list services", "carl", "ok"), ("register service", "carl", "denied")])
            self.assertEqual(lines[2]["identity"], "service:test/ada")
            own = [l for l in host.stderr.splitlines() if '"module":"bot"' in l]
            self.assertNotIn("h1dden", "".join(own))
            self.assertNotIn(bot_case.SECRET, host.stderr)

    def test_without_an_audit_nothing_is_changed(self):
        with tempfile.TemporaryDirectory() as folder:
            audit = Path(folder) / "audit"
            audit.mkdir()
            with self.chat({"confirm": False, "audit_file": str(audit / "bot.ndjson")}) as (host, chat):
                self.assertEqual(chat.ask(f"register service {self.SERVICE}"), "ok")
                def written():  # behind the answer
                    return [json.loads(line) for line in (audit / "bot.ndjson").read_text().splitlines()]
                lines = harness.wait_for(written, 5, "the line of the audit")
                self.assertEqual([(l["command"], l["user"], l["verdict"]) for l in lines], [("register service", "ada", "ok")])
                self.assertEqual((audit / "bot.ndjson").stat().st_mode & 0o777, 0o600)
                audit.rename(audit.with_name("away"))
                self.assertEqual(chat.ask("ping"), "pong")
                host.wait_for_log("the audit file cannot be written")
                self.assertIn("the audit file takes no lines", chat.ask(f"deregister service {self.SERVICE}"))
                self.assertIn("foo", chat.ask("list services"))
                audit.with_name("away").rename(audit)
                self.assertEqual(chat.ask(f"deregister service {self.SERVICE}"), "ok")

    def test_nonsense_in_the_config_is_refused(self):
        for bot, words in (({"rules": [{"command": ["x"], "allow": True}]}, ["/rules/0", '"command"']),
                           ({"users": {"a": {"identities": ["a"], "role": "admin"}}}, ["users", "whoami"]),
                           ({"default_role": "admin"}, ["default_role"]),
                           ({"inputs": ["icq"]}, ["there is no input icq", "service"]),
                           ({"rate": "fast"}, ["rate", "60/m"]),
                           ({"audit_file": "/nowhere/audit"}, ["/nowhere/audit"])):
            with self.subTest(bot):
                self.refuses(bot_case.config(bot), words=words)


if __name__ == "__main__":
    unittest.main()
