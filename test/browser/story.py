#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A day with the dashboard, in the browser alone: from microhost passwd to a plugin that is replaced under load.

usage: story.py FOLDER      writes a picture of every page there, light and dark, and story.md, which says what was done

Exit status 1 when a step did not come about. The steps are in story.mjs.
"""
import contextlib
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "integration")]

import browser
import harness
import plugins
import tools
import wire
import worlds


class Visitors(threading.Thread):
    """Requests of the gateway, some of which are refused, for as long as it lasts."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.over, self.failed = port, threading.Event(), []

    def run(self):
        number = 0
        while not self.over.is_set():
            with contextlib.suppress(OSError, EOFError), wire.Client(self.port) as client:
                for _ in range(50):
                    number += 1
                    body = b"{}" if number % 25 == 0 else b'{"name":"John"}'
                    answer = client.request("POST", "/greeter/say/hello", [("Content-Type", "application/json")], body)
                    if answer.status not in (200, 400):
                        self.failed.append(answer.status)
                    time.sleep(0.005)


def prepare(world):
    """Who may log in, and a plugin in its first version; its second is built when the story asks for it."""
    folder = world.host.folder
    plugins.build(folder / "stamp.so", version=1, id="stamp", phase="transform", open_door=True)
    for name, role in worlds.USERS.items():
        subprocess.run([str(harness.PROGRAM), "passwd", "--user", name, "--role", role, str(folder / "users")],
                       input=f"sesame of {name}\n", text=True, check=True, capture_output=True)
    world.host.config = {
        "host": {"name": "demo", "loops": 2, "rpc_address": "127.0.0.1:0"},
        "load": ["web.so", "api.so", "cli.so", "rate-limit.so", "greeter.so", str(folder / "stamp.so"), str(worlds.fixtures.FOLDER / "speaker.so")],
        "modules": {"web": worlds.web_options(users_file=str(folder / "users"), local_role=""), "api": {"handler": "rpc", "namespace": "go.micro.api"}},
        "listeners": {"api": {"module": "api", "address": "127.0.0.1:0", "filters": ["limit", "stamp"]}},
        "filters": {"limit": {"use": "rate-limit", "config": {"key": "client-ip", "rate": 100000}}, "stamp": {"use": "stamp"}},
    }
    return folder


def next_version(folder):
    """Waits for the story to ask for it, then builds the plugin's second version in place of the first."""
    while not (folder / "wants-version-2").exists():
        time.sleep(0.05)
    plugins.build(folder / "stamp.so", version=2, id="stamp", phase="transform", open_door=True)
    (folder / "has-version-2").touch()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = Path(sys.argv[1]).resolve()
    out.mkdir(parents=True, exist_ok=True)
    env, chromium = tools.ready()
    world = worlds.World(None, ("app", "doomed"))
    folder = prepare(world)
    try:
        world.start()
        visitors = Visitors(world.host.port("api"))
        visitors.start()
        threading.Thread(target=next_version, args=(folder,), daemon=True).start()
        told = {"chromium": chromium, "slow": harness.SLOW, "part": "", "failures": str(out), "out": str(out),
                "worlds": {"story": world.described()}}
        found = browser.in_node("story.mjs", told, env)
        visitors.over.set()
        visitors.join()
        if visitors.failed:
            found["failures"].append(("the gateway's visitors", f"{len(visitors.failed)} got {set(visitors.failed)}"))
    finally:
        problem = world.stop()
    for name, text in [*found["failures"], *([("the end", problem)] if problem else [])]:
        print(f"FAILED {name}\n{text}")
    print(f"{found['passed']} passed, {len(found['failures'])} failed; pictures and story.md are in {out}")
    return bool(found["failures"] or problem)


if __name__ == "__main__":
    sys.exit(main())
