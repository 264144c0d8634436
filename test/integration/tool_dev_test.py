# SPDX-License-Identifier: Apache-2.0
"""dev: a save is built and put into what runs. The instance is played by a control socket that remembers what it was told."""
import fcntl
import json
import os
import queue
import socket
import subprocess
import threading
import unittest

import harness
import tool

PLUGIN = """#include <microhost/microhost.h>
static const mh_module idle = {.size = sizeof idle};
static mh_status create(const mh_host *host, const mh_module **out) { *out = &idle; return MH_OK; }
MH_MODULE(MH_MANIFEST({"id": "made", "version": "1.0.%d", "abi": {"epoch": 1}}), create)
"""


class Instance:
    """A running microhost as far as dev knows it."""

    def __init__(self, runtime, name="edge"):
        self.folder, self.modules, self.told = runtime / "instances" / name, [], queue.Queue()
        self.folder.mkdir(parents=True)
        self.lock = os.open(self.folder, os.O_RDONLY)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(self.folder / "control.sock"))
        self.server.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            with client, client.makefile("rb") as lines:
                method, target, _ = lines.readline().decode().split()
                length = 0
                while (line := lines.readline().strip()):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                body = self.answer(method, target, lines.read(length))
                client.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)

    def answer(self, method, target, body):
        if method == "GET" and target == "/v1/modules":
            return json.dumps(self.modules).encode()
        self.told.put((method, target, json.loads(body)["args"]))
        name = json.loads(body)["args"].get("name")
        if name:
            self.modules.append({"id": "made", "file": name})
        return b'{"text": "made: done"}\n{"end": {"exit": 0}}\n'

    def close(self):
        self.server.close()
        os.close(self.lock)


class Dev(tool.Case):
    def setUp(self):
        super().setUp()
        (self.folder / "made").mkdir()
        self.env = {"PKG_CONFIG_PATH": f"{harness.PREFIX}/lib/pkgconfig:{harness.PREFIX}/share/pkgconfig"}
        self.write(0)

    def write(self, version, text=PLUGIN):
        partial = self.folder / "made/.made.c.new"
        partial.write_text(text.replace("%d", str(version)))
        partial.rename(self.folder / "made/made.c")

    def instance(self):
        instance = Instance(self.folder / "runtime")
        self.addCleanup(instance.close)
        return instance

    def test_it_is_built_and_loaded_and_a_save_reloads_it(self):
        instance, path = self.instance(), str(self.folder / "made/made.so")
        dev = subprocess.Popen([harness.PROGRAM, "dev", "made"], cwd=self.folder, stdout=subprocess.PIPE,
                               env=harness.clean_environment(self.folder, self.env), text=True)
        try:
            wait = 20 * harness.SLOW
            self.assertEqual(instance.told.get(timeout=wait), ("POST", "/v1/commands/modules/load", {"name": path}))
            self.assertRegex(dev.stdout.readline(), r"^made: done \(.* s of them the build\)$")
            self.write(1)
            self.assertEqual(instance.told.get(timeout=wait), ("POST", "/v1/commands/modules/reload", {"id": "made"}))
            self.assertIn("made: done", dev.stdout.readline())
            self.write(2, "this is no C")
            self.assertIn("build failed (exit status 1); what runs stays", dev.stdout.readline())
            self.write(3)
            self.assertEqual(instance.told.get(timeout=wait)[1], "/v1/commands/modules/reload")
            self.assertTrue(instance.told.empty())
        finally:
            dev.kill()
            dev.wait()
            dev.stdout.close()

    def test_what_stands_in_the_way_is_one_line(self):
        self.run_verb("dev", "--once", "made", env=self.env, status=1)
        self.assertIn(f"no microhost is running: there is none in {self.folder}/runtime/instances", self.stderr)
        instance = self.instance()
        instance.modules.append({"id": "made", "file": "/usr/lib/microhost/made.so"})
        self.run_verb("dev", "--once", "made", env=self.env, status=1)
        self.assertIn("made runs already, from /usr/lib/microhost/made.so", self.stderr)
        self.assertEqual(self.run_verb("dev", "--once", "--build", "exit 3", "made", status=1),
                         "build failed (exit status 3); what runs stays\n")
        self.run_verb("dev", "--once", "--instance", "egde", "made", env=self.env, status=1)
        self.assertIn('did you mean "edge"?', self.stderr)
        self.refuses_verb("dev", "nowhere", words=["nowhere: no such folder"])
        (self.folder / "made/made.c").unlink()
        self.refuses_verb("dev", "made", words=["no Makefile, meson.build, Cargo.toml"])


if __name__ == "__main__":
    unittest.main()
