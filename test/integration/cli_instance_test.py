# SPDX-License-Identifier: Apache-2.0
"""Services inside a microhost, from a second terminal of the same user: nothing is configured, and nobody else reaches them."""
import json
import os
import stat
import unittest
from pathlib import Path

import cli_case
import harness

GREETER = "go.micro.api.greeter"


class Inside(cli_case.Case):
    def serve(self, **host):
        config = {"load": ["api.so", "greeter.so"], "host": host, "modules": {"api": {"address": "127.0.0.1:0", "handler": "rpc"}}}
        return harness.Microhost(config, folder=self.folder)

    def test_they_are_listed_called_and_asked_for_their_health(self):
        with self.serve():
            harness.wait_for(lambda: self.run_here("list", "services"), 5, "the service")
            self.assertEqual(self.run_here("list", "services"), GREETER + "\n")
            self.assertEqual(json.loads(self.run_here("call", "greeter", "Say.Hello", "name=Ann")), {"msg": "Hello Ann"})
            self.assertEqual(self.stderr, f"microhost: greeter is {GREETER}\n")
            self.assertIn("\tok\n", self.run_here("health", "greeter"))
            self.assertIn("Endpoint: Say.Hello\n", self.run_here("get", "service", "greeter"))
        self.assertEqual(self.run_here("list", "services"), "", "it has ended")
        self.assertEqual(os.listdir(self.runtime / "instances"), [], "nothing is left behind")

    def test_only_their_user_reaches_them(self):
        with self.serve() as host:
            socket = Path(host.control).parent / "rpc.sock"
            harness.wait_for(socket.exists, 5, "the socket")
            self.assertEqual(stat.S_IMODE(socket.parent.stat().st_mode), 0o700)
            self.assertEqual([row["name"] for row in host.ask_control("GET", "/v1/listeners").json()], ["api", "control"])

    def test_other_processes_do_not_call_them(self):
        with self.serve(name="one"):
            harness.wait_for(lambda: self.run_here("list", "services"), 5, "the service")
            with harness.Microhost({"load": ["api.so"], "host": {"name": "two"},
                                    "modules": {"api": {"address": "127.0.0.1:0", "handler": "rpc"}}}, folder=self.folder) as other:
                answer = other.post("/greeter/say/hello", "{}", {"Content-Type": "application/json"})
                self.assertEqual(answer.status, 404, answer.body)

    def test_offered_to_all_they_are_listed_once(self):
        with self.serve(rpc_address=["127.0.0.1:0"]):
            harness.wait_for(lambda: self.run_here("list", "services"), 5, "the service")
            rows = json.loads(self.run_here("list", "nodes", "greeter", "-o", "json"))
            self.assertEqual(len(rows), 1, rows)
            self.assertTrue(rows[0]["address"].startswith("127.0.0.1:"), rows)

    def test_a_damaged_module_is_named_when_its_command_is_missed(self):
        folder = self.folder / "modules"
        folder.mkdir()
        (folder / "cli.so").write_bytes((harness.PREFIX / "lib/microhost/cli.so").read_bytes()[:5000])
        self.assertEqual(self.run_here("--module_path", folder, "list", "services", status=2), "")
        unknown, why = self.stderr.splitlines()
        self.assertIn('no command "list services"', unknown)
        self.assertIn(str(folder / "cli.so"), why)


if __name__ == "__main__":
    unittest.main()
