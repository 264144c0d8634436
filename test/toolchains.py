# SPDX-License-Identifier: Apache-2.0
"""Compilers of other languages for the tests. They are no build packages: Debian's, unpacked into .cache/peers, come first, because
with those it has to work; then what is on the PATH. --all fetches them; without it what is missing is skipped."""
import os
import shutil
import subprocess
import unittest

import peers

CACHE = peers.TREE.parent


def environment(program, *packages):
    """The environment in which `program` runs. Raises SkipTest with the reason when there is none."""
    if os.environ.get("MICROHOST_ALL"):
        try:
            return peers.ready(*packages)
        except peers.Missing as problem:
            if not shutil.which(program):
                raise unittest.SkipTest(str(problem)) from None
    if (peers.TREE / "usr/bin" / program).exists():
        return peers.environment()
    if shutil.which(program) and subprocess.run([program, "version"], capture_output=True).returncode == 0:
        return dict(os.environ)
    raise unittest.SkipTest(f"no {program}: apt-get install {' '.join(packages)}, or ./dev test --all unpacks them")


def rust():
    """With a cargo that asks no network and reads nobody's settings."""
    rustup = os.environ.get("RUSTUP_HOME", os.path.expanduser("~/.rustup"))  # a test may have another HOME
    return {**environment("cargo", "rustc", "cargo"), "CARGO_HOME": str(CACHE / "cargo"), "CARGO_NET_OFFLINE": "true", "RUSTUP_HOME": rustup}


def go():
    """With a go that fetches nothing."""
    return {**environment("go", "golang-go"), "GOCACHE": str(CACHE / "go"), "GOPATH": str(CACHE / "gopath"), "GOFLAGS": "-mod=mod",
            "GOPROXY": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "1"}


def run(command, env, **options):
    """Raises AssertionError with what it printed."""
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout
