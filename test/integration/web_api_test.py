# SPDX-License-Identifier: Apache-2.0
"""web.so: what its page asks for, and the stream of events that keeps it current."""
import http.client
import json
import socket
import time
import unittest
import unittest.mock

import harness
import wire
from web_test import web

FORM = [("Content-Type", "application/x-www-form-urlencoded")]


class Events:
    """The stream of events of one page."""

    def __init__(self, host, topics="", last_id=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", host.port(), timeout=10)
        self.connection.request("GET", f"/_/events?topics={topics}", headers={} if last_id is None else {"Last-Event-ID": last_id})
        self.response = self.connection.getresponse()
        self.last_id = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.response.close()
        self.connection.close()

    def __iter__(self):
        """(name, data) of each event until the stream ends."""
        name = data = None
        for line in self.response:
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data = json.loads(value)
            elif not field and name:
                yield name, data
                name = data = None

    def until(self, wanted, seconds=10.0):
        """The data of the first event for which wanted(name, data) holds."""
        end = time.monotonic() + seconds
        for name, data in self:
            if wanted(name, data):
                return data
            if time.monotonic() > end:
                break
        raise AssertionError("that event has not come")


class Api(harness.Case):
    def test_services(self):
        with web() as host:
            host.register("go.micro.srv.b", "127.0.0.1:9", endpoints=("A.B", "A.C"))
            harness.wait_for(lambda: host.get("/_/api/services").json()["services"], 5, "the service")
            listed = host.get("/_/api/services").json()
            digest = listed["services"][0].pop("digest")
            self.assertEqual(listed["services"], [{"name": "go.micro.srv.b", "versions": ["1.0.0"], "nodes": 1, "endpoints": 2, "state": "alive"}])
            self.assertTrue(digest)
            self.assertEqual(host.get("/_/api/services?q=nothing").json()["services"], [])
            one = host.get("/_/api/services/go.micro.srv.b").json()
            self.assertEqual((one["state"], one["versions"][0]["nodes"][0]["address"]), ("alive", "127.0.0.1:9"))
            missing = host.get("/_/api/services/nobody")
            self.assertEqual((missing.status, missing.json()["detail"]), (404, "there is no service nobody"))
            sources = host.get("/_/api/sources").json()["sources"]
            self.assertIn("directory", [s["name"] for s in sources])

    def test_modules_configuration_and_log(self):
        with web(namespace="go.other.web") as host:
            modules = host.get("/_/api/modules").json()["modules"]
            self.assertEqual([(m["id"], m["state"], m["generation"], m["manifest"]["id"]) for m in modules], [("web", "running", 1, "web")])
            values = {v["path"]: v for v in host.get("/_/api/config?prefix=modules.web").json()["values"]}
            self.assertEqual((values["modules.web.namespace"]["value"], values["modules.web.namespace"]["origin"]), ("go.other.web", "file"))
            self.assertEqual(values["modules.web.resolver"]["origin"], "default")
            wrong = host.get("/nobody/x")
            self.assertEqual(wrong.status, 404)
            lines = host.get("/_/api/logs").json()
            self.assertTrue(any(line["text"] == "ready" for line in lines["lines"]))
            self.assertEqual(lines["last"], lines["lines"][-1]["seq"])
            self.assertEqual(host.get(f"/_/api/logs?after={lines['last']}&text=ready").json()["lines"], [])
            self.assertEqual({line["level"] for line in host.get("/_/api/logs?level=info&module=host").json()["lines"]}, {"info"})
            for bad in ("/_/api/logs?level=loud", "/_/api/logs?after=x", "/_/api/traffic?ring=days", "/_/events?topics=weather"):
                self.assertEqual(host.get(bad).status, 400, bad)
            self.assertEqual(host.get("/_/api/nothing").status, 404)
            self.assertEqual(host.post("/_/events").status, 405)

    def test_the_session_names_the_instance(self):
        with harness.Microhost({"host": {"loops": 1, "name": "demo"}, "load": ["web.so"], "modules": {"web": {"address": "127.0.0.1:0"}}}) as host:
            session = host.get("/_/api/session").json()
            self.assertEqual((session["instance"], session["subject"], session["role"]), ("demo", "local", "operator"))

    def test_traffic(self):
        with web() as host:
            host.get("/services")

            def rows():
                traffic = host.get("/_/api/traffic?ring=seconds").json()
                return [r for r in traffic["rows"] if r["kind"] == "all" and any(p[0] for p in r["points"])]
            harness.wait_for(rows, 10, "points of what was asked")
            traffic = host.get("/_/api/traffic?ring=tens&points=1").json()
            self.assertEqual((traffic["step_ms"], traffic["columns"][0]), (10000, "requests"))
            self.assertTrue(all(len(p) == 8 for r in rows() for p in r["points"]))


class Stream(harness.Case):
    def test_a_service_that_comes_and_goes_is_told(self):
        with web() as host:
            with Events(host, "services") as events:
                self.assertEqual(events.response.getheader("Content-Type"), "text/event-stream")
                self.assertIn("boot", events.until(lambda name, _: name == "hello"))
                self.assertEqual(events.until(lambda name, _: name == "services"), {"full": True, "revision": unittest.mock.ANY, "services": []})
                node = host.register("go.micro.srv.new", "127.0.0.1:9")
                told = events.until(lambda name, data: name == "services" and data.get("set"))
                self.assertEqual([s["name"] for s in told["set"]], ["go.micro.srv.new"])
                host.register("go.micro.srv.new", "127.0.0.1:10")  # only its address is another
                events.until(lambda name, data: name == "services" and data["set"][0]["digest"] != told["set"][0]["digest"])
                node.unlink()
                told = events.until(lambda name, data: name == "services" and (data["gone"] or data["set"]))
                self.assertTrue(told["gone"] == ["go.micro.srv.new"] or told["set"][0]["state"] == "gone")

    def test_lines_of_the_log_come_and_those_missed_are_caught_up(self):
        with web() as host:
            with Events(host, "logs") as events:
                events.until(lambda name, _: name == "hello")
                host.post("/_/modules/reload", "id=nothing", FORM)
                events.until(lambda name, data: name == "logs" and any(line["text"] == "audit" for line in data["lines"]))
                cursor = events.last_id
            self.assertTrue(cursor)
            host.post("/_/modules/reload", "id=other", FORM)
            harness.wait_for(lambda: host.get("/_/api/logs?text=other").json()["lines"], 5, "the line that is missed")
            with Events(host, "logs", cursor) as events:
                missed = events.until(lambda name, _: name == "logs")["lines"]
                self.assertEqual([line["fields"]["id"] for line in missed if line["text"] == "audit"], ["other"])
    def test_the_module_is_replaced_under_an_open_page(self):
        with web() as host:
            with Events(host, "modules,traffic") as events:
                first = events.until(lambda name, _: name == "modules")["modules"]
                self.assertEqual([m["generation"] for m in first if m["id"] == "web"], [1])
                events.until(lambda name, _: name == "traffic")
                reloaded = host.post("/_/modules/reload", "id=web", FORM)
                self.assertEqual(reloaded.status, 303)
                for _ in events:  # the old generation ends its streams
                    pass
                cursor = events.last_id
            with Events(host, "modules", cursor) as events:
                hello = events.until(lambda name, _: name == "hello")
                self.assertEqual(hello["boot"], cursor.split("/")[0])
                now = events.until(lambda name, data: name == "modules" and any(m["generation"] == 2 and m["state"] == "running" for m in data["modules"]))
                self.assertTrue(now)

    def test_a_page_that_does_not_read_is_told_to_ask_again(self):
        with web() as host, socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.settimeout(20)
            slow.connect(("127.0.0.1", host.port()))
            slow.sendall(wire.request_bytes("GET", "/_/events?topics=logs", host=f"127.0.0.1:{host.port()}"))
            first = slow.recv(100)
            before = host.memory()
            with wire.Client(host.port()) as busy, Events(host, "logs") as other:
                for burst in range(28):  # far more than sockets hold
                    for i in range(100):
                        busy.request("POST", "/_/modules/reload", FORM, f"id={burst}-{i}-{'x' * 4000}".encode())
                    other.until(lambda name, _: name == "logs")
            if harness.SLOW == 1:  # a sanitizer keeps what is freed
                self.assertLess(host.memory() - before, 20 << 20)
            last = b""
            while b"event: resync" not in last:
                piece = slow.recv(1 << 20)
                self.assertTrue(piece, "the stream ended")
                last = (last + piece)[-(1 << 20):]
            self.assertTrue(first.startswith(b"HTTP/1.1 200"))


if __name__ == "__main__":
    unittest.main()
