#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an open dashboard costs the request loops at full load: gateway and web.so in one process with one loop, case a of the bench
kit (128 B, 64 connections that stay) as fast as it goes, and one reader of every event. Prints the accounted time of web.so as a share
of the loop's CPU time; 2 % is the aim. What web.so does on the control thread is in it, too, so the loops' own share is smaller.

usage: dashboard.py [--seconds 20] [--prefix .cache/prefix/release] [--browser]

--browser: Debian's Chromium shows the overview meanwhile (test/browser says what it needs). Exit status 1 above the aim.
"""
import argparse
import contextlib
import http.client
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "test/integration"), str(ROOT / "test/browser"), str(HERE)]

import proxy

AIM = 0.02
# Opens the page, and stays until its input ends.
VISITOR = """const { chromium } = require(process.env.NODE_PATH + '/playwright-core');
(async () => {
    const browser = await chromium.launch({ executablePath: process.argv[1], args: ['--no-sandbox'] });
    const page = await browser.newPage();
    await page.goto(process.argv[2]);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.waitForTimeout(3000); // what it asks for at first is no part of this
    console.log('live');
    process.stdin.resume().on('end', () => browser.close());
})();"""


def thread_seconds(pid):
    """CPU time of each thread by its name."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        found[name] = found.get(name, 0) + int((task / "schedstat").read_text().split()[0]) / 1e9
    return found


def web_seconds(host):
    modules = host.get("/_/api/modules", listener="web").json()["modules"]
    return next(m["cpu_us"] for m in modules if m["id"] == "web") / 1e6


class Reader(threading.Thread):
    """A page without a browser: all topics of the stream of events."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.connection, self.events = http.client.HTTPConnection("127.0.0.1", port), 0
        self.connection.request("GET", "/_/events?topics=services,traffic,modules,logs")
        self.answer = self.connection.getresponse()
        self.start()

    def run(self):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            for line in self.answer:
                self.events += line.startswith(b"event:")


@contextlib.contextmanager
def visitor(url):
    import tools

    env, chromium = tools.ready()
    process = subprocess.Popen(["node", "-e", VISITOR, chromium, url], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline() != "live\n":
            sys.exit("dashboard: Chromium has not shown the page")
        yield
    finally:
        process.stdin.close()
        process.wait()


def measure(host, load, seconds):
    before, web = thread_seconds(host.pid), web_seconds(host)
    cost = proxy.measure(load, host.port("api"), host.pid, seconds, "/bench/say/hello", proxy.CALL[:1])
    web, after = web_seconds(host) - web, thread_seconds(host.pid)
    spent = {name: after[name] - before.get(name, 0) for name in after}
    return web, spent, cost


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--prefix", default=str(ROOT / ".cache/prefix/release"))
    parser.add_argument("--browser", action="store_true")
    options = parser.parse_args()
    os.environ["MICROHOST_PREFIX"] = options.prefix
    import beside
    import harness

    folder = Path(tempfile.mkdtemp(prefix="microhost-bench-"))
    (folder / "bin").mkdir()
    load, backend = proxy.built(folder)
    port = beside.free_port()
    config = {"host": {"loops": 1}, "load": ["api.so", "web.so"],
              "modules": {"api": {"address": "127.0.0.1:0", "handler": "rpc"}, "web": {"address": "127.0.0.1:0"}}}
    with beside.on_cpus({1}), beside.running([backend, str(port)], port), harness.Microhost(config) as host:
        os.sched_setaffinity(host.pid, {0})
        host.register("go.micro.api.bench", f"127.0.0.1:{port}")
        harness.wait_for(lambda: b"bench" in host.get("/registry", [("Accept", "application/json")], listener="web").body, 5, "the service")
        reader = Reader(host.port("web"))
        page = visitor(f"http://127.0.0.1:{host.port('web')}/") if options.browser else contextlib.nullcontext()
        with page:
            web, spent, cost = measure(host, load, options.seconds)
        reader.connection.sock and reader.connection.close()
    loops = sum(seconds for name, seconds in spent.items() if "loop" in name)
    threads = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in sorted(spent.items()) if seconds > 0.005)
    print(f"{cost:.1f} us CPU a request; {reader.events} events were read; CPU time of threads: {threads}")
    print(f"web.so {web * 1000:.0f} ms of {loops:.2f} s: {web / loops:.3%} (at most {AIM:.0%} is the aim)")
    return web / loops > AIM


if __name__ == "__main__":
    sys.exit(main())
