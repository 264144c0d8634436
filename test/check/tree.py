# SPDX-License-Identifier: Apache-2.0
"""The files of the project as the rules see them: tracked, or new and not ignored."""
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def files():
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in sorted(set(names)) if name and (ROOT / name).is_file()]


def sources(*folders, suffixes=(".c", ".h", ".cpp", ".hpp")):
    """Sources below the folders, relative names."""
    for path in files():
        name = path.relative_to(ROOT)
        if name.suffix in suffixes and (not folders or any(name.is_relative_to(f) for f in folders)):
            yield name


@functools.cache
def text(name):
    return (ROOT / name).read_text(errors="replace")


def lines(name):
    return list(enumerate(text(name).splitlines(), 1))


def hits(pattern, names):
    """["file:line: text"] of the lines that match the compiled pattern."""
    return [f"{n}:{i}: {line.strip()}" for n in names for i, line in lines(n) if pattern.search(line)]
