# SPDX-License-Identifier: Apache-2.0
"""What the browser looks at: programs with services and apps around them, each made once for all tests.

open     nobody has to log in: web.so, cli.so, api.so with a rate limit, a service with calls and streams, web services
guarded  the same behind a login: anna looks, ben operates, carla may everything; each password is "sesame of NAME"
crowd    1,000 services

MICROHOST_WEB_UI: a folder that the page is read from instead (static_dir of web.so), for who works on it.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "integration")]

import fixtures
import harness

USERS = {"anna": "viewer", "ben": "operator", "carla": "admin"}
SERVICE = "go.micro.srv.greeter"


def web_options(**more):
    static = os.environ.get("MICROHOST_WEB_UI")
    return {"address": "127.0.0.1:0", **({"static_dir": static} if static else {}), **more}


def config(**web):
    return {
        "host": {"name": "demo", "loops": 2, "rpc_address": "127.0.0.1:0"},
        "load": ["web.so", "api.so", "cli.so", "limit.so", "rollout.so", str(fixtures.FOLDER / "speaker.so")],
        "modules": {"web": web_options(**web)},
        "listeners": {"api": {"module": "api", "address": "127.0.0.1:0", "filters": ["slowly"]}},
        "filters": {"slowly": {"use": "limit", "config": {"rate": 100000}}},
    }


class World:
    def __init__(self, config, apps=()):
        self.host, self.apps = harness.Microhost(config), {}
        self.wanted = apps

    def start(self):
        self.host.start()
        for name in self.wanted:
            command = [sys.executable, str(HERE / "apps.py"), name]
            self.apps[name] = subprocess.Popen(command, env=harness.clean_environment(self.host.folder))
        for name in self.wanted:
            harness.wait_for(lambda: f"go.micro.web.{name}\\n" in self.listed(), 10, f"the app {name}")
        return self

    def listed(self):
        return self.host.ask_control("POST", "/v1/commands/list/services", b"{}").text

    def stop(self):
        """Returns what was wrong with how the program ended."""
        for app in self.apps.values():
            app.terminate()
            app.wait()
        try:
            self.host.stop()
        except AssertionError as problem:
            return str(problem)
        finally:
            self.host.kill()
            self.host._clean()
        return None

    def described(self):
        """What the tests are told of it."""
        listeners = {name: f"http://{each['address']}" for name, each in self.host.ready["listeners"].items()}
        return {"url": listeners["web"], "listeners": listeners, "registry": str(self.host.runtime / "registry/v1"),
                "folder": str(self.host.folder), "pid": self.host.pid, "owner": os.getpid(),
                "apps": {name: app.pid for name, app in self.apps.items()}}


def crowd():
    world = World({"host": {"loops": 1}, "load": ["web.so"], "modules": {"web": web_options()}})
    registry = world.host.runtime / "registry/v1"
    registry.mkdir(parents=True, mode=0o700)
    world.host.runtime.chmod(0o700)
    for number in range(1000):
        name = f"go.micro.srv.crowd-{number:04}"
        endpoints = [{"name": f"Say.Hello{n}", "request": None, "response": None, "metadata": None} for n in range(4)]
        content = {"format": 1, "name": name, "version": "1.0.0", "metadata": None, "endpoints": endpoints, "ttl_s": 600,
                   "nodes": [{"id": name, "address": "127.0.0.1:9", "metadata": None}], "owner_pid": os.getpid()}
        (registry / f"{name}.json").write_text(json.dumps(content))
    return world


def guarded():
    """None as long as nobody can log in."""
    users = tempfile.NamedTemporaryFile("w", prefix="microhost-users-", delete=False).name
    os.unlink(users)
    for name, role in USERS.items():
        command = [str(harness.PROGRAM), "passwd", "--user", name, "--role", role, users]
        if subprocess.run(command, input=f"sesame of {name}\n", text=True, capture_output=True).returncode:
            return None
    return World(config(users_file=users, local_role="", login_attempts=1000), ("app", "evil"))


def all_of_them():
    made = {"open": World(config(), ("app", "evil", "doomed")), "crowd": crowd(), "guarded": guarded()}
    return {name: world for name, world in made.items() if world}
