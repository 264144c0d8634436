#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU per request of the release build next to nginx, haproxy and caddy: runs the bench kit with its gate.

usage: bench.py [quick] [--cases a,d] [--rounds N] [--pool FILE] ...     what is not ours goes to the kit's bench.py

The kit is MICROHOST_KITS/bench (default ../shared/kits/bench); it wants root, two CPUs and its own ports. Peers that are not
installed are unpacked into .cache/peers. Results: .cache/bench/NUMBER/, the table on the screen; exit status of the gate.
"""
import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test"))
import peers

KIT = Path(os.environ.get("MICROHOST_KITS") or ROOT.parent / "shared/kits") / "bench"
PREFIX = ROOT / ".cache/prefix/release"
# packages of the kit's README and the program by which each is known
PEERS = {"nginx": "nginx", "libnginx-mod-http-lua": None, "lua-resty-core": None, "haproxy": "haproxy", "caddy": "caddy"}

#: where nginx and its Lua look for what they load, compiled into them
COMPILED_IN = ["usr/share/nginx", "usr/share/lua"]


def subject(out):
    """The kit's own example, with our program in it. Returns the file."""
    ours = ROOT / "test/bench/microhost.json"
    proxy = json.loads((ours if ours.exists() else KIT / "microhost.json.example").read_text())
    program, _, rest = proxy["cmd"].partition(" ")
    proxy["cmd"] = f"{PREFIX / 'bin' / program} {rest}"
    path = out / "microhost.json"
    path.write_text(json.dumps(proxy, indent=2))
    return path


def unpacked():
    env = dict(os.environ)
    for package, program in PEERS.items():
        try:
            env = peers.ready(package)
        except peers.Missing as problem:
            print(f"bench: without {package}: {problem}", file=sys.stderr)
        if program and not shutil.which(program, path=env["PATH"]):
            print(f"bench: without {package}: its program is not there", file=sys.stderr)
    return env


@contextlib.contextmanager
def linked_modules():
    """While the bench runs, links for an nginx that is unpacked, where the system has nothing."""
    links = [Path("/", p) for p in COMPILED_IN if (peers.TREE / p).exists() and not os.path.lexists(f"/{p}")]
    try:
        for link in links:
            link.symlink_to(peers.TREE / link.relative_to("/"))
        yield
    finally:
        for link in links:
            link.unlink(missing_ok=True)


def next_folder():
    top = ROOT / ".cache/bench"
    top.mkdir(parents=True, exist_ok=True)
    number = 1 + max((int(p.name) for p in top.iterdir() if p.name.isdigit()), default=0)
    out = top / f"{number}"
    out.mkdir()
    return out


def main():
    if not (KIT / "run.sh").exists():
        sys.exit(f"bench: there is no {KIT} (MICROHOST_KITS says where the kits are)")
    if not (PREFIX / "bin/microhost").exists():
        sys.exit("bench: the build has installed no bin/microhost yet")
    out, given = next_folder(), sys.argv[1:]
    quick = ["quick"] if given[:1] == ["quick"] else []
    command = [KIT / "run.sh", *quick, "--proxy", subject(out), "--out", out, "--gate", KIT / "targets.json", *given[len(quick):]]
    env = unpacked()
    with linked_modules():
        status = subprocess.run(command, env=env).returncode
    tables = [path.read_text() for path in sorted(out.glob("*.md"))]
    (out / "summary.md").write_text("\n".join(tables))
    print(f"\nwritten to {out / 'summary.md'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
