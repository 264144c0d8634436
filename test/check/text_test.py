# SPDX-License-Identifier: Apache-2.0
"""What every file has to look like."""
import json
import re
import shutil
import subprocess
import unittest

import tree

SCRIPTS = (".py", ".sh", ".build", ".rs", ".js", ".mjs")
LONGEST = 500  # above it a file says at its top that it is "one thing"
BANNED = r"(Manager|Helper|Util|Utils|Common|Base|Impl|Data|Info)"


def ours():
    for name in tree.sources(suffixes=(".c", ".h", ".cpp", ".hpp", *SCRIPTS)):
        if "corpus" not in name.parts:
            yield name


def scripts():
    for path in tree.files():
        name = path.relative_to(tree.ROOT)
        if name.suffix == ".sh" or (name.suffix == "" and tree.text(name)[:30].startswith(("#!/usr/bin/env bash", "#!/bin/bash"))):
            yield name


class Text(unittest.TestCase):
    def none(self, wrong):
        self.assertFalse(wrong, "\n" + "\n".join(map(str, wrong)))

    def test_the_licence_is_the_first_line(self):
        marks = [(n, "\n".join(tree.text(n).splitlines()[:2])) for n in ours() if tree.text(n).strip()]
        self.none([n for n, head in marks if "SPDX-License-Identifier: Apache-2.0" not in head])

    def test_no_file_is_too_long(self):
        sizes = [(len(tree.lines(n)), n) for n in ours()]
        self.none([f"{n}: {s} lines" for s, n in sizes if s > LONGEST and "one thing" not in tree.text(n)[:1500]])

    def test_no_type_has_a_name_that_means_nothing(self):
        pattern = re.compile(rf"^\s*(class|struct|enum class)\s+\w*{BANNED}\s*(final\s*)?[:{{;]")
        self.none(tree.hits(pattern, tree.sources("host", "modules", "plugin-sdk/cpp")))

    def test_no_path_of_a_developers_machine_is_in_the_tree(self):
        pattern = re.compile(r"(?<![\w.])/(work|farm|root|home/[a-z]+)/")
        names = [f.relative_to(tree.ROOT) for f in tree.files() if f.suffix not in (".lock", ".bin") and "corpus" not in f.parts]
        self.none([h for h in tree.hits(pattern, names) if not h.startswith("test/check/text_test.py")])

    def test_no_line_ends_in_a_space_and_every_file_ends_in_a_newline(self):
        # a backslash or quote of a patch or console block would be the exception; there is none so far
        self.none(tree.hits(re.compile(r"[ \t]$"), ours()))
        self.none([n for n in ours() if tree.text(n) and not tree.text(n).endswith("\n")])

    def test_the_sources_are_formatted(self):
        program = shutil.which("clang-format-14") or shutil.which("clang-format")
        version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout if program else ""
        if "version 14" not in version:
            self.skipTest(f"clang-format 14 decides; here is {version.strip() or 'none'}")
        names = [str(n) for n in tree.sources() if "corpus" not in n.parts]
        command = [program, "--dry-run", "--ferror-limit=1", "-Werror", *names]
        done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True)
        self.none(sorted({line.split(": error")[0] + ": run ./dev fmt" for line in done.stderr.splitlines() if ": error" in line}))

    def test_every_fault_that_can_be_seeded_still_has_its_place(self):
        faults = json.loads(tree.text("test/faults/faults.json"))
        self.none([f"{f['what']}: {f['file']}" for f in faults if tree.text(f["file"]).count(f["find"]) != 1])

    def test_the_shell_scripts_pass_shellcheck(self):
        if not shutil.which("shellcheck"):
            self.skipTest("shellcheck is not installed")
        command = ["shellcheck", "-S", "warning", *map(str, scripts())]
        done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, "\n" + done.stdout)


if __name__ == "__main__":
    unittest.main()
