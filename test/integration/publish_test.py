# SPDX-License-Identifier: Apache-2.0
"""`microhost publish` and `subscribe`: topics of a running instance, from a second terminal."""
import base64
import json
import signal
import subprocess
import unittest

import event_test
import fixtures
import harness
import terminal_case
import wire


def listening(host, *words):
    """A subscription that is there."""
    going = terminal_case.Going(host, "subscribe", *words)
    going.wait_for_err("subscribed to ")
    return going


class Case(terminal_case.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not (fixtures.FOLDER / "hearer.so").exists():
            raise unittest.SkipTest("the fixtures are not built")

    def publish(self, host, *words):
        self.assertEqual(self.terminal(host, "publish", *words), "")
        self.assertEqual(self.stderr, "")


class InOneProcess(Case):
    def test_one_terminal_hears_another_without_any_broker(self):
        with harness.Microhost({"load": ["api.so"], "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
                                "modules": {"api": {"handler": "rpc"}}}) as h:
            with listening(h, "orders.new", "--count", "2") as one, listening(h, "orders.*", "--count", "1", "--output", "json") as all_of_them:
                self.publish(h, "orders.new", '{"id": 7}', "--header", "Tenant=acme", "--header", "X-A=b=c")
                self.publish(h, "orders.new", "two\nlines")
                self.assertEqual((one.end(), all_of_them.end()), (0, 0))
            self.assertEqual(one.out[0].split(), ["TIME", "TOPIC", "BODY"])
            self.assertRegex(one.out[1], r'^\d{4}-\d\d-\d\dT\S+Z  orders\.new  \{"id": 7\}$')
            self.assertRegex(one.out[2], r"orders\.new  two\\nlines$")
            (message,) = [json.loads(line) for line in all_of_them.out]
            self.assertEqual((message["topic"], message["body"], message["headers"], message["content_type"], message["origin"]),
                             ("orders.new", '{"id": 7}', {"Tenant": "acme", "X-A": "b=c"}, "application/json", "command:publish"))
            self.assertRegex(message["id"], r"^[0-9a-f-]{36}$")

    def test_modules_hear_it_and_are_heard(self):
        with event_test.host("t") as h, listening(h, "t", "--output", "raw") as raw:
            self.publish(h, "t", "from a terminal", "--header", "Colour=red", "--header", "content-type=text/csv")
            (row,) = event_test.wait_for_heard(h, 1)
            self.assertEqual((row["body"], row["content_type"], row["origin"]), ("from a terminal", "text/csv", "command:publish"))
            h.wait_for_log('"Colour":"red"')
            event_test.publish(h, "t", b"from a module")
            raw.wait_for_out(lambda lines: lines == ["from a terminal", "from a module"], "both")
            self.assertEqual(raw.interrupt(), -signal.SIGINT)
            self.publish(h, "t", "to nobody here")
            self.assertEqual(len(event_test.wait_for_heard(h, 3)), 3)

    def test_the_log_says_who_published_where_and_not_what(self):
        with event_test.host() as h:
            self.publish(h, "t", "p4ssw0rd", "--header", "Key=k3y")
            h.wait_for_log('"command":"publish"')
            h.wait_for_log('"args":"topic=t message=*** header=***","by":"uid:')
            self.assertNotIn("p4ssw0rd", h.stderr + self.terminal(h, "logs"))
            self.assertNotIn("k3y", h.stderr)

    def test_what_the_host_tells_is_heard(self):
        with event_test.host() as h, listening(h, "microhost.*", "--output", "json", "--count", "1") as heard:
            h.register("go.micro.srv.new", "127.0.0.1:9")
            self.assertEqual(heard.end(), 0)
            (told,) = map(json.loads, heard.out)
            self.assertEqual((told["topic"], told["origin"], list(json.loads(told["body"]))), ("microhost.registry.changed", "microhost", ["revision"]))

    def test_a_queue_shares(self):
        with event_test.host("t") as h, listening(h, "t", "--queue", "q", "--output", "raw") as one, \
                listening(h, "t", "--queue", "q", "--output", "raw") as two, listening(h, "t", "--output", "raw") as each:
            for i in range(6):
                self.publish(h, "t", str(i))
            each.wait_for_out(lambda lines: lines == list("012345"), "all six")
            harness.wait_for(lambda: len(one.out) + len(two.out) == 6, 5, "six between the two")
            self.assertEqual((len(one.out), len(two.out)), (3, 3))

    def test_bytes_are_not_lost_on_the_way_to_json(self):
        bodies = [b"\xff", b"\xff\x00", b"\xff\x00\x01", bytes(range(256))]
        with event_test.host("t") as h, listening(h, "t", "--output", "json", "--count", "4") as heard:
            for body in bodies:
                event_test.publish(h, "t", body)
            self.assertEqual(heard.end(), 0)
            messages = [json.loads(line) for line in heard.out]
            self.assertFalse([m for m in messages if "body" in m])
            self.assertEqual([m["body_base64"] for m in messages], [base64.b64encode(body).decode() for body in bodies])

    def test_a_slow_reader_loses_messages_and_is_told(self):
        with event_test.host() as h, wire.Client(h.control) as reader:
            reader.send(wire.request_bytes("POST", "/v1/commands/subscribe", body=b'{"args": {"topic": "t", "output": "raw"}}'))
            received = b""
            while b"subscribed" not in received:
                received += reader.sock.recv(65536)
            with wire.Client(h.port("say")) as talker:
                for _ in range(200):
                    self.assertEqual(talker.request("POST", "/t", (), b"x" * 20000).status, 204)
            reader.sock.settimeout(10 * harness.SLOW)
            while b"are lost" not in received:
                event_test.publish(h, "t", b"more")
                received += reader.sock.recv(1 << 20)
            self.assertLess(len(received), 3 << 20)

    def test_the_message_may_be_in_a_file_or_piped_in(self):
        with event_test.host("t") as h:
            (h.folder / "order.json").write_text('{"id": 7}\n')
            self.publish(h, "t", "@order.json")
            done = subprocess.run([str(harness.PROGRAM), "publish", "t", "-", "--header", "at=@here"], env=harness.clean_environment(h.folder),
                                  input="x" * 200_000, capture_output=True, text=True, timeout=20 * harness.SLOW)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
            rows = event_test.wait_for_heard(h, 2)
            self.assertEqual(rows[0]["body"], '{"id": 7}\n')
            self.assertTrue(rows[1]["body"].startswith("xxx"))
            h.wait_for_log('"at":"@here"')
            (h.folder / "flag").write_text("--header")
            self.publish(h, "t", "@flag", "--header", "K=v")
            self.assertEqual(event_test.wait_for_heard(h, 3)[2]["body"], "--header")
            self.fails(h, "publish", "t", "@nowhere.json", status=1, says=["nowhere.json: No such file"])
            (h.folder / "bytes").write_bytes(b"\xff")
            self.fails(h, "publish", "t", "@bytes", status=1, says=["no text"])
            (h.folder / "much").write_text("x" * 1_100_000)
            self.fails(h, "publish", "t", "@much", status=2, says=["1048576 are allowed"])

    def test_what_cannot_be_published(self):
        with event_test.host("t") as h:
            self.fails(h, "publish", "microhost.listener.opened", "x", status=2, says=["the host's own"])
            self.fails(h, "publish", "a b", "x", status=2, says=["a topic holds spaces"])
            self.fails(h, "publish", "t.*", "x", status=2, says=['ends in ".*"'])
            self.fails(h, "publish", "t", "x", "--header", "Tenant", status=2, says=["--header", "no pair"])
            self.fails(h, "publish", "t", "x", "--header", "A=b\nc", status=2, says=["controls"])
            self.fails(h, "publish", status=2, says=["needs topic"])
            self.fails(h, "publish", "t", "two", "words", status=2, says=["takes no further"])
            self.fails(h, "subscribe", "", status=2, says=["topic"])
            self.fails(h, "subscribe", "t", "--count", "0", status=2, says=["--count"])
            self.assertEqual(event_test.heard(h), [])
            self.publish(h, "t")
            self.assertEqual([r["body"] for r in event_test.wait_for_heard(h, 1)], [""])

    def test_without_an_instance(self):
        with event_test.host("t") as h:
            h.kill()
            for verb in ("publish", "subscribe"):
                self.fails(h, verb, "t", says=["no instance is running; looked in"])
            h.start()


class OnTheWire(Case):
    def setUp(self):
        if not (event_test.MODULES / "broker-http.so").exists():
            self.skipTest("broker-http.so is not built")

    def test_go_micro_processes_get_what_is_published_and_are_heard(self):
        with wire.Upstream() as subscriber, event_test.host(load=["broker-http.so"]) as h:
            event_test.subscribe(h, event_test.SERVICE, subscriber.address, "t-1")
            harness.wait_for(lambda: any(row["name"] == event_test.SERVICE for row in h.ask_control("GET", "/v1/services").json()), 5, "it")
            self.publish(h, "t", "hello", "--header", "Colour=green")
            subscriber.wait_for_requests(1)
            message = json.loads(subscriber.requests[0].body)
            self.assertEqual((message["Header"]["Micro-Topic"], message["Header"]["Colour"], base64.b64decode(message["Body"])),
                             ("t", "green", b"hello"))
            with listening(h, "u", "--output", "json", "--count", "1") as heard:
                def node():
                    rows = [n for row in h.ask_control("GET", "/v1/services").json() if row["name"] == event_test.SERVICE for n in row["nodes"]]
                    return next((n for n in rows if n["metadata"].get("topic") == "u"), None)
                own = harness.wait_for(node, 5, "a node for the topic")
                with wire.Client(int(own["address"].rpartition(":")[2])) as client:
                    client.request("POST", f"/_sub?id={own['id']}", [("Content-Type", "application/json")],
                                   json.dumps({"Header": {":topic": "u", "Micro-Id": "1", "K": "v"}, "Body": "aGk="}).encode())
                self.assertEqual(heard.end(), 0)
            told = json.loads(heard.out[0])
            self.assertEqual((told["topic"], told["body"], told["origin"], told["headers"]["K"]), ("u", "hi", "broker:http", "v"))
            harness.wait_for(lambda: not node(), 5, "the end of the subscription")


if __name__ == "__main__":
    unittest.main()
