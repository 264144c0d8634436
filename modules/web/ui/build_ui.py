#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the build runs: from the sources of the dashboard to assets.S and assets.hpp.

    build_ui.py --mode auto|enabled|disabled --npm NPM --stage FOLDER --depfile FILE assets.S assets.hpp

The sources are copied to the stage, which is where npm puts its packages: nothing is written beside the sources. When the packages cannot be
had, `auto` says so and goes on with an empty table, `enabled` fails.
"""
import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import embed  # noqa: E402

FILES = ("package.json", "package-lock.json", "build.mjs", "index.html")
FOLDERS = ("src", "style")
# A network that is not there is found out in seconds, not in minutes.
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error",
           "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000")


class Failed(Exception):
    """One line that says what did not work."""


def sources():
    yield from (HERE / name for name in FILES)
    for folder in FOLDERS:
        yield from sorted(p for p in (HERE / folder).rglob("*") if p.is_file())
    yield Path(__file__).resolve()
    yield HERE.parent / "embed.py"


def run(command, stage):
    try:
        done = subprocess.run(command, cwd=stage, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError as error:
        raise Failed(f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        lines = done.stdout.strip().splitlines()
        raise Failed(f"{' '.join(map(str, command[:2]))} failed: " + "; ".join(lines[:6] or [f"exit status {done.returncode}"]))
    return done.stdout


def copy_sources(stage):
    stage.mkdir(parents=True, exist_ok=True)
    for folder in FOLDERS:
        shutil.rmtree(stage / folder, ignore_errors=True)
        shutil.copytree(HERE / folder, stage / folder)
    for name in FILES:
        shutil.copyfile(HERE / name, stage / name)


def install(npm, stage):
    """Packages as the lock file has them; nothing is asked for while it stays as it is."""
    wanted = hashlib.sha256((stage / "package-lock.json").read_bytes()).hexdigest()
    stamp = stage / "node_modules/.installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    run([npm, *INSTALL], stage)
    stamp.write_text(wanted)


def build(options):
    """The folder with what a browser gets, or None."""
    if options.mode == "disabled":
        return None
    try:
        if not options.npm:
            raise Failed("npm is missing: apt-get install npm")
        copy_sources(options.stage)
        install(options.npm, options.stage)
        out = options.stage / "dist"
        print(run(["node", "build.mjs", str(out)], options.stage), end="")
        return out
    except Failed as failed:
        if options.mode == "enabled":
            sys.exit(f"build_ui.py: {failed}")
        print(f"build_ui.py: the dashboard is built without its pages that need script, those without remain: {failed}")
        return None


def write_depfile(options):
    def escaped(path):
        return str(path).replace(" ", "\\ ")

    target = os.path.relpath(options.assembly)
    options.depfile.write_text(f"{escaped(target)}: " + " ".join(escaped(p) for p in sources()) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", choices=("auto", "enabled", "disabled"), required=True)
    parser.add_argument("--npm", default="")
    parser.add_argument("--stage", type=Path, required=True)
    parser.add_argument("--depfile", type=Path, required=True)
    parser.add_argument("assembly", type=Path)
    parser.add_argument("header", type=Path)
    options = parser.parse_args()
    options.stage = options.stage.resolve()
    embed.embed(build(options), options.assembly, options.header)
    write_depfile(options)


if __name__ == "__main__":
    main()
