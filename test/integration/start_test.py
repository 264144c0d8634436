# SPDX-License-Identifier: Apache-2.0
"""What is wrong before anything listens: one line on stderr, exit status 2. What is right starts and stops."""
import signal
import socket
import unittest

import harness

FORWARD = {
    "load": ["forward.so"],
    "listeners": {"edge": {"module": "forward", "address": "127.0.0.1:0"}},
    "modules": {"forward": {"upstream": "127.0.0.1:9"}},
}


class Start(harness.Case):
    def test_an_unknown_flag_is_refused(self):
        self.refuses(None, "--no_such_flag", words=["no_such_flag"])

    def test_a_configuration_file_that_is_not_there_is_refused(self):
        self.refuses(None, "--config", "/nonexistent/microhost.json", words=["/nonexistent/microhost.json"])

    def test_a_configuration_that_is_not_json_is_refused(self):
        self.refuses("{ nonsense", words=["config.json"])

    def test_an_unknown_key_is_refused(self):
        self.refuses({"lisseners": {}}, words=["lisseners"])

    def test_a_module_that_is_not_there_is_refused(self):
        self.refuses({"load": ["no-such-module.so"]}, words=["no-such-module"])

    def test_a_file_that_is_not_a_module_is_refused(self):
        self.refuses({"load": ["/etc/passwd"]}, words=["/etc/passwd"])

    def test_a_filter_that_nobody_provides_is_refused(self):
        config = {**FORWARD, "listeners": {"edge": {**FORWARD["listeners"]["edge"], "filters": ["ghost"]}}}
        self.refuses(config, words=["ghost"])

    def test_a_port_that_is_taken_is_refused(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            address = "127.0.0.1:%d" % other.getsockname()[1]
            config = {**FORWARD, "listeners": {"edge": {"module": "forward", "address": address}}}
            self.refuses(config, words=[address])

    def test_a_name_that_is_in_use_is_refused_and_the_first_keeps_its_control_socket(self):
        named = {**FORWARD, "host": {"name": "edge-1"}}
        with harness.Microhost(named) as first:
            second = harness.Microhost(named, folder=first.folder, ready=False)
            second.start()
            self.assertEqual(second.wait(), 2, second.stderr)
            self.assertEqual(len(second.stderr.splitlines()), 1, second.stderr)
            self.assertIn("edge-1", second.stderr)
            self.assertEqual(first.ask_control("GET", "/healthz").status, 200)

    def test_the_card_is_printed_when_it_is_wanted(self):
        wanted = {**FORWARD, "host": {"card": "on", "card_try": ["curl it", "and that"]}}
        with harness.Microhost(wanted) as host:
            host.wait_for_log("ready")
            for text in (f"http://{host.address()} -> forward", "  module     forward", "curl it\nand that\n", host.control):
                host.wait_for_log(text)
        with harness.Microhost(FORWARD) as host:
            host.wait_for_log("ready")
            self.assertNotIn("listening", host.stderr)

    def test_it_starts_says_where_it_listens_and_stops_on_sigterm(self):
        with harness.Microhost(FORWARD) as host:
            self.assertGreater(host.port("edge"), 0)
        # leaving has looked at the exit status

    def test_sigint_stops_it_too(self):
        with harness.Microhost(FORWARD) as host:
            host.signal(signal.SIGINT)
            self.assertEqual(host.wait(), 0)

    def test_a_client_that_never_finishes_its_request_does_not_hold_up_the_stop(self):
        with harness.Microhost({**FORWARD, "host": {"drain_timeout": "200ms"}}) as host:
            with socket.create_connection(("127.0.0.1", host.port())) as half:
                half.sendall(b"GET / HTTP/1.1\r\nHo")
                host.signal(signal.SIGTERM)
                self.assertEqual(host.wait(), 0)


if __name__ == "__main__":
    unittest.main()
