#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a large registry costs: two gateways on one etcd, of which one finds a single service and the other 2000 more with five
nodes each. Both call the same node; wrk is the client. Time until the gateway is ready, memory, CPU a request in the same
rounds, CPU of one change, and how long a change takes to be seen by each.

usage: registry.py [--rounds 7] [--seconds 2] [--services 2000] [--changes 200] [--prefix .cache/prefix/release]
"""
import argparse
import contextlib
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "test/integration"), str(Path(__file__).parent)]

import beside  # noqa: E402

NODES = 5
BENCH = "go.micro.srv.bench"
ENDPOINTS = ("Say.Hello", "Say.Stream", "Debug.Health")


def key(size, name, node):
    return f"/{size}/{name}/{node}"


def put(store, size, name, node, address):
    import etcd

    store.put_many([(key(size, name, node), etcd.service(name, node, address, endpoints=ENDPOINTS))])


def fill(store, services):
    import etcd

    def service(i):
        name = f"go.micro.srv.s{i}"
        for n in range(NODES):
            node = f"s{i}-{n}"
            yield key("large", name, node), etcd.service(name, node, f"127.0.0.1:{10000 + i * NODES + n}", endpoints=ENDPOINTS)

    for first in range(0, services, 20):
        store.put_many(pair for i in range(first, min(first + 20, services)) for pair in service(i))


def gateway(store, size):
    import harness

    return harness.Microhost({
        "host": {"loops": 1, "access_log": False},
        "load": ["api.so", "registry-etcd.so"],
        "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
        "modules": {"api": {"handler": "rpc", "namespace": "go.micro.srv"},
                    "registry-etcd": {"addresses": store.address, "prefix": f"/{size}"}},
    })


def host_knows(host, count):
    return host.ask_control("GET", "/readyz").status == 200 and host.ask_control("GET", "/v1/services").text.count('"name":"go.micro.srv.') >= count


def seen(host, address):
    return address in host.ask_control("GET", "/v1/services").text


def change_seen_ms(store, host, size, number):
    """From the write until the control socket tells of it. Asking costs the large one most of it."""
    import harness

    address = f"127.0.0.1:{1000 + number}"
    began = time.monotonic()
    put(store, size, BENCH + "-moving", "moving-1", address)
    harness.wait_for(lambda: seen(host, address), 5, "the change")
    return (time.monotonic() - began) * 1e3


def changes_cpu_ms(store, host, size, count):
    """CPU of the gateway for one change of a node, with nothing else to do."""
    import harness

    before = beside.cpu_seconds(host.pid)
    for n in range(count):
        put(store, size, BENCH + "-moving", "moving-1", f"127.0.0.1:{20000 + n}")
    last = f"127.0.0.1:{20000 + count - 1}"
    harness.wait_for(lambda: seen(host, last), 10, "the last change")
    return (beside.cpu_seconds(host.pid) - before) * 1e3 / count


def run(options, folder):
    import etcd
    import harness

    both = os.sched_getaffinity(0)
    proxies, others = {min(both)}, both - {min(both)}
    port = beside.free_port()
    server = f"server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 '{beside.ANSWER}'; }} }}\n"
    with contextlib.ExitStack() as stack:
        with beside.on_cpus(others):
            stack.enter_context(beside.nginx(beside.BACKEND.format(folder=folder, servers=server), folder, "backend", port))
            store = stack.enter_context(etcd.Etcd())
        fill(store, options.services)
        hosts = {}
        for size in ("small", "large"):
            put(store, size, BENCH, "bench-1", f"127.0.0.1:{port}")
            began = time.monotonic()
            with beside.on_cpus(proxies):
                hosts[size] = stack.enter_context(gateway(store, size))
                harness.wait_for(lambda: host_knows(hosts[size], options.services if size == "large" else 1), 30, "all services")
            print(f"  {size}: ready, with all services, after {(time.monotonic() - began) * 1e3:.0f} ms, {hosts[size].memory() / 1e6:.1f} MB of its own")
        rounds = {size: [] for size in hosts}
        with beside.on_cpus(others):
            for _ in range(options.rounds):
                for size, host in hosts.items():
                    url = f"http://127.0.0.1:{host.port('edge')}/bench/say/hello"
                    rounds[size].append(beside.measure(host.pid, url, options.seconds, []))
        ratios = sorted(a["cpu_us"] / b["cpu_us"] for a, b in zip(rounds["large"], rounds["small"]))
        print(f"  CPU a request, large / small: {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
        for size, host in hosts.items():
            put(store, size, BENCH + "-moving", "moving-1", "127.0.0.1:1")
            times = sorted(change_seen_ms(store, host, size, n) for n in range(20))
            cpu = changes_cpu_ms(store, host, size, options.changes)
            print(f"  {size}: a change costs {cpu:.2f} ms CPU and is seen after {statistics.median(times):.1f} ms (longest {times[-1]:.1f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--services", type=int, default=2000)
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--prefix", type=Path, default=ROOT / ".cache/prefix/release")
    options = parser.parse_args()
    import peers

    os.environ["MICROHOST_PREFIX"] = str(options.prefix.resolve())
    for package in ("nginx-core", "wrk", "etcd-server", "etcd-client"):
        os.environ.update(peers.ready(package))
    print(f"{options.services} services with {options.services * NODES} nodes")
    with tempfile.TemporaryDirectory(prefix="microhost-registry-") as made:
        run(options, Path(made))


if __name__ == "__main__":
    main()
