#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Other people's programs for tests: unpacked into .cache/peers by apt-get download and dpkg -x, never installed, so no
daemon starts on anybody's machine. What the system has already is used from there.

usage: peers.py PACKAGE...     unpack, then print the environment to use them with
"""
import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent / ".cache/peers"
TRIPLET = f"{os.uname().machine}-linux-gnu"


class Missing(Exception):
    """A package that this machine cannot get. The text says why."""


def installed(package):
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package], capture_output=True, text=True)
    return asked.stdout == "installed"


def to_download(package):
    """The package and what it needs, without what is installed."""
    command = ["apt-get", "install", "-s", "-qq", "--no-install-recommends", package]
    asked = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    if asked.returncode:
        raise Missing(f"apt-get knows no way to get {package}: {asked.stderr.strip().splitlines()[-1:]}")
    return [line.split()[1] for line in asked.stdout.splitlines() if line.startswith("Inst ")]


def unpack(package):
    mark = TREE / ".unpacked" / package
    if mark.exists() or installed(package):
        return
    mark.parent.mkdir(parents=True, exist_ok=True)
    with open(mark.parent / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two files of tests may want it at once: a program that runs cannot be written
        if not mark.exists():
            download(package)
            mark.touch()


def download(package):
    with tempfile.TemporaryDirectory(prefix="microhost-peers-") as folder:
        os.chmod(folder, 0o755)
        command = ["apt-get", "download", "-qq", *to_download(package)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise Missing(f"apt-get download {package}: {done.stderr.strip()}")
        for archive in sorted(Path(folder).glob("*.deb")):
            subprocess.run(["dpkg", "-x", archive, TREE], check=True)


def environment():
    """os.environ with the unpacked tree in front of the system's folders."""

    def in_front(variable, folders, default=""):
        rest = os.environ.get(variable, default)
        return ":".join([*(str(TREE / f) for f in folders), *([rest] if rest else [])])

    if not TREE.exists():
        return dict(os.environ)
    # pulseaudio: Chromium's sound looks for its other half where it would be installed
    libraries = [f"usr/lib/{TRIPLET}", f"lib/{TRIPLET}", "usr/lib", f"usr/lib/{TRIPLET}/pulseaudio"]
    return {
        **os.environ,
        "PATH": in_front("PATH", ["usr/sbin", "usr/bin", "bin"], os.defpath),
        "LD_LIBRARY_PATH": in_front("LD_LIBRARY_PATH", libraries),
        "PYTHONPATH": in_front("PYTHONPATH", ["usr/lib/python3/dist-packages"]),
    }


def ready(*packages):
    """Unpacks what is missing. Returns the environment to run them with; raises Missing."""
    for package in packages:
        unpack(package)
    return environment()


if __name__ == "__main__":
    try:
        made = ready(*sys.argv[1:])
    except Missing as problem:
        sys.exit(f"peers: {problem}")
    for name in ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH"):
        print(f"export {name}={made.get(name, '')}")
