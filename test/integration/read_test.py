# SPDX-License-Identifier: Apache-2.0
"""What modules read of the process: its log, its configuration, its traffic. And the command explain, which is theirs too."""
import json
import unittest

import fixtures
import harness

READER = str(fixtures.FOLDER / "reader.so")
HEARER = str(fixtures.FOLDER / "hearer.so")


def reader(**more):
    return harness.Microhost({
        "host": {"loops": 2}, "load": [READER, HEARER],
        "listeners": {"edge": {"module": "reader", "address": "127.0.0.1:0"}, "say": {"module": "hearer", "address": "127.0.0.1:0"}},
        "modules": {"reader": {"size": 7, "password": "open sesame"}, "hearer": {"topics": ["t"]}}}, **more)


def command(host, name, **args):
    """What it puts out, a parsed line each; the last one is its end."""
    answer = host.ask_control("POST", f"/v1/commands/{name}", json.dumps({"args": args}).encode())
    assert answer.status == 200, answer
    return [json.loads(line) for line in answer.body.splitlines()]


def rows(host, what, which=""):
    """The rows of the fixture's command as objects."""
    lines = command(host, "reader", what=what, which=which)
    assert lines[-1] == {"end": {"exit": 0}}, lines
    columns = next((line["columns"] for line in lines if "columns" in line), [])
    cells = [[c["value"] if isinstance(c, dict) else c for c in line["row"]] for line in lines if "row" in line]
    return [dict(zip(columns, row)) for row in cells]


def refused(host, what, which=""):
    return any("error" in line for line in command(host, "reader", what=what, which=which))


