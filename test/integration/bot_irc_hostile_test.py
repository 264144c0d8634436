# SPDX-License-Identifier: Apache-2.0
"""The bot and an IRC server that the test plays: rude, silent, in disguise, or in another mood each time."""
import base64
import hashlib
import hmac
import os
import socket
import threading

import harness
from bot_irc_case import SECRET, Case

WELCOME = b":irc.test 001 microbot :hi\r\n:irc.test 005 microbot NETWORK=Fake CASEMAPPING=ascii :are supported\r\n:irc.test 422 microbot :no motd\r\n"
JOINED = b":microbot!m@h JOIN #ops\r\n"


class Peer:
    """A connection of the bot, from the server's side."""

    def __init__(self, sock):
        self.socket, self.lines = sock, []
        self.file = sock.makefile("rb")

    def send(self, *pieces):
        for piece in pieces:
            self.socket.sendall(piece)

    def wait(self, begin):
        """The next line that begins so; what is before it is kept in lines."""
        while line := self.file.readline().decode("utf-8", "replace").rstrip("\r\n"):
            self.lines.append(line)
            if line.startswith(begin):
                return line
        raise EOFError(begin)

    def welcome(self):
        self.wait("USER")
        self.send(b":irc.test CAP * LS :\r\n")
        self.wait("CAP END")
        self.send(WELCOME)
        self.wait("JOIN #ops")
        self.send(JOINED)

    def asked(self, text, answer):
        self.send(f":ada!a@h PRIVMSG microbot :{text}\r\n".encode())
        return self.wait(f"PRIVMSG ada :{answer}")


