#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a script of kits/http with its paths below a name, as web.so wants them: /victim-1 is sent as /kit/victim-1.

usage: prefixed.py NAME SCRIPT ARGUMENTS...
"""
import re
import runpy
import socket
import sys
from pathlib import Path

TARGET = re.compile(rb"^(\s*[^\s/]+[ \t]+(?:https?://[^/\s]*)?)/")


class Below:
    """A connection whose requests begin with the name."""

    def __init__(self, sock, name):
        self.sock, self.name = sock, name

    def sendall(self, data):
        self.sock.sendall(TARGET.sub(rb"\g<1>/" + self.name + b"/", data, count=1))

    def __getattr__(self, name):
        return getattr(self.sock, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


def main():
    name, script = sys.argv[1].encode(), Path(sys.argv[2])
    connect = socket.create_connection
    socket.create_connection = lambda *args, **options: Below(connect(*args, **options), name)
    sys.argv[:] = sys.argv[2:]
    sys.path.insert(0, str(script.parent))
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    main()
