#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a filter costs a request, in nanoseconds of CPU: the same pipelined requests with none and with many of one kind.

usage: filters.py [--rounds 9] [--prefix .cache/prefix/release]

Ten and sixty filters that go on at once; sixty whose `match` lets the request by; sixty of another listener; one that suspends and
resumes in its own call. From the scheduler's account of the process, medians of all rounds, and the smallest and largest. Last, how long a
resume() of another thread takes to the loop, which sleeps, next to what the system takes to wake a sleeping thread (wake.c).
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
BATCH, BATCHES = 200, 250
MANY = 60


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

    def batch(self, count):
        """Sends so many requests at once and reads the answers."""
        self.socket.sendall(self.request * count)
        got = b""
        while got.count(b"\r\n\r\n") < count:
            got += self.socket.recv(1 << 20)
        return got

    def cpu_ns(self):
        return sum(int(Path(f).read_text().split()[0]) for f in Path(f"/proc/{self.host.pid}/task").glob("*/schedstat"))

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
    found = [int(subject.batch(1).lower().split(b"x-ns: ")[1].split(b"\r\n")[0]) for _ in range(2000)]
    subject.close()
    return sorted(found)


def wake_ns(folder):
    subprocess.run(["cc", "-O2", "-pthread", Path(__file__).parent / "wake.c", "-o", folder / "wake"], check=True)
    return statistics.median(int(subprocess.run([folder / "wake"], check=True, capture_output=True).stdout) for _ in range(5))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--prefix", type=Path, default=ROOT / ".cache/prefix/release")
    options = parser.parse_args()
    os.environ["MICROHOST_PREFIX"] = str(options.prefix.resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subjects = {}
        for case, how in {"none": ("", {}, None, 1), **CASES}.items():
            (folder / case).mkdir()
            subjects[case] = Subject(folder / case, *how[:3])
        costs = {case: [] for case in CASES}
        base = []
        for _ in range(options.rounds):
            base.append(subjects["none"].round())
            for case in CASES:
                costs[case].append((subjects[case].round() - base[-1]) / CASES[case][3])
        for subject in subjects.values():
            subject.close()
        print(f"a request without filters: {statistics.median(base):.0f} ns")
        for case, found in costs.items():
            print(f"{case:<30}{statistics.median(found):8.1f} ns each ({min(found):.1f} to {max(found):.1f})")
        found = resume_ns(folder)
        print(f"resume() of another thread to the loop: {found[1000] / 1000:.1f} us at the median, {found[1980] / 1000:.1f} at the 99th;"
              f" a bare eventfd: {wake_ns(folder) / 1000:.1f}")


if __name__ == "__main__":
    main()
