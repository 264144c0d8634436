#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seeds one-line faults into a copy of the tree and says which of them the tests notice.

    test/faults/seed.py [--only N,N] [--keep DIR]

faults.json is a list of {"what", "file", "find", "replace"}: `find` must stand exactly once in the file. Each fault is built and
tested by itself; the tests stop at the first failure. A fault that nobody notices is a missing test. Exit status 1 when fewer
than nine in ten are caught.
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def copy_tree(to):
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, names.decode().split("\0")):
        source, copy = ROOT / name, to / name
        if not source.is_file() or (copy.is_file() and copy.read_bytes() == source.read_bytes()):
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)  # with the time of now: in a folder that was kept it is built again


def run(command, cwd, seconds, **more):
    """(ok, output); a test that hangs has noticed something, too."""
    try:
        done = subprocess.run(command, cwd=cwd, timeout=seconds, capture_output=True, text=True, **more)
        return done.returncode == 0, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        return False, "took too long"


class Copy:
    def __init__(self, folder):
        self.tree, self.prefix = folder / "tree", folder / "prefix"
        copy_tree(self.tree)
        options = ["-Dbuildtype=debug", "-Doptimization=0", f"--prefix={self.prefix}", "--libdir=lib"]
        env = {**os.environ}
        if shutil.which("ccache"):
            env.update(CC="ccache gcc", CXX="ccache g++")
        if (self.tree / "build/build.ninja").exists():
            return
        ok, text = run(["meson", "setup", "build", *options], self.tree, 300, env=env)
        if not ok:
            sys.exit(text)

    def build(self):
        ok, text = run(["ninja", "-C", "build"], self.tree, 1800)
        if ok:
            ok, text = run(["meson", "install", "-C", "build", "--no-rebuild"], self.tree, 120)
        if ok:
            modules = self.prefix / "lib/microhost"
            env = {**os.environ, "PKG_CONFIG_PATH": str(self.prefix / "lib/pkgconfig")}
            ok, text = run(["examples/build.sh", str(self.prefix), str(modules)], self.tree, 300, env=env)
        return ok, text

    def noticed(self):
        """(name, what it printed) of the first test program that fails, or None."""
        for program in ("unit/unit", "hostile/hostile"):
            ok, text = run([f"build/test/{program}", "-aa=1"], self.tree, 300)
            if not ok:
                return Path(program).name, text
        env = {**os.environ, "MICROHOST_PREFIX": str(self.prefix)}
        env["MICROHOST_FIXTURES"] = str(self.tree / "build/test/fixtures")
        env["PYTHONPATH"] = str(self.tree / "test")
        folder = self.tree / "test/integration"
        found = []

        def file(name):
            if not found:
                ok, text = run([sys.executable, "-m", "unittest", "-f", name], folder, 300, env=env)
                if not ok:
                    found.append((name, text))

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(file, sorted(path.stem for path in folder.glob("*_test.py"))))
        return found[0] if found else None


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--only", help="numbers from 1, separated by commas")
    options.add_argument("--keep", help="work in this folder and leave it there")
    chosen = options.parse_args()
    # Ignored where a shell has put us into the background, and inherited by what a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faults = json.loads((HERE / "faults.json").read_text())
    wanted = {int(n) for n in chosen.only.split(",")} if chosen.only else set(range(1, len(faults) + 1))
    folder = Path(chosen.keep or tempfile.mkdtemp(prefix="microhost-faults-"))
    copy = Copy(folder)
    ok, text = copy.build()
    if not ok:
        sys.exit("the tree does not build:\n" + text[-2000:])
    if found := copy.noticed():
        sys.exit(f"{found[0]} fails without any fault:\n{found[1][-4000:]}")
    caught = 0
    for number, fault in enumerate(faults, 1):
        if number not in wanted:
            continue
        file = copy.tree / fault["file"]
        original = file.read_text()
        if original.count(fault["find"]) != 1:
            sys.exit(f"fault {number} ({fault['what']}) no longer applies: {fault['file']} has changed")
        file.write_text(original.replace(fault["find"], fault["replace"]))
        begun = time.monotonic()
        ok, _ = copy.build()
        by = (copy.noticed() or [None])[0] if ok else "the compiler"
        file.write_text(original)
        caught += by is not None
        print(f"{number:2} {'caught by ' + by if by else 'NOT CAUGHT':28} {fault['what']} ({time.monotonic() - begun:.0f} s)", flush=True)
    print(f"{caught} of {len(wanted)} caught")
    if not chosen.keep:
        shutil.rmtree(folder)
    return caught < 0.9 * len(wanted)


if __name__ == "__main__":
    sys.exit(main())
