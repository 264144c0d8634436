#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Starts microhost with the plugin in front of the API gateway and asks it. usage: test.py PLUGIN.so"""
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask(port, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/", headers=headers)
    return connection.getresponse().status


def main():
    port, plugin = free_port(), os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        config = {
            "host": {"runtime_dir": folder},
            "load": ["api.so", plugin],
            "listeners": {"api": {"address": f"127.0.0.1:{port}"}},
        }
        path = os.path.join(folder, "microhost.json")
        with open(path, "w") as file:
            json.dump(config, file)
        process = subprocess.Popen([os.environ.get("MICROHOST", "microhost"), "--config", path])
        try:
            for _ in range(100):  # until it listens
                try:
                    ask(port, {})
                    break
                except OSError:
                    time.sleep(0.1)
            assert ask(port, {}) == 400, "a request without the field must be refused"
            assert ask(port, {"X-Tenant": "acme"}) == 200, "a request with the field must pass"
        finally:
            process.terminate()
            process.wait(10)
    print("ok")


if __name__ == "__main__":
    main()
