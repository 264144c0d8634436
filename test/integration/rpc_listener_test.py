# SPDX-License-Identifier: Apache-2.0
"""Services of the process, offered to others over Micro's wire protocol: what real clients send, whole and byte by byte."""
import json
import re
import shutil
import signal
import subprocess
import unittest

import fixtures
import harness
import mucp
import tls_test
import wire

SPEAKER = str(fixtures.FOLDER / "speaker.so")
NAME = "go.micro.srv.greeter"


def serve(*args, config=None, **options):
    return harness.Microhost({"host": {"loops": 2, "rpc_address": "127.0.0.1:0"}, "load": [SPEAKER], **(config or {})}, *args,
                             **options)


def nodes(host):
    """What is in the registry's folder, by id."""
    found = {}
    for path in (host.runtime / "registry/v1").glob("*.json"):
        try:
            content = json.loads(path.read_text())
        except (OSError, ValueError):
            continue
        found[content["nodes"][0]["id"]] = content
    return found


def modules(host, *words):
    """Runs microhost modules WORDS against that process. Returns status, output, errors."""
    done = subprocess.run([harness.PROGRAM, "--runtime_dir", str(host.runtime), "modules", *words], capture_output=True, text=True,
                          timeout=60 * harness.SLOW, env=harness.clean_environment(host.folder))
    return done.returncode, done.stdout, done.stderr


