#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mucp service that says what it was asked: echo_service.py NAME [--node ID] [--version V] [--metadata JSON]

Echo.Call answers {"service", "endpoint", "node", "headers", "body"}; Echo.Sleep waits {"ms": N} first; Echo.Fail answers
the Micro-Error {"error": TEXT}; Echo.Big answers {"bytes": N} bytes of JSON string; Echo.Die exits in the middle.
"""
import argparse
import atexit
import json
import os
import signal
import sys
import time
from pathlib import Path

import wire

ENDPOINTS = ("Echo.Call", "Echo.Sleep", "Echo.Fail", "Echo.Big", "Echo.Die")


def reply_to(call, service, node):
    endpoint = call.get("Micro-Endpoint") or call.get("Micro-Method") or ""
    request = {}
    if call.body and "json" in call.get("Content-Type", "json"):
        request = json.loads(call.body) or {}
    echoed = [("Content-Type", call.get("Content-Type", "application/json")), ("Micro-Id", call.get("Micro-Id", ""))]
    if endpoint == "Echo.Die":
        os._exit(1)
    if endpoint == "Echo.Sleep":
        time.sleep(request.get("ms", 100) / 1000)
    if endpoint == "Echo.Fail":
        text = request.get("error", "it failed")
        return wire.answer(b"", headers=[*echoed, ("Micro-Error", text)])
    if endpoint == "Echo.Big":
        return wire.answer(json.dumps("x" * (request.get("bytes", 65536) - 2)), headers=echoed)
    told = {
        "service": service,
        "endpoint": endpoint,
        "node": node,
        "headers": dict(call.headers),
        "body": call.body.decode("latin1"),
    }
    return wire.answer(json.dumps(told), headers=echoed)


ENDS = {signal.SIGTERM, signal.SIGINT}  # waited for: a handler could find the lock taken that it needs


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--node")
    parser.add_argument("--version", default="1.0.0")
    parser.add_argument("--metadata", type=json.loads, default={"protocol": "mucp"})
    options = parser.parse_args()
    node = options.node or f"{options.name}-{os.getpid()}"
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)  # in the threads to come, too
    server = wire.Upstream(lambda call, _: reply_to(call, options.name, node), record=False)
    endpoints = [{"name": e, "request": None, "response": None, "metadata": None} for e in ENDPOINTS]
    content = {
        "format": 1, "name": options.name, "version": options.version, "metadata": None, "endpoints": endpoints,
        "nodes": [{"id": node, "address": server.address, "metadata": options.metadata}],
        "ttl_s": 10, "owner_pid": os.getpid(),
    }
    path = Path(os.environ["MICROHOST_RUNTIME_DIR"], "registry/v1", f"{node}.json")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_suffix(".tmp")
    partial.write_text(json.dumps(content))
    partial.replace(path)
    atexit.register(path.unlink, missing_ok=True)
    while signal.sigtimedwait(ENDS, 2) is None:
        os.utime(path)


if __name__ == "__main__":
    sys.exit(main())
