#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a folder of files part of a program: embed.py FOLDER embedded.S embedded.hpp

embedded.S has each file compressed, embedded.hpp a table of them. The same files give the same bytes, whenever and wherever that is done. Without
FOLDER, or when it is empty, the table is empty.
"""
import gzip
import hashlib
import sys
from pathlib import Path

MIME = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}

ASSEMBLY = """\
/* Made by embed.py. */
{bodies}    .section .note.GNU-stack,"",%progbits
"""
BODY = """\
    .section .rodata.microhost_web,"a",%progbits
    .globl {symbol}
    .hidden {symbol}
    .type {symbol}, %object
    .size {symbol}, {size}
{symbol}:
    .incbin "{file}"
"""
TABLE = """\
// Made by embed.py.
#pragma once

#include <array>

#include "assets.hpp"

{declarations}
namespace microhost::web {{

inline constexpr std::array<Asset, {count}> kEmbedded{{{rows}}};

}}  // namespace microhost::web
"""


def mime_of(path):
    if path.suffix not in MIME:
        sys.exit(f"embed.py: {path}: no MIME type is known for {path.suffix}; add it to embed.py")
    return MIME[path.suffix]


def literal(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def compressed(content, folder, number):
    """Where the compressed bytes were written, and how many they are."""
    file = folder / f"{number}.gz"
    body = gzip.compress(content, 9, mtime=0)
    file.write_bytes(body)
    return file, len(body)


def embed(source, assembly, header):
    files = sorted(p for p in source.rglob("*") if p.is_file()) if source else []
    packed = assembly.resolve().parent / (assembly.name + ".parts")
    packed.mkdir(parents=True, exist_ok=True)
    bodies, declarations, rows = "", "", ""
    for number, path in enumerate(files):
        symbol = f"microhost_web_asset_{number}"
        content = path.read_bytes()
        file, size = compressed(content, packed, number)
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        bodies += BODY.format(symbol=symbol, size=size, file=file)
        declarations += f'extern "C" __attribute__((visibility("hidden"))) const char {symbol}[];\n'
        words = ", ".join(map(literal, (path.relative_to(source).as_posix(), mime_of(path), etag)))
        rows += f"\n    Asset{{{words}, {{{symbol}, {size}}}}},"
    assembly.write_text(ASSEMBLY.format(bodies=bodies))
    header.write_text(TABLE.format(declarations=declarations, count=len(files), rows=rows and rows + "\n"))


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    source, assembly, header = sys.argv[1:]
    embed(Path(source) if source else None, Path(assembly), Path(header))


if __name__ == "__main__":
    main()
