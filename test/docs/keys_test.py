#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/configuration.md lists exactly the keys of host/config/keys.cpp, and the manual page the flags that are no keys.
usage: keys_test.py --write     writes the table into the page"""
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE, MANUAL = ROOT / "docs/configuration.md", ROOT / "docs/man/microhost.1"
BEGIN, END = "<!-- keys: from host/config/keys.cpp by test/docs/keys_test.py --write -->\n", "<!-- end of keys -->\n"
KEY = re.compile(r'Key\{\s*"([^"]*)",\s*(\w+),\s*"([^"]*)",\s*(true|false),\s*("[^"]*"|)(?:,\s*("[^"]*"|\{\})(?:,\s*("[^"]*"|\{\})(?:,\s*("[^"]*"))?)?)?\s*\}')


def table():
    text = (ROOT / "host/config/keys.cpp").read_text()
    assert len(KEY.findall(text)) == text.count("Key{"), "a key that KEY does not understand"
    rows = ["| key | kind | default | live | meaning |\n", "|---|---|---|---|---|\n"]
    for path, kind, default, live, doc, choices, alias, variable in KEY.findall(text):
        choices, alias, variable = choices.strip('"{}'), alias.strip('"{}'), variable.strip('"')
        kind = " \\| ".join(f"`{c}`" for c in choices.split()) if kind == "choice" else kind
        also = f" (flag and variable also `{alias}`)" if alias else ""
        also += f" (variable also `{variable}`)" if variable else ""
        shown = f"`{default}`" if default else ""
        live = "yes" if live == "true" else ""
        meaning = doc.strip('"').replace("|", "\\|")
        rows.append(f"| `{path.replace('/', '.')}` | {kind} | {shown} | {live} | {meaning}{also} |\n")
    return "".join(rows)


def written():
    before, rest = PAGE.read_text().split(BEGIN)
    return before, *rest.split(END)


class Keys(unittest.TestCase):
    maxDiff = None

    def test_the_page_lists_the_keys_of_the_program(self):
        self.assertEqual(written()[1], table(), "run test/docs/keys_test.py --write")

    def test_the_manual_page_has_the_flags_that_are_no_keys(self):
        import harness

        if not harness.PROGRAM.exists():
            self.skipTest("microhost is not built yet")
        shown = subprocess.run([harness.PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
        keys = {key.replace(".", "_") for key in re.findall(r"^\| `([\w.]+)` \|", table(), re.M)}
        flags = {flag for pair in re.findall(r"^ +--(\w+)|, --(\w+)", shown, re.M) for flag in pair if flag} - keys
        documented = set(re.findall(r"^\.TP\n\.B[IR]? \\-\\-(\w+)", MANUAL.read_text().partition(".SH COMMANDS")[0], re.M))
        self.assertEqual(documented, flags)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        head, _, tail = written()
        PAGE.write_text(head + BEGIN + table() + END + tail)
    else:
        unittest.main()