class Case(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not fixtures.FOLDER.joinpath("speaker.so").exists():
            raise unittest.SkipTest("the fixtures are not built")


class Unary(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = serve()
        cls.host.start()

    @classmethod
    def tearDownClass(cls):
        try:
            cls.host.stop()
        finally:
            cls.host.kill()
            cls.host._clean()

    def ask(self, data):
        with wire.Client(self.host.port()) as client:
            client.send(data)
            return client.response("GET" if data.startswith(b"GET") else "POST")

    def accepted(self, answer):
        """What a go-micro 1.18 client demands (capture 95)."""
        self.assertEqual(answer.status, 200)
        self.assertNotIn("Micro-Error", answer)
        if answer["Content-Type"] == "application/json":
            self.assertTrue(answer.body)
        return answer

    def error(self, answer):
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(answer["Micro-Error"], answer["X-Micro-Error"])
        return answer["Micro-Error"]

    # ---- what was captured

    def test_calls_in_json_and_protobuf_are_answered_with_the_ids_that_clients_match_them_by(self):
        for capture, body, kind in (("01", b"\n\x04John", "protobuf"), ("02", b'{"name":"John"}\n', "json"),
                                    ("v1.1-02", b'{"name":"John"}\n', "json")):
            with self.subTest(capture):
                answer = self.accepted(self.ask(mucp.CAPTURED[capture]))
                self.assertEqual(answer.body, body)
                self.assertEqual(answer["Content-Type"], f"application/{kind}")
                self.assertEqual((answer["Micro-Id"], answer["X-Micro-Id"]), ("0", "0"))
                self.assertEqual((answer["Micro-Endpoint"], answer["Micro-Method"]), ("Say.Hello", "Say.Hello"))
                self.assertEqual(answer["Micro-Service"], NAME)
                for private in ("X-User-Id", "User-Agent", "Timeout", "Micro-From-Service"):
                    self.assertNotIn(private, answer)

    def test_curl_calls_with_as_little_as_real_servers_demand(self):
        for capture in ("06b", "14", "14b", "14c"):
            with self.subTest(capture):
                self.assertIn(b'"name":', self.accepted(self.ask(mucp.CAPTURED[capture])).body)
        self.assertEqual(self.ask(mucp.CAPTURED["14c"])["Micro-Id"], "7")

    def test_method_path_and_case_do_not_matter_and_expect_is_honoured(self):
        body = b'{"a":1}'
        for head in (b"PUT /some/path HTTP/1.1", b"post / HTTP/1.1", b"POST /%41?b=c HTTP/1.1"):
            with self.subTest(head):
                answer = self.ask(head + b"\r\nhost: x\r\ncontent-type: application/json\r\nmicro-endpoint: Say.Hello\r\n"
                                  b"micro-id: 1\r\ncontent-length: 7\r\n\r\n" + body)
                self.assertEqual(self.accepted(answer).body, body)
        with wire.Client(self.host.port()) as client:
            client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nMicro-Endpoint: Say.Hello\r\n"
                        b"Expect: 100-continue\r\nContent-Length: 7\r\n\r\n")
            self.assertEqual(client.reader.message(answer_to="POST").status, 100)
            client.send(body)
            self.assertEqual(self.accepted(client.response("POST")).body, body)

    def test_errors_are_in_micro_error_and_the_connection_goes_on(self):
        with wire.Client(self.host.port()) as client:
            client.send(mucp.CAPTURED["03"])
            self.assertEqual(json.loads(self.error(client.response("POST"))),
                             {"id": NAME, "code": 400, "detail": "you asked for fail", "status": "Bad Request"})
            client.send(mucp.CAPTURED["02"])
            self.accepted(client.response("POST"))

    def test_what_does_not_exist_is_said_in_the_words_of_micro(self):
        self.assertEqual(self.error(self.ask(mucp.CAPTURED["06"])), "rpc: can't find method Nope")
        self.assertEqual(self.error(self.ask(mucp.request("Greeter.Hello", b"{}"))), "rpc: can't find service Greeter")
        for name in ("Nope", "A.B.C", "Say.Hello.Then"):
            self.assertEqual(self.error(self.ask(mucp.request(name, b"{}"))),
                             f"rpc: service/endpoint request ill-formed: {name}")

    def test_an_unknown_content_type_is_told_in_the_body(self):
        for capture, kind in (("14f", "application/x-www-form-urlencoded"), ("14g", "text/foo")):
            answer = self.ask(mucp.CAPTURED[capture])
            self.assertEqual((answer.status, answer["Content-Type"]), (200, "text/plain"))
            self.assertEqual(answer.text, f"Unsupported Content-Type: {kind}")
            self.assertNotIn("Micro-Error", answer)

    def test_old_clients_are_answered_in_their_envelopes(self):
        for capture, kind, number in (("14d", "json", "3"), ("14e", "json-rpc", "3"), ("96a", "json-rpc", "0")):
            with self.subTest(capture):
                answer = self.accepted(self.ask(mucp.CAPTURED[capture]))
                self.assertEqual(answer["Content-Type"], f"application/{kind}")
                self.assertEqual((answer["Micro-Id"], answer["X-Micro-Id"]), (number, number))
                self.assertEqual(answer.body, b'{"id":"%s","result":{"name":"John"},"error":null}\n' % number.encode())
        answer = self.accepted(self.ask(mucp.CAPTURED["96b"]))
        self.assertEqual(answer.body, b"\0\0\0\r\n\0\x11\0\0\0\0\0\0\0\0\x1a\0\0\0\0\x06\n\x04John")
        self.assertEqual(self.accepted(self.ask(mucp.CAPTURED["96c"])).body, b"\n\x02ok")
        failed = self.ask(mucp.curl(mucp.JSON, b'{"id":"x","method":"Say.Hello","params":[{"name":"fail"}]}'))
        self.assertEqual(failed.json(), {"id": "x", "result": None, "error": failed["Micro-Error"]})
        nothing = self.ask(mucp.CAPTURED["14h"])  # capture 14h: GET / without anything
        self.assertEqual((nothing["Micro-Error"], nothing.body), ("EOF", b"\0\0\0\x10\n\0\x11\0\0\0\0\0\0\0\0\x1a\x03EOF\0\0\0\0"))

    def test_every_service_answers_debug_health_and_stats(self):
        self.assertEqual(self.accepted(self.ask(mucp.CAPTURED["26"])).body, b"\n\x02ok")
        stats = self.accepted(self.ask(mucp.CAPTURED["27"])).json()
        self.assertEqual(set(stats), {"timestamp", "started", "uptime", "memory", "threads", "gc"})

    def test_an_empty_answer_in_json_has_a_body(self):
        self.assertEqual(self.accepted(self.ask(mucp.request("Say.Hello", b'{"name":"empty"}'))).body, b"{}")

    def test_the_service_sees_metadata_deadline_and_caller_and_none_of_the_framing(self):
        seen = self.accepted(self.ask(mucp.CAPTURED["08"])).json()
        self.assertEqual((seen["user"], seen["from"], seen["timeout"], seen["id"]), ("john", "go.micro.server", "5000000000", ""))
        self.assertRegex(seen["remote"], r"^127\.0\.0\.1:\d+$")

    def test_the_callers_timeout_is_the_deadline(self):
        slow = mucp.request("Say.Hello", b'{"name":"never"}').replace(b"Timeout: 5000000000", b"Timeout: 200000000")
        self.assertEqual(json.loads(self.error(self.ask(slow)))["code"], 408)

    # ---- how it arrives

    def test_byte_by_byte_and_all_at_once_give_the_same_answers(self):
        for capture, data in mucp.CAPTURED.items():
            if capture in ("08", "27", "14h"):
                continue
            with self.subTest(capture), wire.Client(self.host.port()) as client:
                client.send(data)
                whole = client.response("POST")
                for byte in data:
                    client.send(bytes([byte]))
                pieces = client.response("POST")
                self.assertEqual((whole.status, whole.body, whole["Micro-Error"], whole["Content-Type"]),
                                 (pieces.status, pieces.body, pieces["Micro-Error"], pieces["Content-Type"]))

    def test_requests_that_come_at_once_are_answered_in_order_each_with_its_id(self):
        with wire.Client(self.host.port()) as client:
            client.send(b"".join(mucp.request("Say.Hello", b'{"n":%d}' % n, number=n) for n in range(50)))
            for n in range(50):
                answer = self.accepted(client.response("POST"))
                self.assertEqual((answer["Micro-Id"], answer.json()), (str(n), {"n": n}))

    # ---- what nobody means well

    def test_what_is_too_long_is_refused_in_a_form_that_clients_understand(self):
        big = mucp.request("Say.Hello", b'"' + b"a" * (4 * 1024 * 1024) + b'"')
        self.assertEqual(json.loads(self.error(self.ask(big)))["code"], 413)
        for field in (b"Micro-Id: 0", b"Micro-Endpoint: Say.Hello"):
            name = field.split(b":")[0]
            long = mucp.CAPTURED["02"].replace(field, name + b": " + b"x" * 2000)
            self.assertEqual(json.loads(self.error(self.ask(long)))["code"], 400)
        self.accepted(self.ask(mucp.request("Say.Hello", b'"' + b"a" * 4_000_000 + b'"')))

    def test_broken_envelopes_are_errors_of_their_call(self):
        for kind, bodies in (("json-rpc", (b"[]", b"{", b'{"method":"Say.Hello"}', b'{"method":"Say.Hello","params":null}', b"\xff")),
                             ("proto-rpc", (b"\0", b"\xff\xff\xff\xff", b"\0\0\0\x02\n\x7f", mucp.PROTO_RPC[:-1]))):
            for body in bodies:
                with self.subTest(body):
                    answer = self.ask(mucp.request("Say.Hello", body, kind=kind))
                    self.assertEqual(answer.status, 200)
                    self.assertTrue(answer["Micro-Error"])
        for line in (b'"Say.\\r\\nX: y"', b'"' + b"x" * 3000 + b'"', b"7", b"{}"):
            answer = self.ask(mucp.curl(mucp.JSON, b'{"id":"a\\r\\nB: c","method":' + line + b',"params":[{}]}'))
            self.assertTrue(answer["Micro-Error"])
            self.assertNotIn("B", answer)

    def test_a_reply_of_nobody_reaches_nobody(self):
        with wire.Client(self.host.port()) as client:
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            self.assertEqual(client.response("POST").status, 400)
            self.assertTrue(client.closed())


class Registered(Case):
    def test_an_announced_node_says_what_clients_want_to_know(self):
        with serve() as host:
            (content,) = nodes(host).values()
            node = content["nodes"][0]
            self.assertRegex(node["id"], NAME + r"-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
            self.assertEqual(node["address"], host.address())
            self.assertEqual(node["metadata"], {"broker": "http", "protocol": "mucp", "registry": "directory", "server": "mucp",
                                                "transport": "http"})
            self.assertEqual((content["name"], content["version"], content["owner_pid"]), (NAME, "1.0.0", host.pid))
            endpoints = {e["name"]: e["metadata"] for e in content["endpoints"]}
            self.assertEqual(endpoints["Streamer.Stream"], {"of": "all", "stream": "true"})
            self.assertNotIn("stream", endpoints["Say.Hello"] or {})
            host.signal(signal.SIGTERM)
            harness.wait_for(lambda: not nodes(host), 2, "the end of the node")
            self.assertEqual(host.wait(), 0)

    def test_the_address_is_the_one_that_others_reach_or_what_the_operator_says(self):
        for address, advertise, expected in ((":0", "", r"^(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]):%d$"), ("127.0.0.1:0", "greeter.example", r"^greeter\.example:%d$"),
                                             ("127.0.0.1:0", "10.1.2.3:99", r"^10\.1\.2\.3:99$")):
            with self.subTest(address=address, advertise=advertise), \
                    harness.Microhost({"host": {"rpc_address": address, "rpc_advertise": advertise}, "load": [SPEAKER]}) as host:
                (content,) = nodes(host).values()
                pattern = expected % host.port() if "%d" in expected else expected
                self.assertRegex(content["nodes"][0]["address"], pattern)
                self.assertNotIn("0.0.0.0", content["nodes"][0]["address"])

    def test_several_addresses_are_as_many_nodes(self):
        with serve("--rpc_address", "127.0.0.1:0,127.0.0.1:0") as host:
            self.assertEqual(set(host.ready["listeners"]), {"rpc", "rpc-2"})
            self.assertEqual({n["nodes"][0]["address"] for n in nodes(host).values()},
                             {host.address("rpc"), host.address("rpc-2")})

    def test_a_listener_of_the_configuration_has_bounds_of_its_own(self):
        with serve(config={"host": {}, "listeners": {"inside": {"module": "rpc", "address": "127.0.0.1:0",
                                                                "limits": {"body_bytes": 1000}}}}) as host:
            answer = host.post("/", b'"' + b"a" * 2000 + b'"', [("Content-Type", "application/json"), ("Micro-Endpoint", "Say.Hello")])
            self.assertEqual(json.loads(answer["Micro-Error"])["code"], 413)
            self.assertEqual(len(nodes(host)), 1)
        self.refuses({"host": {"rpc_address": "127.0.0.1:0"}, "load": [SPEAKER],
                      "listeners": {"rpc": {"module": "rpc", "address": "127.0.0.1:0"}}}, words=("listeners/rpc", "rpc_address"))

    @unittest.skipUnless(shutil.which("openssl"), "needs openssl")
    def test_over_tls_and_over_a_unix_socket_it_is_the_same(self):
        made = tls_test.Certificates()
        self.addCleanup(shutil.rmtree, made.folder, ignore_errors=True)
        listeners = {"secure": {"module": "rpc", "address": "127.0.0.1:0", "tls": made.sign("server", "greeter")},
                     "local": {"module": "rpc", "address": "unix:rpc.sock"}}
        with serve(config={"host": {}, "listeners": listeners}) as host:
            for target, tls in ((host.port("secure"), made.client()), (str(host.folder / "rpc.sock"), None)):
                with self.subTest(target=target), wire.Client(target, tls=tls) as client:
                    for name in ("02", "01"):
                        client.send(mucp.CAPTURED[name])
                        self.assertEqual((client.response("POST").status, name), (200, name))
            # Without TLS it does not speak, and a path is nothing that another machine could call.
            with wire.Client(host.port("secure")) as client:
                client.send(mucp.CAPTURED["02"])
                self.assertRaises((ConnectionError, EOFError), client.response, "POST")
            self.assertEqual([n["nodes"][0]["address"] for n in nodes(host).values()], [host.address("secure")])
            host.wait_for_log("set rpc_advertise")

    def test_another_process_calls_it_and_a_killed_one_is_gone(self):
        api = {"load": ["api.so"], "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
               "modules": {"api": {"namespace": "go.micro.srv", "handler": "rpc"}}}
        with harness.Microhost(api) as gateway:
            offering = serve(folder=gateway.folder)
            offering.start()
            try:
                def call():
                    return gateway.post("/greeter/say/hello", b'{"a":1}', [("Content-Type", "application/json")])

                harness.wait_for(lambda: call().status == 200, 2, "the service")
                self.assertEqual(call().json(), {"a": 1})
                offering.kill()
                harness.wait_for(lambda: call().status == 503, 2, "its end")
            finally:
                offering.kill()

    def test_calls_of_the_process_itself_stay_in_it(self):
        api = {"load": [SPEAKER, "api.so"], "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
               "modules": {"api": {"namespace": "go.micro.srv", "handler": "rpc"}}}
        with serve(config=api) as host:
            harness.wait_for(lambda: any(row["name"] == NAME and row["nodes"] for row in host.ask_control("GET", "/v1/services").json()),
                             5, "our own node in our own table")
            for _ in range(20):
                answer = host.post("/greeter/say/hello", b'{"name":"meta"}', [("Content-Type", "application/json")], listener="edge")
                self.assertEqual(answer.json()["remote"], "")  # nobody's address: no connection

    def test_a_module_that_is_reloaded_stays_announced_and_one_that_is_unloaded_does_not(self):
        with serve(config={"load": [SPEAKER, "api.so"], "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}}}) as host:
            (before,) = nodes(host)
            for _ in range(3):
                self.assertEqual(modules(host, "reload", "speaker")[0], 0)
                self.assertEqual(set(nodes(host)), {before})
            self.assertEqual(len(re.findall('"announced"', host.stderr)), 1, host.stderr)
            self.assertEqual(modules(host, "unload", "speaker")[0], 0)
            self.assertEqual(nodes(host), {})
            answer = host.post("/", b"{}", [("Content-Type", "application/json"), ("Micro-Endpoint", "Say.Hello")], listener="rpc")
            self.assertEqual(answer["Micro-Error"], "rpc: can't find service Say.Hello")

    def test_filters_guard_it_like_every_other_listener(self):
        config = {"load": [SPEAKER, "auth-token.so"], "filters": {"token": {"use": "auth-token", "config": {"file": "tokens"}}}}
        host = serve(config=config)
        (host.folder / "tokens").write_text("sesame\n")
        with host, wire.Client(host.port()) as client:
            client.send(mucp.CAPTURED["02"])
            refused = client.response("POST")
            self.assertEqual(refused.status, 200)  # go-micro takes every other status for a broken transport
            self.assertEqual(json.loads(refused["Micro-Error"])["code"], 401)
            self.assertEqual((refused["Micro-Id"], refused.body), ("0", b""))
            client.send(mucp.request("Say.Hello", b"{}", extra=b"Authorization: Bearer sesame\r\n"))
            self.assertEqual(client.response("POST").json(), {})


class Off(Case):
    def test_nothing_listens_and_nothing_is_announced_unless_it_is_asked_for(self):
        self.refuses({"load": [SPEAKER]}, words=("nothing to listen on",))
        with harness.Microhost({"load": [SPEAKER, "api.so"], "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}}}) as host:
            self.assertEqual(nodes(host), {})


if __name__ == "__main__":
    unittest.main()
