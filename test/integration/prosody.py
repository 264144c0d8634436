# SPDX-License-Identifier: Apache-2.0
"""Prosody from Debian, unpacked beside the build: started on free ports in a folder of its own; a proxy that can cut its
connections; and other users, who are slixmpp.

    with prosody.Prosody(certificates, bot="secret", ada="secret") as server, prosody.User(server, "ada") as ada:
        ada.join("ops@rooms.localhost", "ada")
"""
import contextlib
import json
import os
import queue
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import harness
from etcd import free_ports

sys.path.append(str(harness.ROOT / "test"))

import peers  # noqa: E402

PACKAGES = ("prosody", "lua-event", "lua-sec", "python3-slixmpp")
PYTHON = "/usr/bin/python3"  # the one that Debian's slixmpp is compiled for
HERE = Path(__file__).parent
CONFIG = """
pidfile = "{folder}/prosody.pid"; data_path = "{folder}/data"; certificates = "{folder}"
plugin_paths = {{ "{here}/prosody" }}
log = {{ info = "{folder}/prosody.log" }}
interfaces = {{ "127.0.0.1" }}; local_interfaces = {{ "127.0.0.1" }}
network_settings = {{ nagle = false }} -- else it holds back what comes right behind an answer until that is acknowledged
c2s_ports = {{ {plain} }}; c2s_direct_tls_ports = {{ {direct} }}; s2s_ports = {{ }}; http_ports = {{ }}; https_ports = {{ }}
modules_enabled = {{ "roster", "saslauth", "tls", "disco", "ping", "smacks", "carbons", "posix", "offline" }}
modules_disabled = {{ "s2s" }}
authentication = "{authentication}"
c2s_require_encryption = true; allow_registration = false; run_as_root = true
ssl = {{ key = "{key}"; certificate = "{cert}" }}
smacks_hibernation_time = {hibernation}
{more}
VirtualHost "localhost"
{host}
Component "{rooms}" "muc"
  restrict_room_creation = false; muc_room_locking = true
  muc_room_default_public_jids = {public}
"""


def environment():
    """To run prosody and slixmpp with. Downloaded by --all only; what is there already is used always."""
    try:
        env = peers.ready(*PACKAGES) if "MICROHOST_ALL" in os.environ else peers.environment()
    except peers.Missing as problem:
        raise unittest.SkipTest(str(problem)) from None
    if not shutil.which("prosody", path=env["PATH"]) or not shutil.which("lua5.4", path=env["PATH"]):
        raise unittest.SkipTest("needs prosody: test/peers.py " + " ".join(PACKAGES) + " unpacks it, and --all does so")
    asked = subprocess.run([PYTHON, "-c", "import slixmpp"], env=env, capture_output=True)
    if asked.returncode:
        raise unittest.SkipTest("needs slixmpp: test/peers.py python3-slixmpp unpacks it, and --all does so")
    return env


def script(env, folder):
    """Debian's start script looks for its parts where Debian would install them."""
    found = Path(shutil.which("prosody", path=env["PATH"]))
    tree = found.parent.parent / "lib/prosody"
    text = found.read_text().replace("'/usr/lib/prosody", f"'{tree}")
    path = folder / "prosody.lua"
    path.write_text(text)
    return path


def lua_environment(env):
    tree = peers.TREE / "usr"
    both = {
        "LUA_PATH": [tree / "share/lua/5.4/?.lua", tree / "share/lua/5.4/?/init.lua"],
        "LUA_CPATH": [tree / f"lib/{peers.TRIPLET}/lua/5.4/?.so"],
    }
    return {**env, **{name: ";".join([*map(str, paths), ";"]) for name, paths in both.items()}}


