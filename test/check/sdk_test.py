# SPDX-License-Identifier: Apache-2.0
"""The border: its headers compile in every dialect, and say on which thread each function may be called."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

import tree

SDK = "plugin-sdk"
DIALECTS = [("c", "c11"), ("c", "c17"), *(("c++", f"c++{year}") for year in (11, 14, 17, 20))]
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only"]
# a member of a table: four spaces, a type, (*name)(
MEMBER = re.compile(r"^    \w[\w\s*]*\(\*(\w+)\)\(")
TAG = re.compile(r"\[(main|loop|worker|any|owner's loop|thread of \w+)\b")


def compilers():
    """[(name, compiler of C, compiler of C++)]"""
    pairs = [("gcc", "gcc", "g++"), ("clang", "clang", "clang++")]
    return [pair for pair in pairs if shutil.which(pair[1]) and shutil.which(pair[2])]


def complaint(compiler, dialect, language, text):
    """What the compiler says about the text, "" when nothing."""
    include = [f"-I{tree.ROOT / SDK / folder}" for folder in ("include", "cpp")]
    with tempfile.NamedTemporaryFile("w", suffix=".c" if language == "c" else ".cpp") as file:
        file.write(text)
        file.flush()
        command = [compiler, f"-std={dialect}", *STRICT, *include, file.name]
        done = subprocess.run(command, capture_output=True, text=True)
    return "" if done.returncode == 0 else f"{compiler} -std={dialect}:\n{done.stderr[:1500]}"


class Sdk(unittest.TestCase):
    def compiled(self, jobs):
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            wrong = [text for text in pool.map(lambda job: complaint(*job), jobs) if text]
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def names(self, folder):
        return [str(n.relative_to(f"{SDK}/{folder}")) for n in tree.sources(f"{SDK}/{folder}")]

    def test_the_c_headers_compile_as_c_and_cpp_in_every_dialect(self):
        together = "".join(f"#include <{n}>\n" for n in self.names("include"))
        jobs = [(cc if lang == "c" else cxx, std, lang, together + "int mh_used;\n")
                for _, cc, cxx in compilers() for lang, std in DIALECTS]
        self.compiled(jobs)

    def test_each_header_compiles_alone(self):
        jobs = [("gcc", "c11", "c", f"#include <{n}>\nint mh_used;\n") for n in self.names("include")]
        jobs += [("g++", "c++20", "c++", f"#include <{n}>\n") for n in self.names("cpp")]
        self.compiled(jobs)

    def test_the_glue_compiles_with_every_compiler(self):
        together = "".join(f"#include <{n}>\n" for n in self.names("cpp"))
        self.compiled([(cxx, "c++20", "c++", together) for _, _, cxx in compilers()])

    def test_clang_is_there_to_compile_the_headers_too(self):
        if not shutil.which("clang"):
            self.skipTest("clang is not installed; only gcc was used")

    def test_every_function_says_on_which_thread_it_may_be_called(self):
        wrong = []
        for name in tree.sources(f"{SDK}/include"):
            comment, inside = "", False
            for number, line in tree.lines(name):
                start = line.strip().startswith("/*")
                if start or inside:
                    comment = line if start and not inside else comment + line
                    inside = "*/" not in line
                elif (member := MEMBER.match(line)) and not TAG.search(comment):
                    wrong.append(f"{name}:{number}: {member[1]}")
                if not (start or inside or "*/" in line):
                    comment = comment if not line.strip() else ""
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def test_the_whole_c_border_stays_readable(self):
        sizes = {str(n): len(tree.lines(n)) for n in tree.sources(f"{SDK}/include") if n.name != "http_names.h"}
        self.assertFalse([f"{n}: {s} lines" for n, s in sizes.items() if s > 250])
        self.assertLess(sum(sizes.values()), 3000)


if __name__ == "__main__":
    unittest.main()
