#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a module shows to the linker: one symbol, mh_module_entry. No STB_GNU_UNIQUE (it would pin the module in memory), nothing
undefined that only a host could provide, a manifest that can be read.

usage: exports.py MODULE.so...; the modules installed under $MICROHOST_PREFIX are looked at too."""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# Libraries that a symbol may come from carry a version; the weak ones below are the toolchain's own.
TOOLCHAIN = {"__gmon_start__", "_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__cxa_finalize"}
# gcc's sanitizers come as a library, which defines half of libc again, without versions; clang's are part of the program.
SANITIZER_LIBRARY = re.compile(r"\(NEEDED\).*lib[atu]b?san\.so")
SANITIZER = re.compile(r"__([atu]b?san|sanitizer|sancov)_")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def unversioned(module):
    """What the libraries that it names define without a version, as zlib does its older functions."""
    paths = re.findall(r"=> (/\S+)", run("ldd", module)) if "(NEEDED)" in run("readelf", "-d", module) else []
    return {line.split()[-1] for path in paths for line in run("nm", "-D", "--defined-only", path).splitlines()
            if "@" not in line}


def problems(module):
    for line in run("nm", "-D", "--defined-only", module).splitlines():
        kind, name = line.split()[-2:]
        if name.split("@")[0] != "mh_module_entry":
            yield f"exports {name}"
        elif kind not in "DRV":
            yield f"{name} is no data: {kind}"
    if "mh_module_entry" not in run("nm", "-D", "--defined-only", module):
        yield "does not export mh_module_entry"
    if " UNIQUE " in run("readelf", "--dyn-syms", "-W", module):
        yield "has an STB_GNU_UNIQUE symbol: dlclose would not unmap it"
    dynamic = run("readelf", "-d", module)
    known = TOOLCHAIN | unversioned(module)
    # What such a library provides cannot be told from what is missing.
    undefined = "" if SANITIZER_LIBRARY.search(dynamic) else run("nm", "-D", "--undefined-only", module)
    for line in undefined.splitlines():
        name = line.split()[-1]
        if "@" not in name and name not in known and not SANITIZER.match(name):
            yield f"needs {name} from whoever loads it"
    if "TEXTREL" in dynamic:
        yield "has text relocations"
    with tempfile.NamedTemporaryFile() as section:
        run("objcopy", "-O", "binary", "--only-section=.mh_manifest", module, section.name)
        text = Path(section.name).read_bytes()
    try:
        manifest = json.loads(text.rstrip(b"\0"))
    except ValueError as error:
        yield f"its manifest is not JSON: {error}"
    else:
        missing = {"id", "version", "abi"} - manifest.keys()
        if missing:
            yield f"its manifest lacks {', '.join(sorted(missing))}"


def main():
    prefix = os.environ.get("MICROHOST_PREFIX")
    modules = sys.argv[1:] + sorted(map(str, Path(prefix).glob("lib/microhost/*.so") if prefix else ()))
    found = [f"{module}: {text}" for module in modules for text in problems(module)]
    print("\n".join(found) or f"{len(modules)} modules, one symbol each")
    return 1 if found or not modules else 0


if __name__ == "__main__":
    sys.exit(main())
