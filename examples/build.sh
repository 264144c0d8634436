#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds every example against an installed SDK, as a stranger would: build.sh PREFIX OUTDIR
set -eu
[ $# = 2 ] || { echo "usage: build.sh PREFIX OUTDIR" >&2; exit 2; }
PKG_CONFIG_PATH=$1/lib/pkgconfig:$1/share/pkgconfig
export PKG_CONFIG_PATH
mkdir -p "$2"
out=$(cd "$2" && pwd)
cd "$(dirname "$0")"
for makefile in */Makefile; do
    make -s -C "${makefile%/Makefile}" OUT="$out"
done
