# SPDX-License-Identifier: Apache-2.0
"""explain: what a request passes in the instance that runs. doctor: what keeps a setup from working."""
import json
import shutil
import socket
import subprocess
import unittest

import harness
import tool

CONFIG = {
    "load": ["forward.so", "stamp.so"],
    "listeners": {"edge": {"module": "forward", "address": "127.0.0.1:0"},
                  "bare": {"module": "forward", "address": "127.0.0.1:0", "filters": []}},
    "modules": {"forward": {"upstream": "127.0.0.1:9"}},
    "filters": {
        "everywhere": {"use": "stamp"},
        "ops": {"use": "stamp", "match": {"path_prefix": "/admin", "method": "POST", "header": "X-Ops: yes"}, "mode": "shadow"},
        "host-a": {"use": "stamp", "match": {"host": "a.example"}},
        "gone": {"use": "forward", "match": {"path": "/secret"}},
    },
}


class Explain(tool.Case):
    def serve(self, name="edge-1", **more):
        config = {**CONFIG, "host": {"name": name, "loops": 1}, **more}
        return harness.Microhost(config, folder=self.folder)

    def ask(self, *words, listener="edge"):
        said = json.loads(self.run_verb("explain", "--json", *words))
        return next(entry for entry in said["listeners"] if entry["listener"] == listener)

    def passed(self, *words):
        return [f["name"] for f in self.ask(*words)["filters"] if f["applies"]]

    def test_the_filters_that_match_are_listed_as_the_request_passes_them(self):
        with self.serve() as host:
            self.assertEqual(self.passed("/"), ["everywhere"])
            self.assertEqual(self.passed("POST", "/admin/x", "-H", "X-Ops: yes"), ["everywhere", "ops"])
            self.assertEqual(self.passed("POST", "/admin/x"), ["everywhere"])
            self.assertEqual(self.passed("POST", "/administrator", "-H", "X-Ops: yes"), ["everywhere"])
            self.assertEqual(self.passed("/a/../%61dmin/", "-H", "Host: a.example:80"), ["everywhere", "host-a"])
            self.assertEqual(self.ask("/", listener="bare")["filters"], [])
            text = self.run_verb("explain", "POST", "/admin", "-H", "X-Ops: yes", "--listener", "edge")
            for words in (f"POST /admin on edge ({host.address('edge')})\n", "every request",
                          "path_prefix /admin, method POST, header X-Ops: yes; shadow: logged, not enforced",
                          "only for host a.example: host differs", "handler forward"):
                self.assertIn(words, text)
            # what it says is what happens
            stamps = [v for k, v in host.request("GET", "/x", listener="edge").headers if k.lower() == "x-served-by"]
            self.assertEqual(len(stamps), 1)

    def test_what_is_missing_and_what_that_means_is_said(self):
        with self.serve() as host:
            self.assertEqual(host.request("GET", "/secret", listener="edge").status, 503)
            said = self.ask("/secret")
            self.assertEqual((said["answer"], said["because"]), (503, "gone"))
            self.assertIn("MISSING: ", self.run_verb("explain", "/secret", "--listener", "edge"))
            self.assertNotIn("answer", self.ask("/other"))

    def test_which_instance_is_asked(self):
        self.run_verb("explain", "/", status=1)
        self.assertEqual(len(self.stderr.splitlines()), 1)
        self.assertIn(f"there is none in {self.folder}/runtime/instances", self.stderr)
        with self.serve("edge-1"), self.serve("edge-2"):
            self.run_verb("explain", "/", status=1)
            self.assertIn("several are running (edge-1, edge-2); choose one with --instance NAME", self.stderr)
            self.assertIn("GET / on edge", self.run_verb("explain", "/", "--instance", "edge-2"))
            self.run_verb("explain", "/", "--instance", "edge-2", "--listener", "egde", status=1)
            self.assertIn('did you mean "edge"?', self.stderr)

    def test_bad_usage_is_one_line(self):
        self.refuses_verb("explain", words=["PATH"])
        self.refuses_verb("explain", "GET", words=["begins with /"])
        self.refuses_verb("explain", "/", "-H", "nothing", words=["nothing"])


