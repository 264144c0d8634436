#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboard in Debian's Chromium: starts the worlds of worlds.py, then run.mjs with the *.test.mjs beside this file.

usage: browser.py [PART]       the tests whose name contains PART; MICROHOST_PREFIX says of which build
"""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "integration")]

import harness
import tools
import worlds

SECONDS = 240  # for all of them; they take a third of it


def run(part="", script="run.mjs", **more):
    """{"passed": N, "failures": [(name, text)], "skips": [(name, reason)]}."""
    try:
        env, chromium = tools.ready()
        if not harness.PROGRAM.exists():
            raise unittest.SkipTest("microhost is not built yet")
    except unittest.SkipTest as reason:
        return {"passed": 0, "failures": [], "skips": [("browser", str(reason))]}
    made = worlds.all_of_them()
    try:
        for world in made.values():
            world.start()
        told = {"chromium": chromium, "slow": harness.SLOW, "part": part, "failures": str(tools.FOLDER / "failures"),
                "worlds": {name: world.described() for name, world in made.items()}, **more}
        found = in_node(script, told, env)
    finally:
        ends = {name: world.stop() for name, world in made.items() if world.host.process}
    found["failures"] += [(f"the end of {name}", problem) for name, problem in ends.items() if problem]
    return found


def in_node(script, told, env):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(told, file)
        file.flush()
        command = ["node", str(HERE / script), file.name]
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=SECONDS * harness.SLOW)
    found, rest = {"passed": 0, "failures": [], "skips": []}, []
    for line in done.stdout.splitlines():
        if not line.startswith('{"test":'):
            rest.append(line)
            continue
        result = json.loads(line)
        print(f"{result['ms']:6} ms  {result['test']}{'' if result['ok'] else ': FAILED'}", file=sys.stderr)
        if result.get("skip"):
            found["skips"].append((result["test"], result["skip"]))
        elif result["ok"]:
            found["passed"] += 1
        else:
            found["failures"].append((result["test"], result["text"]))
    if done.returncode:
        found["failures"].append((script, "\n".join(rest[-40:]) + f"\nexit status {done.returncode}"))
    return found


def main():
    words = [word for word in sys.argv[1:] if word != "--json"]
    found = run(*words[:1])
    if "--json" in sys.argv:
        print("\n" + json.dumps(found))
        return 0
    for name, text in found["failures"]:
        print(f"FAILED {name}\n{text}\n")
    for name, reason in found["skips"]:
        print(f"skipped: {name}: {reason}")
    print(f"{found['passed']} passed, {len(found['failures'])} failed")
    return bool(found["failures"])


if __name__ == "__main__":
    sys.exit(main())
