#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The gateway under load for a while: memory and open files must stay flat, every answer must be right.

usage: soak.py [--seconds 60]     1800 for the long one
The first sixth of the time is warm-up. Then the highest memory of the second half may be above the highest of the first
half by 4 % and 512 KiB, open files by a few.
"""
import argparse
import json
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "integration"))
import harness
import wire

CONFIG = {
    "load": ["api.so"],
    "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
    "modules": {"api": {"handler": "rpc", "namespace": "go.micro.api"}},
}
CLIENTS, FILES_ALLOWED = 16, 4  # kept connections to the service come and go


class Load(threading.Thread):
    """Kept connections, a new one every 50 requests, every tenth request for a service that does not exist."""

    def __init__(self, port, stop):
        super().__init__(daemon=True)
        self.port, self.stop, self.answered, self.wrong = port, stop, 0, []

    def run(self):
        while not self.stop.is_set():
            try:
                with wire.Client(self.port) as client:
                    for number in range(50):
                        self.one(client, number)
            except (OSError, EOFError, ValueError) as problem:
                self.wrong.append(repr(problem))

    def one(self, client, number):
        missing = number % 10 == 9
        path = "/nobody/echo/call" if missing else "/soak/echo/call"
        body = json.dumps({"number": number, "padding": "x" * (number * 100)})
        got = client.request("POST", path, [("Content-Type", "application/json")], body)
        right = got.status == 404 if missing else got.status == 200 and got.json()["body"] == body
        self.answered += 1
        if not right:
            self.wrong.append(repr(got)[:300])


def watch(host, loads, seconds):
    """[(resident bytes, open files)], one a second."""
    samples = []
    for _ in range(seconds):
        time.sleep(1)
        samples.append((host.memory(), host.open_files()))
    return samples[seconds // 6 :]


def verdict(samples):
    half = len(samples) // 2
    memory = [max(m for m, _ in part) for part in (samples[:half], samples[half:])]
    files = [max(f for _, f in part) for part in (samples[:half], samples[half:])]
    print(f"memory {memory[0] >> 10} KiB, then {memory[1] >> 10} KiB; open files {files[0]}, then {files[1]}")
    problems = []
    if memory[1] > memory[0] * 1.04 + (512 << 10):
        problems.append("memory grows")
    if files[1] > files[0] + FILES_ALLOWED:
        problems.append("open files grow")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    seconds = parser.parse_args().seconds
    with harness.Microhost(CONFIG) as host, harness.Service(host, "go.micro.api.soak"):
        harness.wait_for(lambda: host.post("/soak/echo/call", "{}").status == 200, 10, "the service behind the gateway")
        stop = threading.Event()
        loads = [Load(host.port(), stop) for _ in range(CLIENTS)]
        for load in loads:
            load.start()
        samples = watch(host, loads, seconds)
        stop.set()
        for load in loads:
            load.join(15)
        wrong = [text for load in loads for text in load.wrong]
        print(f"{sum(load.answered for load in loads)} requests, {len(wrong)} wrong")
        problems = verdict(samples) + wrong[:5]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
