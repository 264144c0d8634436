#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs each fuzz target for a while, two at a time: fuzz.py --build build/asan [SECONDS] [NAME]"""
import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def targets(build, part=""):
    return [p for p in sorted((build / "test/fuzz").glob("fuzz_*")) if p.is_file() and p.suffix == "" and part in p.name]


def fuzz(target, seconds, seed):
    """None, or the end of what the target said before it died."""
    name = target.name.removeprefix("fuzz_")
    learned = ROOT / ".cache/fuzz" / name
    learned.mkdir(parents=True, exist_ok=True)
    command = ["nice", target, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=16384", f"-seed={seed}"]
    command += ["-print_final_stats=1", f"-artifact_prefix={learned.parent}/crash-{name}-", learned]
    seeds, words = HERE / "corpus" / name, HERE / f"{name}.dict"
    command += [seeds] if seeds.is_dir() else []
    command += [f"-dict={words}"] if words.exists() else []
    env = {**os.environ, "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode("utf-8", "replace")
    runs = next((line.split()[-1] for line in text.splitlines() if "number_of_executed_units" in line), "?")
    print(f"fuzz {name:<16}{runs:>12} runs  {'ok' if done.returncode == 0 else 'FAILED'}", flush=True)
    return None if done.returncode == 0 else "\n".join([f"{name}:", *text.splitlines()[-40:]])


def run(build, seconds, part="", seed=0):
    """The problems of all targets, an empty list when there are none; None when there are no targets. `seconds`: for each, or
    a function of its name. A seed that is not 0 makes a run that can be made again."""
    found = targets(build, part)

    def seconds_of(target):
        return seconds(target.name.removeprefix("fuzz_")) if callable(seconds) else seconds

    with ThreadPoolExecutor(2) as pool:
        problems = list(pool.map(lambda target: fuzz(target, seconds_of(target), seed), found))
    return [p for p in problems if p] if found else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("seconds", type=int, nargs="?", default=60)
    parser.add_argument("name", nargs="?", default="")
    options = parser.parse_args()
    problems = run(options.build.resolve(), options.seconds, options.name)
    if problems is None:
        sys.exit("fuzz: there are no targets of that name")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
