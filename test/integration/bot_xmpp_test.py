# SPDX-License-Identifier: Apache-2.0
"""The bot in XMPP: a real Prosody, and slixmpp as everybody else in the room."""
import contextlib
import json
import time
import uuid

import bot_xmpp_case
import harness
import prosody
from bot_xmpp_case import ROOM, SECRET

USERS = {"boss": {"identities": ["xmpp:boss@localhost"], "role": "operator"}}


class Room(bot_xmpp_case.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(prosody.Prosody(cls.kept, cls.ca, bot=SECRET, ada="a", boss="b", mallory="m"))

    @contextlib.contextmanager
    def room(self, *names, port=None, **options):
        """The bot and these users in the room, each under his own name. Yields (microhost, user...)."""
        with self.bot(port or self.server.plain, users=USERS, **options) as host, contextlib.ExitStack() as stack:
            host.wait_for_log("in 1 of 1 room", 15)
            people = [stack.enter_context(prosody.User(self.server, name)) for name in names]
            for user, name in zip(people, names):
                user.join(ROOM, name)
            yield host, *people

    def status(self, host):
        return next(i for i in json.loads(self.command(host, "call", "go.micro.bot", "Bot.Status", "{}"))["inputs"] if i["name"] == "xmpp")

    def test_a_mention_is_answered_with_what_the_registry_has(self):
        name = f"go.micro.srv.{uuid.uuid4().hex[:10]}"
        with self.room("ada") as (host, ada):
            host.register(name, "127.0.0.1:1")
            self.assertIn(name, ada.ask(ROOM, "microbot: list services", name))
            self.assertIn("pong", ada.ask(ROOM, "@MicroBot ping", "pong"))
            ada.tell("bot@localhost", "ping")
            self.assertEqual(ada.wait(event="message", type="chat")["body"], "pong")
            ada.tell(f"{ROOM}/microbot", "ping")  # whispered
            self.assertEqual(ada.wait(event="message", type="chat")["sender"], f"{ROOM}/microbot")
            ada.say(ROOM, "what a day")
            ada.nothing(0.3, event="message", own=False)
            host.wait_for_log("SCRAM-SHA-256")

    def test_an_answer_comes_at_once(self):
        with self.room("ada", rate="1000/s", burst=1000) as (_, ada):
            ada.ask(ROOM, "microbot: ping", "pong")
            took = []
            for _ in range(20):
                begun = time.monotonic()
                ada.ask(ROOM, "microbot: ping", "pong")
                took.append(time.monotonic() - begun)
            print(f"ping over prosody: median {sorted(took)[10] * 1000:.1f} ms, worst {max(took) * 1000:.1f} ms")
            self.assertLess(sorted(took)[10], 0.25 * harness.SLOW, "it does not wait for a tick")

    def test_the_same_nick_is_not_the_same_person(self):
        with self.room("boss", "mallory") as (host, boss, mallory):
            host.register("go.micro.srv.target", "127.0.0.1:1")
            service = '{"name": "go.micro.srv.target", "nodes": [{"id": "go.micro.srv.target-1"}]}'
            asked = boss.ask(ROOM, f"microbot: deregister service {service}", "yes ")
            boss.do("leave", room=ROOM)
            boss.wait(event="left")
            mallory.join(ROOM, "boss")
            code = asked.partition("yes ")[2].split('"')[0]
            mallory.ask(ROOM, f"microbot: yes {code}", "nothing of yours")
            mallory.ask(ROOM, f"microbot: deregister service {service}", "refused")
            self.assertIn("go.micro.srv.target", mallory.ask(ROOM, "microbot: list services", "go.micro.srv.target"))

    def test_a_cut_connection_is_resumed_and_nothing_is_lost_or_said_twice(self):
        with prosody.Proxy(self.server.plain) as proxy, self.room("ada", port=proxy.port) as (host, ada):
            ada.ask(ROOM, "microbot: ping", "pong")
            before = self.server.log.count("Authenticated as bot@localhost")
            proxy.cut()
            word = uuid.uuid4().hex
            ada.say(ROOM, f"microbot: echo {word}")
            ada.nothing(0.5, event="message", own=False)
            proxy.open()
            ada.wait(20, event="message", own=False, body=word)
            ada.ask(ROOM, "microbot: ping", "pong")
            self.assertEqual(len(ada.heard(word)), 1)
            self.assertFalse([e for e in ada.seen if e["event"] == "gone" and e["nick"] == "microbot"])
            self.assertEqual(self.server.log.count("Authenticated as bot@localhost"), before + 1)

    def test_answers_that_were_on_their_way_arrive_once(self):
        with prosody.Proxy(self.server.plain) as proxy, self.room("ada", port=proxy.port) as (host, ada):
            for i in range(5):
                proxy.frozen.clear()  # what the bot says from now on gets no further than the proxy
                ada.say(ROOM, f"microbot: echo round-{i}-")
                proxy.frozen.set()
                proxy.cut()
                proxy.open()
                ada.wait(20, event="message", own=False, body=f"round-{i}-")
            ada.ask(ROOM, "microbot: ping", "pong", 20)
            for i in range(5):
                self.assertEqual(len(ada.heard(f"round-{i}-")), 1)

    def test_the_module_is_swapped_and_the_room_sees_nothing(self):
        with self.room("ada") as (host, ada):
            ada.ask(ROOM, "microbot: ping", "pong")
            before = self.server.log.count("Client connected")
            for i in range(3):
                ada.say(ROOM, f"microbot: echo before-{i}")
                self.command(host, "modules", "reload", "bot")
                ada.ask(ROOM, f"microbot: echo after-{i}", f"after-{i}")
            ada.tell("bot@localhost", "ping")
            ada.wait(event="message", type="chat", body="pong")
            self.assertFalse([e for e in ada.seen if e["event"] == "gone" and e["nick"] == "microbot"])
            self.assertEqual(self.server.log.count("Client connected"), before)
            for i in range(3):
                self.assertEqual(len(ada.heard(f"before-{i}")), 1)

    def test_a_swap_with_other_rooms_goes_from_one_to_the_other(self):
        with self.room("ada") as (host, ada):
            ada.join("next@rooms.localhost", "ada")
            before = self.server.log.count("Client connected")
            options = {**host.config["modules"]["bot"], "xmpp_rooms": ["next@rooms.localhost"]}
            host.write_config({**host.config, "modules": {"bot": options}})
            self.command(host, "modules", "reload", "bot")
            ada.wait(event="gone", room=ROOM, nick="microbot")
            ada.wait(event="there", room="next@rooms.localhost", nick="microbot")
            ada.ask("next@rooms.localhost", "microbot: ping", "pong")
            self.assertEqual(self.server.log.count("Client connected"), before)

    def test_a_swap_that_fails_leaves_the_bot_in_the_room(self):
        with self.room("ada") as (host, ada):
            host.write_config({**host.config, "modules": {"bot": {**host.config["modules"]["bot"], "audit_file": "/no/such/folder/x"}}})
            self.command(host, "modules", "reload", "bot", status=1)
            self.assertIn("pong", ada.ask(ROOM, "microbot: ping", "pong"))

    def test_a_flood_is_answered_in_order_and_the_rest_of_the_room_lives(self):
        with self.room("ada", "boss", rate="1000/s", burst=1000) as (host, ada, boss):
            for i in range(200):
                ada.say(ROOM, f"microbot: echo n{i}.")
            self.assertIn("pong", boss.ask(ROOM, "microbot: ping", "pong", 30))
            for i in range(200):
                ada.wait(30, event="message", own=False, nick="microbot", body=f"n{i}.")

    def test_too_long_and_not_quite_text(self):
        with self.room("ada") as (host, ada):
            ada.ask(ROOM, "microbot: " + "x" * 70_000, "too long")
            ada.ask(ROOM, "microbot: echo \u00fc\u20ac\U0001f600 <&>\"'", "\u00fc\u20ac\U0001f600 <&>\"'")
            ada.do("raw", xml=f"<message type='groupchat' to='{ROOM}'><body>microbot: echo a&#9;b</body></message>")
            ada.wait(event="message", own=False, body="a")
            ada.ask(ROOM, "microbot: ping", "pong")

    def test_invitations(self):
        with self.room("boss", "ada", xmpp_accept_invites=["boss@localhost"]) as (host, boss, ada):
            for user, room, follows in ((ada, "one@rooms.localhost", False), (boss, "two@rooms.localhost", True)):
                user.join(room, user.jid.partition("@")[0])
                user.do("raw", xml=f"<message to='{room}'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='bot@localhost'/></x></message>")
                if follows:
                    user.wait(event="there", room=room, nick="microbot")
                    user.ask(room, "microbot: ping", "pong")
                else:
                    host.wait_for_log("an invitation is not followed")
                    user.nothing(0.3, event="there", room=room)

    def test_direct_tls(self):
        with self.room("ada", port=self.server.direct, xmpp_tls="direct") as (_, ada):
            ada.ask(ROOM, "microbot: ping", "pong")


class Trouble(bot_xmpp_case.Case):
    def server(self, kept=None, **more):
        return prosody.Prosody(kept or self.kept, self.ca, bot=SECRET, ada="a", **more)

    def test_a_wrong_password_is_tried_once(self):
        with self.server() as server, self.bot(server.plain, xmpp_password="wrong-and-" + SECRET[::-1]) as host:
            host.wait_for_log("not-authorized (a wrong name or password)", 15)
            end = time.monotonic() + 2
            harness.wait_for(lambda: time.monotonic() > end, 5)
            self.assertEqual(host.stderr.count("not-authorized"), 1)
            self.assertNotIn("wrong-and-", host.stderr)

    def test_a_new_password_in_the_file_is_taken_at_once(self):
        file = self.made.folder / "password"
        file.write_text("wrong\n")
        with self.server() as server, self.bot(server.plain, xmpp_password="", xmpp_password_file=str(file)) as host:
            host.wait_for_log("not-authorized", 15)
            file.write_text(SECRET + "\n")
            host.wait_for_log("in 1 of 1 room", 15)

    def test_a_certificate_of_nobody_we_know_may_be_mended(self):
        strange = self.made.sign("strange", "strange", ca="other-ca")
        with self.server(strange) as server, self.bot(server.plain) as host:
            host.wait_for_log("certificate", 15)
            self.assertNotIn("bot@localhost", server.log)
            server.stop()
            server.write_config(self.kept, host="", more="", authentication="internal_plain", hibernation=60, public="true")
            server.start()
            host.wait_for_log("in 1 of 1 room", 30)

    def test_a_certificate_for_another_name_is_the_end(self):
        other = self.made.folder / "other.ext"
        other.write_text("subjectAltName=DNS:elsewhere.example\n")
        self.made.openssl("req", *self.made.key("other.new"), "-subj", "/CN=elsewhere")
        self.made.openssl("x509", "-req", "-in", "other.new.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                          "-extfile", "other.ext", "-out", "other.pem")
        kept = {"cert": self.made.path("other.pem"), "key": self.made.path("other.new.key")}
        with self.server(kept) as server, self.bot(server.plain) as host:
            host.wait_for_log("it has to be for localhost", 15)
            self.assertEqual(server.log.count("Client connected"), 2)  # the test's own look, and the bot's

    def test_the_server_is_started_anew(self):
        with self.server() as server, self.bot(server.plain) as host:
            host.wait_for_log("in 1 of 1 room", 15)
            server.stop()
            host.wait_for_log("Connection refused", 15)
            server.start()
            with prosody.User(server, "ada") as ada:
                ada.join(ROOM, "ada")
                harness.wait_for(lambda: [e for e in ada.seen if e["event"] == "there" and e["nick"] == "microbot"] or
                                 (ada.say(ROOM, "hello") or ada.wait(event="message", own=True) and False), 60, "the bot")
                ada.ask(ROOM, "microbot: ping", "pong")

    def test_nobody_listens(self):
        (port,) = prosody.free_ports(1)
        with self.bot(port) as host:
            host.wait_for_log("refused", 10)
            self.assertLess(self.cpu_ms(host), 5000 * harness.SLOW)

    def test_configs_that_cannot_work(self):
        for change, words in (
            ({"xmpp_jid": ""}, ["xmpp_jid", "bot@example.org"]), ({"xmpp_jid": "a b"}, ["xmpp_jid"]),
            ({"xmpp_password": ""}, ["xmpp_password"]), ({"xmpp_rooms": ["ops"]}, ["ops@conference.example.org"]),
            ({"xmpp_tls": "none"}, ["xmpp_tls"]), ({"xmpp_accept_invites": ["a b"]}, ["xmpp_accept_invites"]), ({"xmpp_password": "", "xmpp_password_file": "/no/such"}, ["/no/such"]),
        ):
            with self.subTest(change):
                self.refuses(self.config(1, **change), words=words)
