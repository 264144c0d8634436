# SPDX-License-Identifier: Apache-2.0
"""The fenced blocks of a Markdown file, with the instruction that may stand in a comment above one.

    <!-- docs: skip REASON -->          not run; the reason is printed
    <!-- docs: file PATH -->            written to PATH in the test's folder
    <!-- docs: same PATH -->            must be the text of PATH in the project
    <!-- docs: background TEXT -->      run, and left running once it has printed TEXT; stopped at the end of the page
    <!-- docs: background file GLOB --> the same, once there is such a file in the folder of the runtime
    <!-- docs: needs PROGRAM -->       run with the cargo or go that test/toolchains.py finds; where there is none, neither it
                                      nor the rest of the page is run
    <!-- docs: interrupt -->            the newest in the background gets Ctrl-C first; the output may need a moment to come true
"""
import re
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(r"^( *)(`{3,}|~{3,})\s*([\w+-]*)[^\n]*$")
INSTRUCTION = re.compile(r"^\s*<!-- docs: (\w+)\s*(.*?)\s*-->\s*$")


class Block(NamedTuple):
    page: Path
    line: int
    language: str
    text: str
    instruction: str
    argument: str

    @property
    def where(self):
        return f"{self.page.name}:{self.line}"


def blocks(page):
    """All blocks in order. A fence that is not closed is an error."""
    found, open_fence, instruction, body = [], None, ("", ""), []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        fence = FENCE.match(line)
        if open_fence is None:
            if fence:
                open_fence, body = (fence[1], fence[2], fence[3], number), []
            elif line.strip():
                said = INSTRUCTION.match(line)
                instruction = (said[1], said[2]) if said else ("", "")
            continue
        indent, mark, language, start = open_fence
        if fence and fence[2].startswith(mark) and not fence[3]:
            found.append(Block(page, start, language, "\n".join(body) + "\n", *instruction))
            open_fence, instruction = None, ("", "")
        else:
            body.append(line.removeprefix(indent))
    if open_fence is not None:
        raise ValueError(f"{page}:{open_fence[3]}: a block that does not end")
    return found


def session(text):
    """[(command, expected output)] of a console block: "$ " begins a command, "> " continues it."""
    steps = []
    for line in text.splitlines():
        if line.startswith("$ "):
            steps.append([line[2:], []])
        elif line.startswith("> ") and steps and not steps[-1][1]:
            steps[-1][0] += "\n" + line[2:]
        elif steps:
            steps[-1][1].append(line)
    return [(command, expected) for command, expected in steps]


def matches(expected, got):
    """Lines with "..." in them match anything there; a line that is only "..." matches any number of lines."""
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.rstrip().split("...")) + r"[ \t]*\n"
    return re.fullmatch(pattern, got if not got or got.endswith("\n") else got + "\n") is not None
