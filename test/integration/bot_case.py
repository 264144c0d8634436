# SPDX-License-Identifier: Apache-2.0
"""A chat network that a test plays: the bot's input "service". What is said goes in as events, answers come as calls of Input.Send."""
import base64
import contextlib
import itertools
import json
import os
import threading
import time

import harness
import wire

BOT = "go.micro.bot"
SECRET = "s3cret-of-the-network"
USERS = {
    "ada": {"identities": ["service:test/ada"], "role": "admin"},
    "bob": {"identities": ["service:test/bob"], "role": "operator"},
    "carl": {"identities": ["service:test/carl"], "role": "viewer"},
}


class Answer:
    def __init__(self, body):
        self.room, self.peer, self.thread, self.text = (body[k] for k in ("room", "peer", "thread", "text"))

    def __repr__(self):
        return f"{self.room or self.peer}: {self.text!r}"


class Chat:
    """The network: rooms and people, and all that the bot has said."""

    def __init__(self, host):
        self.host, self.answers, self.changed = host, [], threading.Condition()
        self.server = wire.Upstream(self._call, record=False)
        host.register("go.micro.net.test", self.server.address, endpoints=("Input.Send",), node="network-1")
        self.connection = wire.Client(host.control)
        host.wait_for_log("listens to " + BOT)  # once the commands of all modules are there

    def _call(self, call, _):
        with self.changed:
            self.answers.append(Answer(json.loads(call.body)))
            self.changed.notify_all()
        return wire.answer("{}", headers=[("Content-Type", "application/json"), ("Micro-Id", call.get("Micro-Id", ""))])

    def close(self):
        self.connection.close()
        self.server.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def say(self, text, who="ada", room="", thread="", identity=None, secret=SECRET, **more):
        """Somebody says something. `identity`: what the network vouches for, the name if not given."""
        event = {"network": "test", "room": room, "peer": who, "thread": thread, "name": who,
                 "identity": who if identity is None else identity, "text": text, **more}
        if secret:
            event["secret"] = secret
        self.publish(json.dumps(event))

    def publish(self, message):
        body = json.dumps({"args": {"topic": BOT + ".input", "message": message}})
        answer = self.connection.request("POST", "/v1/commands/publish", body=body.encode())
        assert answer.status == 200 and '"exit":0' in answer.text, answer.text

    def count(self):
        with self.changed:
            return len(self.answers)

    def wait(self, condition, what, seconds=10.0):
        """Waits until condition(answers) gives something true."""
        deadline = time.monotonic() + seconds * harness.SLOW
        with self.changed:
            while not (result := condition(self.answers)):
                if not self.changed.wait(max(0, deadline - time.monotonic())):
                    raise AssertionError(f"{what} did not come; the bot said {self.answers[-20:]}\n{self.host.stderr[-3000:]}")
            return result

    def ask(self, text, who="ada", **more):
        """What the bot says to it: the first message after it."""
        before = self.count()
        self.say(text, who, **more)
        return self.wait(lambda all: all[before:] and all[before], f"an answer to {text!r}").text

    def says_nothing(self, text, **more):
        """The next that it says is the answer to something else."""
        before = self.count()
        self.say(text, **more)
        self.say("echo after it", who="witness")
        answer = self.wait(lambda all: all[before:] and all[before], "the answer to the witness")
        assert answer.text == "after it", answer


def config(bot=None, **more):
    return {"host": {"loops": 1}, "load": ["bot.so"],
            "modules": {"bot": {"inputs": ["service"], "service_networks": {"test": "go.micro.net.test"},
                                "service_secret": SECRET, "users": USERS, "rate": "1000/s", "burst": 1000, **(bot or {})}}, **more}


class Case(harness.Case):
    @contextlib.contextmanager
    def chat(self, bot=None, args=(), **more):
        with harness.Microhost(config(bot, **more), *args) as host, Chat(host) as chat:
            yield host, chat


class Command:
    """A service go.micro.bot.WORD: Command.Help and Command.Exec, in this process."""

    def __init__(self, host, word, run, usage=None, description="of a test", metadata=None, protobuf=False, namespace=BOT):
        self.run, self.usage, self.description, self.protobuf = run, usage or word, description, protobuf
        self.calls = []
        self.server = wire.Upstream(self._call, record=False)
        self.host, self.name, self.metadata = host, f"{namespace}.{word}", {"protocol": "mucp", **(metadata or {})}
        self.numbers = itertools.count(1)
        self.path = self.add_node()

    def add_node(self):
        node = f"{self.name}-{next(self.numbers)}"
        return self.host.register(self.name, self.server.address, ("Command.Help", "Command.Exec"), node=node,
                                  nodes=[{"id": node, "address": self.server.address, "metadata": self.metadata}])

    def _call(self, call, _):
        endpoint = call.get("Micro-Endpoint") or call.get("Micro-Method")
        kind = call.get("Content-Type", "")
        self.calls.append((endpoint, kind, dict(call.headers)))
        proto = "proto" in kind
        if endpoint == "Command.Help":
            body = fields(self.usage.encode(), self.description.encode()) if proto else json.dumps(
                {"usage": self.usage, "description": self.description}).encode()
        else:
            args = read_fields(call.body) if proto else json.loads(call.body)["args"]
            result, error = self.run(args)
            body = fields(result, error.encode()) if proto else json.dumps(
                {"result": base64.b64encode(result).decode(), "error": error}).encode()
        return wire.answer(body, headers=[("Content-Type", kind), ("Micro-Id", call.get("Micro-Id", ""))])

    def close(self):
        self.server.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.path.unlink(missing_ok=True)
        self.close()


def fields(*values):
    """Length-delimited protobuf fields 1, 2, ... of less than 128 bytes."""
    return b"".join(bytes([number << 3 | 2, len(v)]) + v for number, v in enumerate(values, 1) if v)


def read_fields(body):
    out = []
    while body:
        out.append(body[2 : 2 + body[1]].decode())
        body = body[2 + body[1] :]
    return out


def own_pid():
    return os.getpid()
