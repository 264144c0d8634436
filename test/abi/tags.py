#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every function of the border says on which thread it may be called: the last comment line above a function pointer member
ends in a tag. Also checks what every header must be: short, first line the licence, tables that begin with their size."""
import re
import sys
from pathlib import Path

TAG = re.compile(r"\[(main|loop|worker|any|owner's loop|thread of \w+|main, or \w+ as the flags say|loop, or as the service's flags say)\]")
MEMBER = re.compile(r"^\s+[\w ]+[ *]\(\*(\w+)\)\(")
LIMIT = 200


def comment_above(lines, at):
    """The comment that ends on the line above `at`, or None."""
    if at == 0 or not lines[at - 1].rstrip().endswith("*/"):
        return None
    start = at - 1
    while "/*" not in lines[start]:
        start -= 1
    return lines[start:at]


def depth_of(lines):
    """Parentheses and braces open at the start of each line, comments left out."""
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), "\n".join(lines), flags=re.S)
    parens = 0
    for line in text.split("\n"):
        yield parens
        parens += line.count("(") - line.count(")")


def members_of(lines):
    """(index, name) of each function pointer that is a member, not a parameter."""
    for at, parens in enumerate(depth_of(lines)):
        member = MEMBER.match(lines[at])
        if member and not parens:
            yield at, member[1]


def problems(path):
    lines = path.read_text().splitlines()
    if lines[0] != "/* SPDX-License-Identifier: Apache-2.0 */":
        yield 1, "the first line is not the licence"
    if len(lines) >= LIMIT:
        yield len(lines), f"{len(lines)} lines: one interface per header, fewer than {LIMIT} lines"
    for include in re.finditer(r"^#include <(.*)>", "\n".join(lines), flags=re.M):
        if not include[1].startswith("microhost/") and include[1] not in ("stddef.h", "stdint.h"):
            yield 1, f"includes <{include[1]}>"
    for at, name in members_of(lines):
        comment = comment_above(lines, at)
        if comment is None:
            yield at + 1, f"{name}: no comment above"
        elif not TAG.search(comment[-1]):
            yield at + 1, f"{name}: the last comment line has no thread tag"


def main():
    root = Path(sys.argv[1])
    headers = sorted(root.rglob("*.h"))
    found = [f"{p}:{line}: {text}" for p in headers for line, text in problems(p)]
    members = sum(1 for p in headers for _ in members_of(p.read_text().splitlines()))
    print("\n".join(found) or f"{members} functions in {len(headers)} headers, each with its thread")
    return 1 if found or not members else 0


if __name__ == "__main__":
    sys.exit(main())
