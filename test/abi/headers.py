#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header of the border compiles alone and twice, in every dialect that a plugin may be written in, without a
warning; so do the paper modules. usage: headers.py PLUGIN_SDK [PAPER]; the compilers are gcc and clang where they exist."""
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

STRICT = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only"]
C = ["c11", "c17"]
CXX = ["c++11", "c++14", "c++17", "c++20"]


def text_of(header):
    """A translation unit that includes the header twice, and nothing else."""
    return f"#include <{header}>\n#include <{header}>\nint mh_header_compiles;\n"


def compile_text(command, text):
    done = subprocess.run([*command, "-"], input=text, capture_output=True, text=True)
    return "" if done.returncode == 0 else " ".join(command) + "\n" + done.stderr


def jobs(sdk, paper):
    include = sdk / "include"
    headers = sorted(str(p.relative_to(include)) for p in include.rglob("*.h"))
    glue = sorted(str(p.relative_to(sdk / "cpp")) for p in (sdk / "cpp").rglob("*.hpp"))
    for compiler in filter(shutil.which, ("gcc", "clang")):
        for standard in C + CXX:
            language = "c++" if standard in CXX else "c"
            command = [compiler, "-x", language, f"-std={standard}", *STRICT, f"-I{include}"]
            for header in headers:
                yield command, text_of(header)
        for source in sorted(paper.glob("*.c")) if paper else ():
            yield [compiler, "-x", "c", "-std=c11", *STRICT, f"-I{include}"], source.read_text()
        # The glue is a hundred times as much text: clang sees it once.
        for header in glue if compiler == "gcc" else ["microhost/module.hpp"]:
            yield [compiler, "-x", "c++", "-std=c++20", *STRICT, f"-I{include}", f"-I{sdk / 'cpp'}"], text_of(header)


def main():
    sdk = Path(sys.argv[1]).resolve()
    paper = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
    work = list(jobs(sdk, paper))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = [f for f in pool.map(lambda job: compile_text(*job), work) if f]
    print("\n".join(failures[:5]) if failures else f"{len(work)} compilations without a warning")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
