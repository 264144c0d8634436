# SPDX-License-Identifier: Apache-2.0
"""What a module hands to its next generation, what becomes of it when the reload fails, and what stays mapped."""
import unittest

import forwarder
import harness
import plugins
import reload_test
import wire


class Handover(forwarder.Case):
    def setUp(self):
        self.upstream = self.enterContext(wire.Upstream(wire.answer(b"hello"), record=False))
        self.host = self.enterContext(reload_test.Gateway(self.upstream))
        self.path = self.host.folder / "count.so"

    def build(self, version, **how):
        plugins.build(self.path, source="count.c", version=version, **how)

    def load(self, **how):
        self.build(1, **how)
        self.assertEqual(self.host.command("load", str(self.path))[0], 0)

    def reload(self):
        return self.host.command("reload", "count")

    def seen(self):
        """(version, its count of requests, this one among them)"""
        answer = self.host.get("/")
        return int(answer.get("X-Version")), int(answer.get("X-Count"))

    def test_the_next_generation_goes_on_with_the_state(self):
        self.load()
        for count in range(1, 13):
            self.assertEqual(self.seen(), (1, count))
        self.build(2)
        self.assertEqual(self.reload()[0], 0)
        self.assertEqual(self.seen(), (2, 13))

    def test_a_schema_that_the_next_one_does_not_read_starts_cold(self):
        self.load(schema=7)
        self.seen()
        self.build(2, schema=8, accepts="1, 8")
        self.assertEqual(self.reload()[0], 0)
        self.assertEqual(self.seen(), (2, 1))
        self.build(3, schema=9, accepts="8, 9")
        self.assertEqual(self.reload()[0], 0)
        self.assertEqual(self.seen(), (3, 2))

    def test_a_reload_that_fails_after_save_gives_the_state_back(self):
        self.load()
        self.assertEqual(self.seen(), (1, 1))
        for how, word in (("fails_load", "these bytes say nothing"), ("fails_shard", "shard")):
            with self.subTest(how):
                self.build(2, **{how: True})
                status, out, err = self.reload()
                self.assertEqual((status, out), (1, ""))
                self.assertIn(word, err)
                version, count = self.seen()
                self.assertEqual(version, 1)
                self.assertGreater(count, 1)  # 0 is what it says while the state is handed on

    def test_a_module_that_cannot_save_is_not_replaced(self):
        self.load(fails_save=True)
        self.seen()
        self.build(2)
        status, _, err = self.reload()
        self.assertEqual(status, 1)
        self.assertIn("it is busy", err)
        self.assertEqual(self.seen(), (1, 2))


class Parked(forwarder.Case):
    def test_code_that_must_stay_is_listed_and_too_much_of_it_is_said(self):
        with wire.Upstream(wire.answer(b"hello"), record=False) as upstream, reload_test.Gateway(upstream) as host:
            path = plugins.build(host.folder / "count.so", source="count.c", version=1, parks=True)
            self.assertEqual(host.command("load", path)[0], 0)
            for number in range(2, 11):
                self.assertEqual(host.command("reload", "count")[0], 0)
                harness.wait_for(lambda: host.generations("count").count((number - 1, "stopped")) == 1, 10, "the end of the old one")
                if number == 9:
                    self.assertNotIn("restart microhost", host.stderr)
            host.wait_for_log("restart microhost to free memory")
            host.wait_for_log("9 generations of modules are over and stay mapped")

    def test_a_supervisor_replaces_the_worker_that_has_too_much_of_it(self):
        with wire.Upstream(wire.answer(b"hello"), record=False) as upstream, \
                reload_test.Gateway(upstream, host={"supervise": True, "loops": 1}) as host:
            path = plugins.build(host.folder / "count.so", source="count.c", version=1, parks=True)
            host.config["load"].append(path)
            host.write_config(host.config)
            self.assertEqual(host.command("load", path)[0], 0)
            for _ in range(9):
                self.assertEqual(host.command("reload", "count")[0], 0)
            host.wait_for_log("generations of modules are over and stay mapped")
            harness.wait_for(lambda: host.generations("count") == [(1, "serving")], 20, "a new worker")
            self.assertEqual(host.get("/").status, 200)


if __name__ == "__main__":
    unittest.main()
