#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a filter costs a request, in nanoseconds of CPU: the same pipelined requests with none and with many of one kind.

usage: filters.py [--rounds 41] [--prefix .cache/prefix/release]

Ten and sixty filters that go on at once; sixty whose `match` lets the request by; sixty of another listener; one that suspends and
resumes in its own call. From the scheduler's account of the process, which has a processor of its own. Each case is measured twice
between two measurements without filters, so that a machine that gets slower weighs on both: medians of the differences, and between which
figures half of them lie. Last, how long a resume() of another thread takes to the loop, which sleeps, next to what the system takes to
wake a sleeping thread (wake.c): all on one processor, because in a virtual machine another one may have to be woken itself, which takes
ten times as long.
"""
import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "test/integration")]
BATCH, BATCHES = 200, 50
MANY, RESUMES = 60, 7


def instances(count, **more):
    return {f"f{i}": {"use": "noop", **more} for i in range(count)}


#: name -> (how noop.c is built, filters, the listener's own list of them, filters that the cost is divided by)
CASES = {
    "10 filters": ("", instances(10), None, 10),
    "60 filters": ("", instances(MANY), None, MANY),
    "60 of another path": ("", instances(MANY, match={"path_prefix": "/elsewhere"}), None, MANY),
    "60 of another method": ("", instances(MANY, match={"method": "POST"}), None, MANY),
    "60 of another host": ("", instances(MANY, match={"host": "b.example"}), None, MANY),
    "60 of another listener": ("", instances(MANY), [], MANY),
    "1 that suspends and resumes": ("turn", instances(1), None, 1),
}


def program(folder, way, filters, own):
    import harness
    import plugins

    module = plugins.build(folder / "noop.so", source=Path(__file__).parent / "noop.c", options=["-O2"],
                           **{way: True} if way else {})
    edge = {"module": "noop", "address": f"unix:{folder}/edge.sock", **({} if own is None else {"filters": own})}
    return harness.Microhost({"load": [module], "host": {"loops": 1}, "listeners": {"edge": edge}, "filters": filters})


class Subject:
    def __init__(self, folder, *how):
        self.host = program(folder, *how).start()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(self.host.address("edge").removeprefix("unix:"))
        self.request = b"GET /some/path?x=1 HTTP/1.1\r\nHost: a\r\nUser-Agent: bench\r\n\r\n"
        self.batch(BATCH)

    def tasks(self):
        return Path(f"/proc/{self.host.pid}/task").iterdir()

    def pin(self):
        for task in self.tasks():
            os.sched_setaffinity(int(task.name), {0})

    def batch(self, count):
        """Sends so many requests at once and reads the answers."""
        self.socket.sendall(self.request * count)
        got = b""
        while got.count(b"\r\n\r\n") < count:
            got += self.socket.recv(1 << 20)
        return got

    def cpu_ns(self):
        return sum(int((task / "schedstat").read_text().split()[0]) for task in self.tasks())

    def round(self):
        """Nanoseconds of CPU a request."""
        before = self.cpu_ns()
        for _ in range(BATCHES):
            self.batch(BATCH)
        return (self.cpu_ns() - before) / (BATCH * BATCHES)

    def close(self):
        self.socket.close()
        self.host.stop()
        self.host._clean()


def resume_ns(folder):
    """Of 2000 requests, one at a time, sorted."""
    subject = Subject(folder, "thread", instances(1), None)
    subject.pin()
    found = [int(subject.batch(1).lower().split(b"x-ns: ")[1].split(b"\r\n")[0]) for _ in range(2000)]
    subject.close()
    return sorted(found)


def wake_ns(folder):
    subprocess.run(["cc", "-O2", "-pthread", Path(__file__).parent / "wake.c", "-o", folder / "wake"], check=True)
    return int(subprocess.run(["taskset", "-c", "0", folder / "wake"], check=True, capture_output=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--prefix", type=Path, default=ROOT / ".cache/prefix/release")
    options = parser.parse_args()
    os.environ["MICROHOST_PREFIX"] = str(options.prefix.resolve())
    os.sched_setaffinity(0, {1})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subjects = {}
        for case, how in {"none": ("", {}, None, 1), **CASES}.items():
            (folder / case).mkdir()
            subjects[case] = Subject(folder / case, *how[:3])
            subjects[case].pin()
        costs = {case: [] for case in CASES}
        none, base = subjects["none"], []
        for _ in range(options.rounds):
            for case, found in costs.items():
                before, first, second, after = (s.round() for s in (none, subjects[case], subjects[case], none))
                base += before, after
                found.append((first + second - before - after) / 2 / CASES[case][3])
        for subject in subjects.values():
            subject.close()
        print(f"a request without filters: {statistics.median(base):.0f} ns")
        for case, found in costs.items():
            low, middle, high = statistics.quantiles(found, n=4)
            print(f"{case:<30}{middle:8.1f} ns each ({low:.1f} to {high:.1f})")
        runs = [(resume_ns(folder), wake_ns(folder)) for _ in range(RESUMES)]
        for what, each in ("resume() of another thread to the loop", [found[1000] for found, _ in runs]), ("a bare eventfd", [bare for _, bare in runs]):
            print(f"{what + ', medians of processes':<62}{' '.join(f'{ns / 1000:4.1f}' for ns in sorted(each))} us")


if __name__ == "__main__":
    main()