class Prosody:
    """`users`: names and passwords. `kept`: {"cert": ..., "key": ...} for the name localhost."""

    def __init__(self, kept, ca, rooms="rooms.localhost", host="", more="", authentication="internal_plain", hibernation=60,
                 public=True, **users):
        self.env = lua_environment(environment())
        self.folder = Path(tempfile.mkdtemp(prefix="microhost-prosody-"))
        self.plain, self.direct = free_ports(2)
        self.ca, self.rooms, self.users, self.process = ca, rooms, users, None
        (self.folder / "data").mkdir()
        for name, password in users.items():
            self.add_user(name, password)
        self.config = self.folder / "prosody.cfg.lua"
        self.write_config(kept, host=host, more=more, authentication=authentication, hibernation=hibernation,
                          public=json.dumps(public))
        self.script = script(self.env, self.folder)

    def write_config(self, kept, **values):
        self.config.write_text(CONFIG.format(folder=self.folder, here=HERE, plain=self.plain, direct=self.direct, rooms=self.rooms,
                                             **kept, **values))

    def add_user(self, name, password):
        folder = self.folder / "data/localhost/accounts"
        folder.mkdir(parents=True, exist_ok=True)
        encoded = re.sub(r"[^a-zA-Z0-9]", lambda m: f"%{ord(m[0]):02x}", name)
        (folder / f"{encoded}.dat").write_text(f'return {{ ["password"] = {json.dumps(password)}; }};\n')

    def start(self):
        out = open(self.folder / "out", "ab")
        self.process = subprocess.Popen([shutil.which("lua5.4", path=self.env["PATH"]), self.script, "--config", self.config, "-F"],
                                        env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        out.close()
        harness.wait_for(self.answers, 10, f"an answer of prosody\n{self.log}")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"prosody ended with {self.process.returncode}\n{self.log}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.plain), 1):
            return True

    @property
    def log(self):
        return "".join(p.read_text(errors="replace") for p in (self.folder / "out", self.folder / "prosody.log") if p.exists())

    def stop(self):
        self.process.terminate()
        self.process.wait(10 * harness.SLOW)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Proxy:
    """Between a client and a server. cut() ends each connection without a goodbye; closed for new ones until open()."""

    def __init__(self, port):
        self.to, self.pairs, self.accepting = port, [], True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.frozen = threading.Event()
        self.frozen.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if not self.accepting:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.to), 5)
            except OSError:
                near.close()
                continue
            self.pairs.append((near, far))
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(a, b), daemon=True).start()

    def _pump(self, a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                self.frozen.wait()
                b.sendall(data)
        for s in (a, b):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def cut(self):
        self.accepting = False
        for pair in self.pairs:
            for s in pair:
                with contextlib.suppress(OSError):
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, as when a cable is pulled
                    s.shutdown(socket.SHUT_RDWR)
                    s.close()
        self.pairs = []

    def open(self):
        self.accepting = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.frozen.set()
        self.cut()


class User:
    """Somebody else, in a process of his own: xmpp_user.py."""

    def __init__(self, server, name, password=None):
        self.jid = f"{name}@localhost"
        self.events = queue.Queue()
        self.seen = []
        command = [PYTHON, str(HERE / "xmpp_user.py"), self.jid, password or server.users[name], str(server.plain), server.ca]
        self.process = subprocess.Popen(command, env=server.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with contextlib.suppress(ValueError):
                self.events.put(json.loads(line))
        self.events.put({"event": "end"})

    def do(self, what, **more):
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()

    def wait(self, seconds=10, **wanted):
        """The next event with these values; those that came before it are forgotten. "body": a part of it."""
        def fits(event):
            return all(value in event.get(key, "") if key == "body" else event.get(key) == value for key, value in wanted.items())

        import time
        deadline = time.monotonic() + seconds * harness.SLOW
        while True:
            try:
                event = self.events.get(timeout=max(0.001, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{self.jid} saw no {wanted} within {seconds} s, but {str(self.seen[-8:])[-2000:]}") from None
            self.seen.append(event)
            if fits(event):
                return event
            if event["event"] == "end":
                raise AssertionError(f"the user {self.jid} ended; saw {self.seen[-8:]}")

    def heard(self, part):
        """What others have said in rooms so far, with that part in it."""
        return [e for e in self.seen if e["event"] == "message" and e.get("own") is False and part in e["body"]]

    def nothing(self, seconds, **wanted):
        """Asserts that no such event comes within the time."""
        try:
            event = self.wait(seconds / harness.SLOW, **wanted)
        except AssertionError:
            return
        raise AssertionError(f"{self.jid} saw {event}")

    def join(self, room, nick):
        self.do("join", room=room, nick=nick)
        self.wait(event="joined", room=room)

    def say(self, room, body):
        self.do("say", to=room, type="groupchat", body=body)

    def tell(self, jid, body):
        self.do("say", to=jid, type="chat", body=body)

    def ask(self, room, body, answer, seconds=10):
        """Says it in the room, and waits for somebody else's word with `answer` in it. Returns that."""
        self.say(room, body)
        return self.wait(seconds, event="message", type="groupchat", own=False, body=answer)["body"]

    def __enter__(self):
        try:
            self.wait(30, event="online")
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
