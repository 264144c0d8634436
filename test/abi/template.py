#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A plugin that `microhost new` makes from each template compiles without a warning against the installed SDK, shows one symbol and passes its own test.
Skipped where no SDK is installed. usage: template.py TEMPLATE_FOLDER"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import exports
import toolchains


def languages():
    """rust where there is a cargo."""
    try:
        toolchains.rust()
    except unittest.SkipTest:
        return ["c", "cpp"]
    return ["c", "cpp", "rust"]


def make(program, language, place, template):
    if program.exists():
        command = [program, "new", "plugin", "com.acme.made", "--lang", language, "--dir", place]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return
    shutil.copytree(template, place)
    for path in filter(Path.is_file, place.rglob("*")):
        path.write_text(path.read_text().replace("@ID@", "com.acme.made"))


def main():
    prefix = os.environ.get("MICROHOST_PREFIX", "")
    if not Path(prefix, "lib/pkgconfig/microhost.pc").exists():
        print("no SDK is installed under $MICROHOST_PREFIX")
        return 77
    env = {**os.environ, "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig"}
    env |= {"CFLAGS": "-Wall -Wextra -Werror", "CXXFLAGS": "-Wall -Wextra -Werror"}
    program = Path(prefix, "bin/microhost")
    with tempfile.TemporaryDirectory() as folder:
        for language in languages():
            place = Path(folder, language)
            make(program, language, place, Path(sys.argv[1], language))
            with_compiler = {**env, **toolchains.rust(), "PKG_CONFIG_PATH": env["PKG_CONFIG_PATH"]} if language == "rust" else env
            subprocess.run(["make", "-s", "-C", place], check=True, env=with_compiler)
            found = list(exports.problems(str(place / "com.acme.made.so")))
            assert not found, found
            if program.exists():
                env["MICROHOST"] = str(program)
                subprocess.run(["make", "-s", "-C", place, "check"], check=True, env=env, timeout=60)
    print(f"plugins made from the templates in {', '.join(languages())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
