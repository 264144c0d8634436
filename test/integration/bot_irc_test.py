# SPDX-License-Identifier: Apache-2.0
"""The bot in IRC: ngircd, which has neither accounts nor tags, and InspIRCd with atheme's services."""
import hashlib
import re
import ssl
import threading
import time
import uuid

import harness
import irc_servers
from bot_irc_case import DEREGISTER, NOBODY, SECRET, Case


class Poor(Case):
    """ngircd."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(irc_servers.Ngircd())

    def poor(self, **more):
        return self.bot(f"127.0.0.1:{self.server.port}", irc_tls=False, **more)

    def test_a_mention_and_a_private_message_are_answered(self):
        name = f"go.micro.srv.{uuid.uuid4().hex[:8]}"
        with self.poor() as host:
            self.in_channel(host)
            host.register(name, "127.0.0.1:1")
            ada = self.user(self.server.port, "ada")
            ada.say("#ops", "microbot: list services")
            ada.wait(rf"^:microbot!\S+ PRIVMSG #ops :.*{name}")
            ada.say("#ops", "@MicroBot ping")
            ada.wait(r"^:microbot!\S+ PRIVMSG #ops :.*pong")
            ada.say("microbot", "ping")
            ada.wait(r"^:microbot!\S+ PRIVMSG ada :pong")
            ada.say("#ops", "what a day")
            ada.say("microbot", "\1VERSION\1")
            ada.never("PRIVMSG #ops", r"NOTICE ada :.VERSION microhost")

    def test_who_has_no_account_may_look_and_no_more(self):
        with self.poor(users={"ada": {"identities": ["irc:irc.test/ada"], "role": "admin"}}) as host:
            self.in_channel(host)
            host.register(NOBODY, "127.0.0.1:1")
            ada = self.user(self.server.port, "ada")
            ada.say("microbot", DEREGISTER)
            ada.wait("PRIVMSG ada :.*is refused")
            ada.say("microbot", "list services")
            ada.wait(f"PRIVMSG ada :.*{NOBODY}")

    def test_a_taken_nick_comes_back_when_it_is_free(self):
        thief = self.user(self.server.port, "microbot")
        with self.poor() as host:
            self.in_channel(host)
            ada = self.user(self.server.port, "ada")
            ada.say("#ops", "microbot_: ping")
            ada.wait(r"^:microbot_!\S+ PRIVMSG #ops :.*pong")
            thief.send("QUIT :sorry")
            ada.wait(r"^:microbot_!\S+ NICK :?microbot$")
            ada.say("#ops", "microbot: ping")
            ada.wait(r"^:microbot!\S+ PRIVMSG #ops :.*pong")

    def test_a_nick_that_is_too_long_is_shortened(self):
        with self.poor(irc_nick="microhostbot") as host:
            self.in_channel(host)
            ada = self.user(self.server.port, "ada")
            ada.say("microhost", "ping")
            ada.wait(r"^:microhost!\S+ PRIVMSG ada :pong")

    def test_who_is_kicked_says_so_and_follows_an_invitation(self):
        ada = self.user(self.server.port, "ada", join=["#kick"])  # the first one there is its operator
        with self.poor(irc_channels=["#kick"]) as host:
            ada.wait(r"^:microbot!\S+ JOIN :?#kick")
            ada.send("MODE #kick +i")
            ada.send("KICK #kick microbot :away with you")
            host.wait_for_log(r'out of #kick: kicked by \"ada\": \"away with you\"')
            ada.send("INVITE microbot #kick")
            ada.wait(r"^:microbot!\S+ JOIN :?#kick")
            ada.say("#kick", "microbot: ping")
            ada.wait("PRIVMSG #kick :.*pong")

    def test_a_channel_that_does_not_let_it_in_is_named_once(self):
        ada = self.user(self.server.port, "ada", join=["#shut"])
        ada.send("MODE #shut +i")
        ada.settle()
        with self.poor(irc_channels=["#ops", "#shut"]) as host:
            host.wait_for_log("#shut does not let the bot in")
            ada.say("microbot", "ping")
            ada.wait("PRIVMSG ada :pong")
            self.assertEqual(host.stderr.count("#shut does not let the bot in"), 1)

    def test_a_long_answer_arrives_whole_and_slowly(self):
        words = " ".join(f"w\u00f6rd{i}" for i in range(400))
        with self.poor(irc_burst=2, irc_pause="400ms") as host:
            self.in_channel(host)
            ada = self.user(self.server.port, "ada")
            for i in range(0, 400, 40):
                ada.say("microbot", "echo " + " ".join(words.split()[i:i + 40]))
            got, begun = "", time.monotonic()
            while "w\u00f6rd399" not in got:
                got += " " + ada.wait("PRIVMSG ada :(.*)", 20)[1]
            self.assertEqual(got.split(), words.split())
            self.assertGreater(time.monotonic() - begun, 7 * 0.4)
            self.assertNotIn('"link":"waiting"', host.stderr)

    def test_the_server_is_started_anew(self):
        with irc_servers.Ngircd() as server, self.bot(f"127.0.0.1:{server.port}", irc_tls=False) as host:
            self.in_channel(host)
            server.restart()
            harness.wait_for(lambda: host.stderr.count("in #ops") > 1, 20, "the second login")
            ada = self.user(server.port, "ada")
            ada.say("#ops", "microbot: ping")
            ada.wait("PRIVMSG #ops :.*pong")

    def test_a_wrong_password_of_the_server_is_tried_once(self):
        with irc_servers.Ngircd(password="right") as server:
            with self.bot(f"127.0.0.1:{server.port}", irc_tls=False, irc_insecure=True, irc_password=SECRET) as host:
                self.refused(host, "check irc_password")
                threading.Event().wait(2)  # the first attempts would be over by now
                self.assertEqual(server.log("ngircd").count("rejected"), 1)

    def test_the_module_is_swapped_and_nobody_sees_it_go(self):
        with self.poor() as host:
            self.in_channel(host)
            ada = self.user(self.server.port, "ada")
            for i in range(3):
                ada.say("#ops", f"microbot: echo before-{i}")
                self.command(host, "modules", "reload", "bot")
                ada.say("#ops", f"microbot: echo after-{i}")
                ada.never(r"^:microbot\S+ (QUIT|PART|JOIN|NICK)", f"after-{i}")
            for i in range(3):
                said = [line for line in ada.lines if re.search(rf"^:microbot!.*before-{i}", line)]
                self.assertEqual(len(said), 1, ada.lines)

    def test_a_swap_that_fails_leaves_it_where_it_is(self):
        with self.poor() as host:
            self.in_channel(host)
            ada = self.user(self.server.port, "ada")
            bot = {**host.config["modules"]["bot"], "audit_file": "/no/such/folder/x"}
            host.write_config({**host.config, "modules": {"bot": bot}})
            self.command(host, "modules", "reload", "bot", status=1)
            ada.say("#ops", "microbot: ping")
            ada.never(r"^:microbot\S+ (QUIT|PART|JOIN|NICK)", "PRIVMSG #ops :.*pong")

    def test_it_says_goodbye(self):
        with self.poor() as host:
            self.in_channel(host)
            ada = self.user(self.server.port, "ada")
            host.stop()
            ada.wait(r"^:microbot\S+ QUIT :.*the bot stops")


class Rich(Case):
    """InspIRCd with services: the bot and ada have accounts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(irc_servers.InspIRCd())
        cls.server.register("bot", SECRET)
        cls.server.register("ada", "adaword")

    def rich(self, **more):
        more = {"irc_account": "bot", "irc_account_password": SECRET, **more}
        return self.bot(f"localhost:{self.server.tls_port}", **{"irc_ca_file": str(self.server.ca), **more})

    def test_the_account_decides_not_the_nick(self):
        with self.rich(users={"ada": {"identities": ["irc:testnet/ada"], "role": "operator"}}) as host:
            self.in_channel(host)
            host.register(NOBODY, "127.0.0.1:1")
            thief = self.user(self.server.port, "ada")
            thief.say("#ops", f"microbot: {DEREGISTER}")
            thief.wait("PRIVMSG #ops :.*refused")
            thief.send("NICK other")
            thief.settle()
            ada = self.user(self.server.port, "ada", account=("ada", "adaword"))
            ada.say("#ops", f"microbot: {DEREGISTER}")
            code = ada.wait(r"PRIVMSG #ops :.*yes (\w+)")[1]
            thief.say("#ops", f"microbot: yes {code}")
            thief.wait("PRIVMSG #ops :.*nothing of yours")
            ada.say("#ops", f"microbot: yes {code}")
            ada.wait("PRIVMSG #ops :(?!.*nothing of yours)")
            harness.wait_for(lambda: NOBODY not in self.command(host, "list", "services"), 5, "the service to go")
            ada.send("WHOIS microbot")
            ada.wait(" 330 ada microbot bot ")

    def test_the_bot_says_that_it_is_one(self):
        with self.rich() as host:
            self.in_channel(host)
            ada = self.user(self.server.port, "ada")
            ada.send("WHOIS microbot")
            ada.wait(" 335 ada microbot ")

    def test_a_wrong_password_of_the_account_is_tried_once(self):
        with self.rich(irc_account_password="wrong-and-" + SECRET[::-1]) as host:
            self.refused(host, "check irc_account and irc_account_password")
            self.assertNotIn("wrong-and-", host.stderr)

    def test_a_new_password_in_the_file_is_taken_at_once(self):
        file = self.server.folder / "password"
        file.write_text("wrong\n")
        with self.rich(irc_account_password="", irc_account_password_file=str(file)) as host:
            self.refused(host, "check irc_account and irc_account_password")
            file.write_text(SECRET + "\n")
            self.in_channel(host)

    def test_a_certificate_is_an_account(self):
        cert, key = irc_servers.certificate(self.server.folder, "botcert")
        print_ = hashlib.sha256(ssl.PEM_cert_to_DER_cert(cert.read_text())).hexdigest()
        owner = self.user(self.server.port, "owner", account=("bot", SECRET), join=[])
        owner.say("NickServ", f"CERT ADD {print_}")
        owner.wait("NOTICE owner :.*(Added|already)")
        with self.rich(irc_account="", irc_account_password="", irc_cert_file=str(cert), irc_key_file=str(key)) as host:
            self.in_channel(host)
            ada = self.user(self.server.port, "ada")
            ada.send("WHOIS microbot")
            ada.wait(" 330 ada microbot bot ")

    def test_a_server_that_nobody_vouches_for_hears_no_password(self):
        other, _ = irc_servers.certificate(self.server.folder, "other")
        with self.rich(irc_ca_file=str(other)) as host:
            host.wait_for_log("certificate")
            self.assertNotIn('"link":"online"', host.stderr)

    def test_services_that_are_away_are_waited_for(self):
        with irc_servers.InspIRCd() as server:
            server.register("bot", SECRET)
            server.stop_services()
            with self.bot(f"localhost:{server.tls_port}", irc_ca_file=str(server.ca), irc_account="bot",
                          irc_account_password=SECRET) as host:
                host.wait_for_log("no SASL now")
                server.start_services()
                self.in_channel(host, 30)
