# SPDX-License-Identifier: Apache-2.0
"""Whoever debugs a plugin sees its source, also in a generation that replaced another: what runs is a copy, and gdb finds it."""
import subprocess
import threading
import unittest

import forwarder
import harness
import peers
import plugins
import reload_test
import wire


@unittest.skipIf(harness.SLOW != 1, "gdb and a sanitizer's shadow memory take too long together")
class Debugger(forwarder.Case):
    def setUp(self):
        try:
            self.env = peers.ready("gdb-minimal") if not peers.installed("gdb") else None
        except peers.Missing as problem:
            self.skipTest(str(problem))

    def test_a_breakpoint_in_the_source_of_a_swapped_plugin_is_hit(self):
        with wire.Upstream(wire.answer(b"hello"), record=False) as upstream, reload_test.Gateway(upstream) as host:
            path = plugins.build(host.folder / "gate.so", version=1, options=["-g"])
            self.assertEqual(host.command("load", path)[0], 0)
            plugins.build(path, version=2, options=["-g"], body=True)  # on_body() is in this one only
            self.assertEqual(host.command("reload", "gate")[0], 0)
            commands = ["break on_body", "continue", "backtrace 1", "delete", "detach"]
            gdb = subprocess.Popen(["gdb", "-q", "-nx", "-batch", "-p", str(host.pid), *(w for c in commands for w in ("-ex", c))],
                                   env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            said = []
            client = threading.Thread(target=lambda: said.append(host.get("/", reload_test.KEY)))
            self.addCleanup(gdb.kill)
            output = ""
            for line in gdb.stdout:
                output += line
                if "ptrace" in line:
                    self.skipTest(f"this process may not be traced: {line.strip()}")
                if line.startswith("Breakpoint 1 at"):
                    client.start()
            gdb.wait()
            self.assertRegex(output, r"#0 +on_body \(.*\) at .*gate\.c:\d+")
            client.join(10)
            self.assertEqual(said[0].text, "2:hello")


if __name__ == "__main__":
    unittest.main()
