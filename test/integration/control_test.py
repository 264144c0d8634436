# SPDX-License-Identifier: Apache-2.0
"""The control socket: is the process alive, should it be sent requests, what has it done, what is it made of."""
import http.client
import json
import os
import re
import signal
import socket
import stat
import threading
import unittest

import fixtures
import harness
import wire

MOODS = fixtures.FOLDER / "moods.so"
SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? ([-+.0-9a-zA-Z]+)$')


class UnixConnection(http.client.HTTPConnection):
    """What any program would use."""

    def __init__(self, path):
        super().__init__("localhost", timeout=wire.TIMEOUT)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def metrics(host):
    """{name: {labels as text: value}}; every line must be one that Prometheus reads."""
    answer = host.ask_control("GET", "/metrics")
    assert answer.status == 200 and answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", answer
    families, samples = {}, {}
    for line in answer.text.splitlines():
        if line.startswith("# "):
            _, what, name, text = line.split(" ", 3)
            assert what in ("HELP", "TYPE") and (what, name) not in families, line
            families[what, name] = text
            continue
        found = SAMPLE.match(line)
        assert found, f"not a sample: {line!r}"
        name, labels, value = found[1], found[2] or "", float(found[3])
        family = name if ("TYPE", name) in families else re.sub(r"_(bucket|sum|count)$", "", name)
        assert ("TYPE", family) in families and ("HELP", family) in families, line
        assert labels not in samples.setdefault(name, {}), f"twice: {line}"
        samples[name][labels] = value
    return samples


def requests(host, module):
    """Of one module, by class of status and method."""
    out = {}
    for labels, value in metrics(host).get("microhost_requests_total", {}).items():
        own = dict(re.findall(r'([a-z_]+)="([^"]*)"', labels))
        if own["module"] == module:
            key = own["code_class"], own["method"]
            out[key] = out.get(key, 0) + value
    return out


def moods(listeners=None, **host):
    return harness.Microhost({
        "host": {"loops": 2, **host},
        "load": [str(MOODS)],
        "listeners": listeners or {"edge": {"module": "moods", "address": "127.0.0.1:0"}},
    })


