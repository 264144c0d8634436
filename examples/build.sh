#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds every example against an installed SDK, as a stranger would: build.sh PREFIX OUTDIR
set -eu
[ $# = 2 ] || { echo "usage: build.sh PREFIX OUTDIR" >&2; exit 2; }
prefix=$(cd "$1" && pwd)
PKG_CONFIG_PATH=$prefix/lib/pkgconfig:$prefix/share/pkgconfig
export PKG_CONFIG_PATH
mkdir -p "$2"
out=$(cd "$2" && pwd)
cd "$(dirname "$0")"
for makefile in */Makefile; do
    # Other languages are no build packages: what has a line "# needs: PROGRAM" is built where that runs (rustup's does not without
    # a home).
    needs=$(sed -n 's/^# needs: //p' "$makefile")
    if [ -n "$needs" ] && ! "$needs" version >/dev/null 2>&1; then
        echo "examples/${makefile%/Makefile} is left out: no $needs that runs" >&2
        continue
    fi
    make -s -C "${makefile%/Makefile}" OUT="$out"
done
