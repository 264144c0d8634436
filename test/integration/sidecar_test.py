# SPDX-License-Identifier: Apache-2.0
"""examples/sidecar-python/full.py: a service of nothing but HTTP, seen from the proxy and from the terminal."""
import json
import subprocess
import sys
import time
import unittest

import cli_case
import harness

SCRIPT = harness.ROOT / "examples/sidecar-python/full.py"
NAME = "go.micro.srv.greeter"


class Sidecar(cli_case.Case):
    def test_it_is_called_streamed_published_to_and_gone_within_a_second_of_its_kill(self):
        config = {"load": ["proxy.so", "broker-http.so"], "modules": {"proxy": {"address": "127.0.0.1:0"}}}
        with harness.Microhost(config, folder=self.folder) as host:
            proxy = f"http://{host.address('proxy')}"
            service = subprocess.Popen([sys.executable, SCRIPT, NAME, "greetings", proxy], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            try:
                self.assertEqual(service.stdout.readline(), "registered\n")
                harness.wait_for(lambda: NAME in self.run_here("list", "services").split(), 5, "the service")
                self.assertEqual(json.loads(self.run_here("call", "greeter", "Say.Hello", "name=Ann")), {"msg": "Hello Ann"})
                lines = self.run_here("stream", "greeter", "Say.Stream", "name=Ann", "--output", "json").splitlines()
                self.assertEqual([json.loads(line)["msg"] for line in lines], ["Hello Ann", "Bonjour Ann", "Hola Ann"])
                query = f"/rpc?service={NAME}&endpoint=Say.Stream&request=" + "%7B%22name%22:%22Bob%22%7D"
                lines = host.post(query, b"", [("Accept", "application/x-ndjson")], listener="proxy").text.splitlines()
                self.assertEqual([json.loads(line)["msg"] for line in lines], ["Hello Bob", "Bonjour Bob", "Hola Bob"])
                self.assertEqual(host.post("/broker?topic=greetings", b"good morning", listener="proxy").status, 200)
                self.assertEqual(service.stdout.readline(), "heard good morning\n")
                service.kill()
                began = time.monotonic()
                harness.wait_for(lambda: self.run_here("list", "services") == "", 5, "its end")
                self.assertLess(time.monotonic() - began, 1.0 * harness.SLOW + 0.3)
            finally:
                service.kill()
                service.communicate()


if __name__ == "__main__":
    unittest.main()
