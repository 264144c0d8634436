# SPDX-License-Identifier: Apache-2.0
"""Commands that are services, and rooms that are told about services."""
import json
import threading
import unittest

import bot_case
import harness


def said(args):
    return (" ".join(args[1:]) or "nothing").upper().encode(), ""


class Services(bot_case.Case):
    def test_a_service_is_a_command_while_one_node_lives(self):
        with self.chat() as (host, chat):
            self.assertIn("unknown command", chat.ask("shout hello"))
            with bot_case.Command(host, "shout", said, "shout [text]", "Says it loudly", {"role": "viewer"}) as command:
                host.wait_for_log("a service is a command")
                harness.wait_for(lambda: "shout [text] - Says it loudly" in chat.ask("help"), 5, "its line in help")
                self.assertEqual(chat.ask("shout hello  'you there'", "eve"), "HELLO YOU THERE")
                second = command.add_node()
                harness.wait_for(lambda: len([c for c in command.calls if c[0] == "Command.Help"]) >= 2, 5, "Help is asked again")
                command.description = "Says it very loudly"
                second.unlink()
                harness.wait_for(lambda: "very loudly" in chat.ask("help"), 5, "what it says now")
                self.assertEqual(chat.ask("shout on"), "ON")
                caller = [c for c in command.calls if c[0] == "Command.Exec"][-1][2]
                self.assertEqual((caller["Bot-User"], caller["Bot-Role"]), ("ada", "admin"))
            harness.wait_for(lambda: "unknown command" in chat.ask("shout hello"), 5, "the end of the command")

    def test_without_a_role_it_is_for_operators_and_asked_about(self):
        with self.chat() as (host, chat), bot_case.Command(host, "restart", said):
            host.wait_for_log("a service is a command")
            self.assertIn("needs the role operator", chat.ask("restart shop", "carl"))
            question = chat.ask("restart shop --token abc", "bob")
            self.assertIn('"restart shop --token ***" changes something', question)
            code = question.partition('"yes ')[2][:4]
            self.assertEqual(chat.ask(f"yes {code}", "bob"), "SHOP --TOKEN ABC")

    def test_protobuf_errors_and_names(self):
        with self.chat() as (host, chat):
            with bot_case.Command(host, "proto", said, metadata={"role": "viewer", "codec": "protobuf"}) as command, \
                 bot_case.Command(host, "fails", lambda args: (b"", "it is broken"), metadata={"role": "viewer"}), \
                 bot_case.Command(host, "ping", said, metadata={"role": "viewer"}), \
                 bot_case.Command(host, "oops", said, metadata={"role": "viewer"}, namespace="go.micro.bot-not"):
                harness.wait_for(lambda: host.stderr.count("a service is a command") >= 3, 5, "three commands")
                self.assertEqual(chat.ask("proto one two"), "ONE TWO")
                self.assertTrue(all("proto" in kind for _, kind, _ in command.calls), command.calls)
                self.assertEqual(chat.ask("fails"), "error executing cmd: it is broken")
                self.assertEqual(chat.ask("ping"), "pong")
                self.assertIn("unknown command", chat.ask("oops"))

    def test_a_room_is_told_what_comes_and_goes(self):
        with self.chat() as (host, chat):
            self.assertIn("is told when services", chat.ask("micro watch services *greeter*", room="ops"))
            path = host.register("go.micro.srv.greeter", "127.0.0.1:9", node="greeter-1")
            host.register("go.micro.srv.other", "127.0.0.1:9", node="other-1")
            told = chat.wait(lambda all: [a for a in all if a.text.startswith("+")], "what came")
            self.assertEqual((told[0].room, told[0].text), ("ops", "+ go.micro.srv.greeter: 1.0.0 on 1 node"))
            host.register("go.micro.srv.greeter", "127.0.0.1:9", node="greeter-2")
            told = chat.wait(lambda all: [a for a in all if a.text.startswith("~")], "what changed")
            self.assertEqual(told[0].text, "~ go.micro.srv.greeter: 1.0.0 on 2 nodes (was 1.0.0 on 1 node)")
            self.assertIn("0 running, 0 waiting, ", status := chat.ask("bot status"))
            self.assertIn("1 watches", status)
            self.assertIn("told nothing any more", chat.ask("micro unwatch", room="ops"))
            before = chat.count()
            path.unlink()
            harness.wait_for(lambda: "on 2 nodes" not in chat.ask("list nodes go.micro.srv.greeter"), 5, "the end of the node")
            self.assertFalse([a for a in chat.answers[before:] if a.room == "ops"])

    def test_the_bot_is_a_service_too(self):
        with self.chat({"confirm": False}) as (host, chat):
            status = json.loads(chat.ask("call go.micro.bot Bot.Status"))
            self.assertEqual([(i["name"], i["link"]) for i in status["inputs"]], [("service", "online")])

    def test_a_network_that_takes_no_answers_is_seen(self):
        with self.chat() as (host, chat):
            self.assertEqual(chat.ask("ping"), "pong")
            chat.server.close()
            chat.say("ping")
            host.wait_for_log('"link":"waiting"')
            ready = host.ask_control("GET", "/readyz?verbose")
            self.assertEqual(ready.status, 200, ready.text)
            self.assertIn("bot", ready.text)
            metrics = host.ask_control("GET", "/metrics").text
            self.assertIn('bot_commands_total{input="service",verdict="ok"} 2', metrics)
            self.assertIn('bot_input_up{input="service"} 0', metrics)


if __name__ == "__main__":
    unittest.main()
