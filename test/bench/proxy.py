#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a call over the mucp proxy costs next to one over the gateway: case a of the bench kit (128 B, 64 connections that stay), both
from one process with one loop, in turns. Medians of the CPU time a request, and of the ratios of the same rounds.

usage: proxy.py [--rounds 9] [--seconds 1.5] [--prefix .cache/prefix/release]
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "test/integration")]
CALL = ("Content-Type: application/json", "Micro-Service: go.micro.api.bench", "Micro-Endpoint: Say.Hello", "Micro-Id: 1",
        "Micro-Method: Say.Hello", "Timeout: 5000000000", "Accept: application/json", "User-Agent: Go-http-client/1.1")


def built(folder):
    import kits

    subprocess.run(["make", "-s", "-C", kits.KITS / "bench", f"OUT={folder}", f"{folder}/bin/load", f"{folder}/bin/backend"],
                   check=True)
    return folder / "bin/load", folder / "bin/backend"


def measure(load, port, pid, seconds, path, headers, *more):
    command = [load, "-p", str(port), "-c", "64", "-d", str(seconds), "-w", "0.3", "-u", path, "-x", str(pid), *more]
    for header in headers:
        command += ["-H", header]
    done = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    if done.get("errors") or done.get("not_200"):
        raise SystemExit(f"not every request was answered: {done}")
    return done["cpu_us_req"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--prefix", default=str(ROOT / ".cache/prefix/release"))
    options = parser.parse_args()
    os.environ["MICROHOST_PREFIX"] = options.prefix
    import beside
    import harness

    folder = Path(tempfile.mkdtemp(prefix="microhost-bench-"))
    (folder / "bin").mkdir()
    load, backend = built(folder)
    port = beside.free_port()
    config = {"host": {"loops": 1, "access_log": False}, "load": ["api.so", "proxy.so"],
              "modules": {"api": {"address": "127.0.0.1:0", "handler": "rpc"}, "proxy": {"address": "127.0.0.1:0"}}}
    with beside.on_cpus({1}), beside.running([backend, str(port)], port), harness.Microhost(config) as host:
        os.sched_setaffinity(host.pid, {0})
        host.register("go.micro.api.bench", f"127.0.0.1:{port}")
        harness.wait_for(lambda: b"bench" in host.get("/registry", listener="proxy").body, 5, "the service")
        rows = []
        for _ in range(options.rounds):
            gateway = measure(load, host.port("api"), host.pid, options.seconds, "/bench/say/hello", CALL[:1])
            proxy = measure(load, host.port("proxy"), host.pid, options.seconds, "/", CALL, "-m", "POST", "-b", "16")
            rows.append((gateway, proxy))
            print(f"gateway {gateway:6.2f} us   proxy {proxy:6.2f} us   {proxy / gateway:.3f}", flush=True)
    ratios = [p / g for g, p in rows]
    print(f"median  {statistics.median(g for g, _ in rows):6.2f} us         "
          f"{statistics.median(p for _, p in rows):6.2f} us   {statistics.median(ratios):.3f} "
          f"({min(ratios):.3f} to {max(ratios):.3f})")


if __name__ == "__main__":
    main()