class Read(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not (fixtures.FOLDER / "reader.so").exists():
            raise unittest.SkipTest("the fixtures are not built")

    def followed(self, host, text, count=1):
        found = lambda: [r["line"] for r in rows(host, "followed") if text in r["line"]]
        return harness.wait_for(lambda: len(lines := found()) >= count and lines, 5, f"{count} lines with {text}")


class Log(Read):
    def test_a_line_is_found_by_the_id_of_its_request(self):
        with reader() as host:
            first, second = (host.get(f"/{n}", listener="edge").header("X-Request-Id") for n in (1, 2))
            self.assertNotEqual(first, second)
            (line,) = harness.wait_for(lambda: rows(host, "log", second), 5, "the line")
            self.assertEqual((line["module"], line["request_id"], line["text"], line["fields"]), ("reader", second, "asked", "path=/2 "))
            self.assertGreater(len(rows(host, "log")), 1)
            self.assertEqual(rows(host, "log", "none"), [])

    def test_who_follows_hears_what_comes_once_and_not_what_it_says_itself(self):
        with reader() as host:
            host.get("/before", listener="edge")
            harness.wait_for(lambda: "path=/before " in str(rows(host, "log")), 5, "the line before")
            rows(host, "follow")
            request = host.get("/after", listener="edge").header("X-Request-Id")
            self.assertEqual(self.followed(host, "asked"), [f"{request} asked"])
            host.get("/last", listener="edge")
            self.followed(host, "asked", 2)
            self.assertNotIn("echo", str(rows(host, "followed")))
            self.assertEqual(host.stderr.count('"echo"'), 2)
            rows(host, "unfollow")
            self.assertTrue(refused(host, "unfollow"))

    def test_an_unloaded_module_follows_no_more(self):
        with reader() as host:
            rows(host, "follow")
            host.get("/", listener="edge")
            self.followed(host, "asked")
            self.assertEqual(command(host, "modules/unload", id="reader")[-1], {"end": {"exit": 0}})
            harness.wait_for(lambda: "reader.so" not in str(command(host, "modules/list")), 5, "the end of the module")
            echoes = host.stderr.count('"echo"')
            self.assertEqual(host.post("/t", b"x", listener="say").status, 204)
            host.wait_for_log('"heard"')
            harness.wait_for(lambda: '"heard"' in str(command(host, "logs", text="body=x")), 5, "the line in the tail")
            self.assertEqual(host.stderr.count('"echo"'), echoes)

    def test_after_a_reload_the_new_generation_follows_on_its_own(self):
        with reader() as host:
            rows(host, "follow")
            host.get("/", listener="edge")
            self.followed(host, "asked")
            self.assertEqual(command(host, "modules/reload", id="reader")[-1], {"end": {"exit": 0}})
            host.get("/", listener="edge")
            self.assertEqual(rows(host, "followed"), [])
            rows(host, "follow")
            host.get("/", listener="edge")
            self.assertEqual(len(self.followed(host, "asked")), 1)


class Config(Read):
    def value(self, host, path):
        (row,) = rows(host, "config", path)
        self.assertEqual(row["path"], path)
        return row

    def test_a_value_has_its_origin_and_what_the_schema_says(self):
        with reader(env={"MICRO_READER_COLOUR": "green"}) as host:
            colour, size = self.value(host, "modules.reader.colour"), self.value(host, "modules.reader.size")
            loops = self.value(host, "host.loops")
        self.assertEqual((colour["json"], colour["origin"], colour["source"]), ('"green"', "environment", "MICRO_READER_COLOUR"))
        self.assertEqual((colour["doc"], colour["default"], colour["live"]), ("of the bike shed", '"blue"', "restart"))
        self.assertEqual((size["json"], size["origin"], size["default"], size["live"]), ("7", "file", "3", "live"))
        self.assertRegex(size["source"], r"config\.json:\d+$")
        self.assertEqual((loops["json"], loops["origin"]), ("2", "file"))

    def test_a_secret_is_masked(self):
        with reader() as host:
            password = self.value(host, "modules.reader.password")
            everything = str(rows(host, "config"))
        self.assertEqual((password["json"], password["secret"], password["default"]), ('"***"', "secret", ""))
        self.assertNotIn("sesame", everything)

    def test_what_there_is_not_is_refused(self):
        with reader() as host:
            self.assertEqual([r["path"] for r in rows(host, "config", "modules.reader")],
                             [f"modules.reader.{key}" for key in ("colour", "password", "size")])
            self.assertTrue(refused(host, "config", "modules.nobody"))
            self.assertTrue(refused(host, "config", "modules..reader"))


class Traffic(Read):
    def line(self, host, kind, name, detail="", **least):
        """The one line like that, once its figures have come."""
        def found():
            for row in rows(host, "traffic"):
                if (row["kind"], row["name"], row["detail"]) == (kind, name, detail) and all(row[k] >= v for k, v in least.items()):
                    return row
            return None
        return harness.wait_for(found, 10, f"{kind} {name} {detail}")

    def test_what_passed_stands_in_the_ring(self):
        with reader() as host:
            for _ in range(20):
                host.get("/", listener="edge")
            for _ in range(4):
                self.assertEqual(host.get("/fail", listener="edge").status, 503)
            good = self.line(host, "route", "reader", "/*", requests=15)
            bad = self.line(host, "route", "reader", "/fail", errors=3)
            every = self.line(host, "all", "", requests=18, errors=3)
            edge = self.line(host, "listener", "edge", requests=18)
            self.line(host, "module", "reader", requests=18)
        # A point is a rate, and a step may last a little longer than a second.
        self.assertTrue(15 <= good["requests"] <= 21, good)
        self.assertTrue(3 <= bad["errors"] <= 4.2, bad)
        self.assertEqual(good["errors"], 0)
        self.assertTrue(0 < good["p99_ms"] < 10_000, good)
        self.assertGreaterEqual(every["points"], good["points"])
        self.assertGreaterEqual(edge["points"], 1)

    def test_who_watches_is_told_of_each_point(self):
        with reader() as host:
            harness.wait_for(lambda: rows(host, "points")[0]["points"] >= 2, 10, "two points")
            points, measured = rows(host, "points")[0]["points"], self.line(host, "all", "")["points"]
        self.assertIn(measured - points, (0, 1))

    def test_the_current_values_are_those_of_the_metrics(self):
        with reader() as host:
            for _ in range(3):
                host.get("/", listener="edge")
            counted = lambda: [r for r in rows(host, "metrics", "microhost_requests_total") if r["label"] == "reader"]
            harness.wait_for(lambda: sum(r["value"] for r in counted()) == 3, 5, "three requests")
            (duration,) = [r for r in rows(host, "metrics", "microhost_request_duration_seconds") if r["label"] == "reader"]
        self.assertEqual(duration["count"], 3)
        self.assertTrue(0 < duration["value"] < 30, duration)


class Explain(Read):
    def test_the_command_says_what_the_verb_says(self):
        with reader() as host:
            lines = command(host, "explain", path="/a", method="POST", host="x.example", header=["X-A: b"], listener="edge", output="json")
            self.assertEqual(lines[-1], {"end": {"exit": 0}})
            page = lines[0]["json"]
            text = command(host, "explain")[0]["text"]
            wrong = command(host, "explain", listener="egde")
        self.assertEqual((page["method"], page["path"]), ("POST", "/a"))
        self.assertEqual([(at["listener"], at["module"]) for at in page["listeners"]], [("edge", "reader")])
        self.assertIn("GET / on edge", text)
        self.assertIn("handler reader", text)
        self.assertIn('did you mean "edge"?', str(wrong))
