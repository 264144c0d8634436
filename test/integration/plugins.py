# SPDX-License-Identifier: Apache-2.0
"""Plugins that a test makes itself, in as many versions as it likes, against the installed SDK.

    gate = plugins.Workshop(folder)
    gate.build("gate", version=2, phase="authn")   # -> the path of gate.so
"""
import functools
import os
import subprocess
from pathlib import Path

import harness

FOLDER = Path(__file__).parent / "plugins"


@functools.cache
def flags():
    env = {**os.environ, "PKG_CONFIG_PATH": str(harness.PREFIX / "lib/pkgconfig")}
    asked = subprocess.run(["pkg-config", "--cflags", "--libs", "microhost"], env=env, capture_output=True, text=True, check=True)
    return asked.stdout.split()


def build(out, source="gate.c", options=(), **defines):
    """Compiles test/integration/plugins/SOURCE to that path; a keyword is a macro: strings in quotes, True just defined."""
    def macro(name, value):
        if value is True:
            return f"-D{name.upper()}"
        return f'-D{name.upper()}="{value}"' if isinstance(value, str) else f"-D{name.upper()}={value}"

    partial = Path(out).with_name(f".{Path(out).name}.part")
    command = ["cc", "-std=c11", "-O1", *options, FOLDER / source, *(macro(n, v) for n, v in defines.items()), *flags(), "-o", partial]
    subprocess.run(command, check=True)
    partial.replace(out)
    return str(out)