class Control(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not MOODS.exists():
            raise unittest.SkipTest("the fixtures are not built")

    def checks(self, host):
        """Status and lines of /readyz?verbose."""
        answer = host.ask_control("GET", "/readyz?verbose")
        return answer.status, answer.text.splitlines()

    # ---- the socket

    def test_a_client_of_the_standard_library_gets_pages_over_one_connection(self):
        with moods() as host:
            connection = UnixConnection(host.control)
            for method, target, status, body in (("GET", "/healthz", 200, b"ok\n"), ("HEAD", "/healthz", 200, b""),
                                                 ("GET", "/readyz", 200, b"ready\n"), ("GET", "/healthz?x=1", 200, b"ok\n")):
                with self.subTest(target):
                    connection.request(method, target)
                    answer = connection.getresponse()
                    self.assertEqual((answer.status, answer.read()), (status, body))
            connection.close()

    def test_nobody_else_may_connect_and_the_file_goes_with_the_process(self):
        with moods() as host:
            self.assertEqual(stat.S_IMODE(os.stat(host.control).st_mode), 0o600)
            host.stop()
            self.assertFalse(os.path.exists(host.control))

    def test_what_it_does_not_know_is_an_error_json(self):
        with moods() as host:
            for method, target, status in (("GET", "/nowhere", 404), ("GET", "/v1", 404), ("POST", "/healthz", 405),
                                           ("DELETE", "/v1/modules", 405), ("POST", "/nowhere", 404)):
                with self.subTest(target):
                    answer = host.ask_control(method, target, b"x" if method == "POST" else b"")
                    self.assertEqual((answer.status, answer.json()["code"]), (status, status))
                    self.assertEqual(answer["Content-Type"], "application/json")
                    self.assertEqual(answer["Allow"], "GET, HEAD" if status == 405 else None)

    def test_an_address_opens_it_on_tcp(self):
        with moods(control_address="127.0.0.1:0") as host:
            rows = host.ask_control("GET", "/v1/listeners").json()
            tcp = next(row["address"] for row in rows if row["name"] == "control-tcp")
            with wire.Client(int(tcp.rpartition(":")[2])) as client:
                self.assertEqual(client.request("GET", "/healthz").text, "ok\n")

    def test_an_address_that_is_taken_is_refused(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            address = f"127.0.0.1:{other.getsockname()[1]}"
            self.refuses({"load": [str(MOODS)], "host": {"control_address": address}}, words=[address, "in use"])

    # ---- readiness

    def test_a_process_that_serves_is_ready(self):
        with moods() as host:
            self.assertEqual(self.checks(host), (200, ["[+]started ok", "[+]draining ok", "[+]listeners ok",
                                                       "[+]registry ok", "[+]loops ok"]))

    def test_an_access_filter_that_is_missing_makes_it_unready(self):
        for more, status in (({}, 503), ({"on_error": "open"}, 200), ({"mode": "shadow"}, 200)):
            # "moods" is loaded and offers no filter.
            config = {"load": [str(MOODS)], "filters": {"token": {"use": "moods", **more}},
                      "listeners": {"edge": {"module": "moods", "address": "127.0.0.1:0"}}}
            with self.subTest(more), harness.Microhost(config) as host:
                self.assertEqual(host.get("/").status, status)
                seen, lines = self.checks(host)
                self.assertEqual(seen, status)
                self.assertTrue(any(line.startswith("[-]filter:token " if status == 503 else "[+]filter:token degraded: ")
                                    for line in lines), lines)
                self.assertEqual(host.ask_control("GET", "/healthz").status, 200)
                row = host.ask_control("GET", "/v1/filters").json()[0]["filters"][0]
                self.assertEqual((row["name"], row["phase"], row["state"]), ("token", "authn", "missing"))
                self.assertEqual(row["mode"], more.get("mode", "enforce"))
                self.assertEqual(row["on_error"], more.get("on_error", "closed"))
                self.assertEqual(metrics(host)["microhost_filter_failures_total"],
                                 {f'filter="token",on_error="{row["on_error"]}"': 1})

    def test_what_a_module_says_of_itself_counts(self):
        with moods() as host:
            for target, status, line in (("/degraded", 200, "[+]moods:db degraded: slow"),
                                         ("/failing", 503, "[-]moods:db no answer"), ("/well", 200, "[+]moods:db ok")):
                with self.subTest(target):
                    host.get(target)
                    seen, lines = self.checks(host)
                    self.assertEqual(seen, status)
                    self.assertIn(line, lines)

    def test_a_stop_fails_readiness_while_requests_are_still_answered(self):
        host = moods(drain_delay="60s")
        try:
            host.start()
            host.signal(signal.SIGTERM)
            harness.wait_for(lambda: host.ask_control("GET", "/readyz").status == 503, 5, "the end of readiness")
            self.assertIn("[-]draining the process is stopping", self.checks(host)[1])
            self.assertEqual(host.ask_control("GET", "/healthz").status, 200)
            self.assertEqual(host.get("/").status, 200)
        finally:
            host.kill()  # a delay of a minute is not waited for
            host._clean()

    def test_connections_to_it_do_not_hold_a_stop_up(self):
        with moods() as host, wire.Client(host.control) as client:
            self.assertEqual(client.request("GET", "/healthz").status, 200)
            host.stop()
            self.assertTrue(client.closed())

    # ---- metrics

    def test_requests_are_counted_exactly(self):
        with moods() as host:
            for _ in range(20):
                host.get("/")
            with wire.Client(host.port()) as client:
                for _ in range(30):
                    client.request("POST", "/", body=b"x")
            self.assertEqual(requests(host, "moods"), {("2xx", "GET"): 20, ("2xx", "POST"): 30})
            count = {k: v for k, v in metrics(host)["microhost_request_duration_seconds_count"].items() if '"moods"' in k}
            self.assertEqual(sum(count.values()), 50)

    def test_verdicts_of_filters_are_counted(self):
        token = harness.PREFIX / "lib/microhost/auth-token.so"
        if not token.exists():
            self.skipTest("the examples are not built")
        config = {"load": [str(MOODS), str(token)], "listeners": {"edge": {"module": "moods", "address": "127.0.0.1:0"}},
                  "filters": {"token": {"use": "auth-token", "config": {"file": "tokens"}}}}
        host = harness.Microhost(config)
        (host.folder / "tokens").write_text("one\n")
        with host:
            for value in ("one", "two", "one", "one"):
                host.get("/", [("Authorization", f"Bearer {value}")])
            seen = metrics(host)["microhost_filter_verdicts_total"]
            self.assertEqual({v: seen[f'filter="token",verdict="{v}"'] for v in ("continue", "respond", "fail")},
                             {"continue": 3, "respond": 1, "fail": 0})
            row = host.ask_control("GET", "/v1/filters").json()[0]["filters"][0]
            self.assertEqual((row["state"], row["verdicts"]["respond"]), ("active", 1))

    def test_connections_are_shown_by_listener(self):
        with moods() as host, wire.Client(host.port()) as one, wire.Client(host.port()) as two:
            one.request("GET", "/")
            two.request("GET", "/")
            self.assertEqual(metrics(host)["microhost_connections"], {'listener="edge"': 2})
            edge = host.ask_control("GET", "/v1/listeners").json()[0]
            self.assertEqual((edge["name"], edge["connections"]), ("edge", 2))

    def test_every_name_is_on_the_page_about_metrics(self):
        page = (harness.ROOT / "docs/metrics.md").read_text()
        documented = dict(re.findall(r"^\| `([a-z_]+)` \| \w+ \| (.*?) \|", page, re.M))
        with moods() as host:
            host.get("/")
            for name, samples in metrics(host).items():
                name = re.sub(r"_(bucket|sum|count)$", "", name)
                with self.subTest(name):
                    self.assertIn(name, documented)
                    labels = set(re.findall(r"`(\w+)`", documented[name]))
                    for sample in samples:
                        self.assertEqual(set(re.findall(r'([a-z_]+)="', sample)) - {"le"}, labels)

    # ---- lists

    def test_modules_are_listed_with_what_they_contribute(self):
        with moods() as host:
            row, = host.ask_control("GET", "/v1/modules").json()
            self.assertEqual((row["id"], row["version"], row["file"]), ("moods", "1.2.0", str(MOODS)))
            self.assertEqual((row["generation"], row["stage"]), (1, "serving"))
            self.assertEqual(row["contributions"], {"mh.http.handler/1": ["moods"]})
            self.assertEqual(row["requires"], ["mh.http.request/1", "mh.health/1"])

    def test_services_are_listed_as_micro_writes_them(self):
        with moods() as host:
            self.assertEqual(host.ask_control("GET", "/v1/services").json(), [])
            host.register("go.micro.srv.a", "127.0.0.1:9")
            harness.wait_for(lambda: host.ask_control("GET", "/v1/services").json(), 5, "the service")
            row, = host.ask_control("GET", "/v1/services").json()
            self.assertEqual((row["name"], row["version"]), ("go.micro.srv.a", "1.0.0"))
            self.assertEqual(row["nodes"][0]["address"], "127.0.0.1:9")
            self.assertEqual(metrics(host)["microhost_registry_nodes"], {'service="go.micro.srv.a"': 1})

    def test_the_index_lists_pages_that_answer(self):
        with moods() as host:
            index = host.ask_control("GET", "/").json()
            self.assertEqual(index["pid"], host.pid)
            for target in index["routes"]:
                with self.subTest(target):
                    answer = host.ask_control("GET", target)
                    self.assertEqual(answer.status, 200)
                    if answer["Content-Type"] == "application/json":
                        json.loads(answer.body)

    # ---- a loop that hangs

    def test_it_answers_while_every_loop_hangs_and_the_stall_is_counted(self):
        with moods(loops=1) as host:
            os.mkfifo(host.folder / "gate")
            client = threading.Thread(target=host.get, args=("/hang",))
            client.start()
            try:
                host.wait_for_log("does not turn")
                self.assertEqual(host.ask_control("GET", "/healthz").status, 200)
                stalls = metrics(host)["microhost_loop_stalls_total"]
                self.assertEqual(stalls, {'module="host"': 0, 'module="moods"': 1})
                status, lines = self.checks(host)
                self.assertEqual(status, 200)
                self.assertIn("[+]loops degraded: 1 does not turn: a module blocks", lines)
            finally:
                os.close(os.open(host.folder / "gate", os.O_WRONLY))
                client.join()
            host.wait_for_log("turns again")
            self.assertIn("[+]loops ok", self.checks(host)[1])


if __name__ == "__main__":
    unittest.main()
