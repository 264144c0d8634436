# SPDX-License-Identifier: Apache-2.0
"""What the browser tests need: Debian's Chromium and its font, unpacked into .cache/peers, Node.js, and the packages of
package-lock.json in .cache/browser, which npm fetches once."""
import fcntl
import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

import peers

FOLDER = peers.TREE.parent / "browser"
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{tree}/usr/share/fonts</dir><dir>/usr/share/fonts/truetype/dejavu</dir><cachedir>{folder}/fonts</cachedir>
<alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
<alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
<alias><family>system-ui</family><prefer><family>DejaVu Sans</family></prefer></alias></fontconfig>
"""


def skip(reason):
    raise unittest.SkipTest(reason)


def node_version(env):
    program = shutil.which("node", path=env["PATH"])
    asked = subprocess.run([program, "--version"], env=env, capture_output=True, text=True) if program else None
    found = re.match(r"v(\d+)", asked.stdout) if asked and asked.returncode == 0 else None
    return int(found[1]) if found else 0


def packages(env):
    """Puts what package-lock.json says into FOLDER/node_modules."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (HERE / "package-lock.json").read_bytes()
        mark = FOLDER / "installed-lock.json"
        if mark.exists() and mark.read_bytes() == wanted:
            return
        npm = shutil.which("npm", path=env["PATH"]) or skip("no npm: apt-get install npm")
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, FOLDER / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=FOLDER, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        if done.returncode:
            skip(f"npm ci: {' '.join(done.stdout.split())[-300:]}")
        mark.write_bytes(wanted)


def ready():
    """(environment, the path of Chromium). Raises SkipTest with the reason when something cannot be had."""
    try:
        env = peers.ready("chromium", "fonts-dejavu-core")
    except peers.Missing as problem:
        skip(str(problem))
    if node_version(env) < 18:  # Debian's looks for its own parts below /usr/share, so it cannot be unpacked elsewhere
        skip("no Node.js 18 or newer: apt-get install npm")
    packages(env)
    fonts = FOLDER / "fonts.conf"
    fonts.write_text(FONTS.format(tree=peers.TREE, folder=FOLDER))
    chromium = next((p for p in (peers.TREE / "usr/lib/chromium/chromium", Path("/usr/lib/chromium/chromium")) if p.exists()), None)
    return {**env, "FONTCONFIG_FILE": str(fonts), "NODE_PATH": str(FOLDER / "node_modules")}, str(chromium or skip("there is no chromium"))