class Doctor(tool.Case):
    def checks(self, config, status):
        (self.folder / "microhost.json").write_text(json.dumps(config))
        said = json.loads(self.run_verb("--config", "microhost.json", "doctor", "--json", status=status))
        self.assertEqual(said["ok"], status == 0)
        return [(c["health"], c["about"], c["text"]) for c in said["checks"]]

    def expect(self, found, health, about, *words):
        fits = [c for c in found if c[:2] == (health, about) and all(w in c[2] for w in words)]
        self.assertTrue(fits, f"no {health} about {about} with {words}: {found}")

    def config(self, **more):
        return {"load": ["forward.so"], "listeners": {"edge": {"module": "forward", "address": "127.0.0.1:0"}},
                "modules": {"forward": {"upstream": "127.0.0.1:9"}}, **more}

    def test_a_setup_that_works_has_no_problem(self):
        found = self.checks(self.config(), 0)
        self.expect(found, "ok", "configuration", "microhost.json")
        self.expect(found, "ok", "module", "module path")
        self.assertIn("ok       configuration", self.run_verb("--config", "microhost.json", "doctor"))

    def test_a_port_that_is_taken_is_a_problem_with_the_name_of_who_has_it(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            address = "127.0.0.1:%d" % other.getsockname()[1]
            listeners = {"edge": {"module": "forward", "address": address}}
            self.expect(self.checks(self.config(listeners=listeners), 1), "problem", "port", address, "is taken by python3")
        self.expect(self.checks(self.config(listeners=listeners), 0), "ok", "port", address, "is free")

    def test_a_wrong_configuration_is_a_problem_and_the_rest_is_looked_at_all_the_same(self):
        found = self.checks(self.config(modules={"forward": {"upstraem": "x"}}), 1)
        self.expect(found, "problem", "configuration", "upstraem")
        self.expect(found, "ok", "module", "module path")

    def test_folders_that_others_can_write_are_problems(self):
        registry = self.folder / "runtime/registry/v1"
        registry.mkdir(parents=True)
        registry.chmod(0o777)
        plugins = self.folder / "plugins"
        plugins.mkdir()
        (plugins / "bad.so").write_text("no module")
        plugins.chmod(0o777)
        found = self.checks(self.config(host={"plugin_dir": str(plugins)}), 1)
        self.expect(found, "problem", "folder", "can be written by others", "chmod go-w")
        self.expect(found, "problem", "module", "everybody may put code into it")
        self.expect(found, "problem", "module", "bad.so: not an ELF file")

    def test_certificates_that_do_not_fit_their_key_are_problems(self):
        if not shutil.which("openssl"):
            self.skipTest("openssl is not installed")
        for name in ("a", "b"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                            "-subj", "/CN=localhost", "-keyout", f"{name}.key", "-out", f"{name}.pem"],
                           cwd=self.folder, check=True, capture_output=True)
            (self.folder / f"{name}.key").chmod(0o600)

        def listeners(key):
            tls = {"cert": str(self.folder / "a.pem"), "key": str(self.folder / key)}
            return {"edge": {"module": "forward", "address": "127.0.0.1:0", "tls": tls}}

        self.expect(self.checks(self.config(listeners=listeners("b.key")), 1), "problem", "certificate", "b.key")
        self.expect(self.checks(self.config(listeners=listeners("a.key")), 0), "ok", "certificate", "a.pem")

    def test_instances_that_run_and_folders_of_those_that_crashed(self):
        (self.folder / "runtime/instances/crashed").mkdir(parents=True)
        config = self.config(host={"name": "alive"})
        with harness.Microhost(config, folder=self.folder):
            found = self.checks(config, 0)
        self.expect(found, "ok", "instance", "alive is running and ready")
        self.expect(found, "warning", "instance", "crashed is not running", "rm -r")


if __name__ == "__main__":
    unittest.main()
