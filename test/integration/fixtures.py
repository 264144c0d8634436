# SPDX-License-Identifier: Apache-2.0
"""The tiny modules of test/fixtures: where the build put them, and a program that serves one of them."""
import json
import os
from pathlib import Path

import harness

FOLDER = Path(os.environ.get("MICROHOST_FIXTURES") or harness.ROOT / "build" / harness.PREFIX.name / "test/fixtures")


def serve(name, **host):
    """microhost with that module behind one listener."""
    return harness.Microhost({
        "host": {"loops": 1, **host},
        "load": [str(FOLDER / f"{name}.so")],
        "listeners": {"edge": {"module": name, "address": "127.0.0.1:0"}},
    })


def state(host):
    """What the module says of the requests it has seen."""
    return json.loads(host.get("/state").body)


def wait_for_state(host, condition, what):
    return harness.wait_for(lambda: (now := state(host)) and condition(now) and now, 10, what)
