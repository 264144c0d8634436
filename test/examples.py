#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles examples/ as a stranger would: the compiler, pkg-config and the installed SDK, nothing of this tree.

examples/NAME.c and examples/NAME/*.c(pp) become NAME.so in the SDK's module folder; sources with a main() become
PREFIX/bin/NAME. What is newer than its sources and the SDK's headers is left alone.
"""
import argparse
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SANITIZE = {"asan": ["-fsanitize=address,undefined"], "tsan": ["-fsanitize=thread"]}


def pkg_config(prefix, *options):
    env = {**os.environ, "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig:{prefix}/share/pkgconfig"}
    return subprocess.run(
        ["pkg-config", *options, "microhost"], env=env, capture_output=True, text=True
    )


def found():
    """{name: [sources]}"""
    examples = ROOT / "examples"
    sources = {}
    for path in sorted([*examples.glob("*.c*"), *examples.glob("*/*.c*")]):
        if path.suffix in (".c", ".cpp"):
            name = path.stem if path.parent == examples else path.parent.name
            sources.setdefault(name, []).append(path)
    return sources


def newest(paths):
    return max((path.stat().st_mtime for path in paths), default=0)


def compile_one(name, sources, prefix, kind, modules):
    program = any("int main(" in path.read_text() for path in sources)
    out = prefix / "bin" / name if program else modules / f"{name}.so"
    inputs = [*sources, *sources[0].parent.glob("*.h*"), *(prefix / "include").rglob("*.h*")]
    if out.exists() and out.stat().st_mtime >= newest(inputs):
        return ""
    cpp = any(path.suffix == ".cpp" for path in sources)
    command = [*shlex.split(os.environ.get("CXX", "c++") if cpp else os.environ.get("CC", "cc"))]
    command += ["-std=c++20" if cpp else "-std=c11", "-O2", "-g", "-Wall", "-Wextra"]
    command += SANITIZE.get(kind, [])
    command += ["-pthread"] if program else ["-shared", "-fPIC"]
    command += shlex.split(pkg_config(prefix, "--cflags").stdout)
    command += [str(path) for path in sources] + ["-o", f"{out}.new"]
    command += [] if program else shlex.split(pkg_config(prefix, "--libs").stdout)
    out.parent.mkdir(parents=True, exist_ok=True)
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        return f"example {name}: {shlex.join(command)}\n{result.stderr}"
    os.replace(f"{out}.new", out)  # a running host keeps the old file
    return result.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prefix", type=Path, required=True)
    parser.add_argument("--kind", default="dev")
    options = parser.parse_args()
    modules = pkg_config(options.prefix, "--variable=moduledir")
    if modules.returncode or not modules.stdout.strip():
        print("examples: skipped, the installed SDK has no microhost.pc with a moduledir", file=sys.stderr)
        return 0
    modules = Path(modules.stdout.strip())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        job = lambda item: compile_one(*item, options.prefix, options.kind, modules)
        problems = [text for text in pool.map(job, found().items()) if text]
    print("".join(problems), end="", file=sys.stderr)
    return 1 if any(text.startswith("example ") for text in problems) else 0


if __name__ == "__main__":
    sys.exit(main())