class Server:
    """Plays `script(peer)` for each connection; what went wrong in one is raised at the end."""

    def __init__(self, script):
        self.script, self.problems, self.peers = script, [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        self.done = threading.Event()

    def serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.settimeout(30 * harness.SLOW)
            peer = Peer(sock)
            self.peers.append(peer)
            threading.Thread(target=self.play, args=(peer,), daemon=True).start()

    def play(self, peer):
        try:
            self.script(peer)
            self.done.set()
            while peer.file.read(4096):
                pass
        except (OSError, EOFError):
            pass
        except Exception as problem:
            self.problems.append(problem)

    def finished(self, seconds=20):
        if not self.done.wait(seconds * harness.SLOW):
            raise AssertionError(f"the script did not end; it saw {[p.lines[-5:] for p in self.peers]}, {self.problems}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.listener.close()
        for peer in self.peers:
            peer.socket.close()
        if self.problems and kind is None:
            raise self.problems[0]


class Hostile(Case):
    def played(self, script, **more):
        server = self.enterContext(Server(script))
        return server, self.bot(server.address, irc_tls=False, **more)

    def test_long_lines_and_bytes_that_are_no_text(self):
        def script(peer):
            peer.welcome()
            peer.send(b":ada!a@h PRIVMSG microbot :" + b"x" * 65536 + b"\r\n")
            peer.asked("ping", "pong")
            peer.send(b"".join(b":ada!a@h PRIVMSG #ops :" + bytes([c]) * 3 + b"\xff\xfe\r\n" for c in range(256)))
            peer.send(b"\r\n\n\0\r\n@\r\n:\r\n@=;;= :x 005\r\n:microbot!m@h KICK\r\nCAP\r\nAUTHENTICATE\r\n001\r\n353\r\n")
            peer.send(b":ada!a@h PRIVMSG microbot :echo \xc3\x28 \xf0\x9f\x98\x80\r\n")
            peer.wait("PRIVMSG ada :\ufffd( \U0001f600")
            for byte in b":ada!a@h PRIVMSG microbot :ping\r\n":
                peer.send(bytes([byte]))
            peer.wait("PRIVMSG ada :pong")

        server, bot = self.played(script, irc_burst=50)
        with bot as host:
            server.finished()
            self.assertEqual(host.stderr.count("too long; passed over"), 1)
            self.assertEqual(len(server.peers), 1)

    def test_a_server_that_stays_away_is_one_line_however_often_it_is_tried(self):
        def script(peer):
            peer.wait("NICK")
            peer.socket.shutdown(socket.SHUT_RDWR)

        server, bot = self.played(script)
        with bot as host:
            harness.wait_for(lambda: len(server.peers) > 3, 60, "the fourth attempt")
            self.assertEqual(host.stderr.count('"link":"waiting"'), 1, host.stderr)

    def test_nothing_that_is_said_becomes_a_line(self):
        def script(peer):
            peer.welcome()
            peer.asked("echo a\rQUIT :x", "a")
            peer.asked("echo \x01ACTION waves\x01", "ACTION waves")
            peer.send(b":ada!a@h PRIVMSG #ops :microbot: echo \x034red\x03 b\r\n")
            peer.wait("PRIVMSG #ops :@ada: red b")
            self.assertFalse([line for line in peer.lines if line.startswith("QUIT")])

        server, bot = self.played(script)
        with bot:
            server.finished()

    def test_a_bot_and_a_notice_get_no_answer(self):
        def script(peer):
            peer.wait("USER")
            peer.send(b":s CAP * LS :message-tags\r\n")
            peer.wait("CAP REQ")
            peer.send(b":s CAP * ACK :message-tags\r\n", WELCOME)
            peer.wait("JOIN #ops")
            peer.send(JOINED, b"@bot :robot!r@h PRIVMSG microbot :ping\r\n:ada!a@h NOTICE microbot :ping\r\n")
            peer.asked("ping", "pong")
            self.assertEqual(len([line for line in peer.lines if line.startswith("PRIVMSG")]), 1)

        server, bot = self.played(script)
        with bot:
            server.finished()

    def test_who_says_too_fast_is_left_alone(self):
        def script(peer):
            peer.wait("USER")
            peer.send(b"ERROR :Closing Link: x (Trying to reconnect too fast.)\r\n")

        server, bot = self.played(script)
        with bot as host:
            server.finished()
            host.wait_for_log("reconnect too fast")
            end = threading.Event()
            end.wait(2)  # the shortest delays would have come back by now
            self.assertEqual(len(server.peers), 1)

    def test_a_ban_is_the_end(self):
        def script(peer):
            peer.wait("USER")
            peer.send(b":s 465 microbot :You are banned\r\nERROR :Closing Link\r\n")

        server, bot = self.played(script)
        with bot as host:
            self.refused(host, 'the server bans the bot (it says "You are banned")')

    def test_a_server_that_hangs_up_at_once_is_not_asked_in_a_loop(self):
        server, bot = self.played(lambda peer: peer.socket.shutdown(socket.SHUT_RDWR))
        with bot as host:
            host.wait_for_log('"link":"waiting"')
            threading.Event().wait(3)
            self.assertLess(len(server.peers), 12)
            self.assertLess(len(host.stderr.splitlines()), 15)


class Scram(Case):
    """SCRAM-SHA-256, which Debian's services do not have."""

    def scram(self, peer, honest=True):
        salt, rounds, nonce = os.urandom(16), 4096, base64.b64encode(os.urandom(12)).decode()

        def said():
            return base64.b64decode(peer.wait("AUTHENTICATE ").partition(" ")[2]).decode()

        def say(text):
            peer.send(b"AUTHENTICATE :" + base64.b64encode(text.encode()) + b"\r\n")

        peer.wait("USER")
        peer.send(b":s CAP * LS :sasl=PLAIN,SCRAM-SHA-256\r\n")
        peer.wait("CAP REQ :sasl")
        peer.send(b":s CAP * ACK :sasl\r\n")
        peer.wait("AUTHENTICATE SCRAM-SHA-256")
        peer.send(b"AUTHENTICATE +\r\n")
        bare = said().removeprefix("n,,")
        nonce = bare.partition("r=")[2] + nonce
        first = f"r={nonce},s={base64.b64encode(salt).decode()},i={rounds}"
        say(first)
        final = said()
        without, _, proof = final.rpartition(",p=")
        salted = hashlib.pbkdf2_hmac("sha256", SECRET.encode(), salt, rounds)
        key = hmac.digest(salted, b"Client Key", "sha256")
        message = f"{bare},{first},{without}".encode()
        signature = hmac.digest(hashlib.sha256(key).digest(), message, "sha256")
        expected = bytes(a ^ b for a, b in zip(key, signature))
        self.assertEqual(base64.b64decode(proof), expected)
        server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
        say("v=" + base64.b64encode(server if honest else os.urandom(32)).decode())
        if honest:
            peer.wait("AUTHENTICATE +")
        peer.send(b":s 900 microbot microbot!m@h bot :logged in\r\n:s 903 microbot :SASL authentication successful\r\n")
        peer.wait("CAP END")
        peer.send(WELCOME)
        peer.wait("JOIN #ops")
        peer.send(JOINED)

    def played(self, honest):
        server = self.enterContext(Server(lambda peer: self.scram(peer, honest)))
        return server, self.bot(server.address, irc_tls=False, irc_account="bot", irc_account_password=SECRET, irc_sasl="scram-sha-256")

    def test_the_password_never_goes_over_the_wire(self):
        server, bot = self.played(True)
        with bot as host:
            server.finished()
            self.in_channel(host)
            self.assertNotIn(SECRET, "\n".join(server.peers[0].lines))

    def test_a_server_that_does_not_know_the_password_is_not_believed(self):
        server, bot = self.played(False)
        with bot as host:
            self.refused(host, "makes no sense")
