# SPDX-License-Identifier: Apache-2.0
"""Mistakes of an operator: each is one line that says what, where and what to do; nothing listens; it is over at once.
And what is printed on demand: help, version, the checked configuration, its schema.
"""
import json
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import harness

MODULES = harness.PREFIX / "lib/microhost"
ADDRESS = "127.0.0.1:0"
LIMIT = 2.0  # seconds in which a mistake must be told
FLAG = re.compile(r"^  (--[a-z_]+)", re.M)


def edge(module="api", **more):
    """A configuration with one listener of that module."""
    return {"load": ["api.so"], "listeners": {"edge": {"module": module, "address": ADDRESS, **more}}}


class Errors(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not (MODULES / "api.so").exists():
            raise unittest.SkipTest("api.so is not built")

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="microhost-errors-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_it(self, *args, config=None, env=None):
        """config: text or something for json.dumps, written to FOLDER/config.json, where it runs."""
        command = [str(harness.PROGRAM), *map(str, args)]
        if config is not None:
            (self.folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
            command += ["--config", "config.json"]
        self.began = time.monotonic()
        try:
            return subprocess.run(command, cwd=self.folder, env=harness.clean_environment(self.folder, env), text=True,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=5 * harness.SLOW)
        except subprocess.TimeoutExpired:
            shutil.rmtree(self.folder / "runtime", ignore_errors=True)
            self.fail(f"it runs: {command}")

    def mistake(self, *args, words, config=None, env=None):
        """Refused: status 2, one line with all the words, nothing on standard output, no trace of a listener."""
        done = self.run_it(*args, config=config, env=env)
        took = time.monotonic() - self.began
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("microhost: "), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertLess(took, LIMIT * harness.SLOW)
        self.assertEqual(list(self.folder.glob("runtime/instances/*/listeners.json")), [])
        return done.stderr

    # ---- flags and variables

    def test_a_flag_that_is_not_known_comes_with_the_nearest_one(self):
        for flag, nearest in {"--lod": "--load", "--log-levl": "--log_level", "--api_handlr": "--api_handler",
                              "--conifg": "--config"}.items():
            with self.subTest(flag):
                self.mistake(flag, "x", "--load", "api.so", words=[flag, "did you mean", nearest])

    def test_a_flag_with_a_bad_value_names_flag_and_choice(self):
        for args, words in {("--log_level", "loud"): ["--log_level", "loud", "trace", "error"],
                            ("--loops", "many"): ["--loops", "many", "auto"],
                            ("--drain_delay", "soon"): ["--drain_delay", "soon"],
                            ("--limits_body_bytes", "huge"): ["--limits_body_bytes", "huge"],
                            ("--api_enable_rpc=perhaps",): ["--api_enable_rpc", "perhaps"],
                            ("--api_handler", "foo"): ["--api_handler", "foo", "meta", "rpc"],
                            ("--trusted_proxies", "300.1.1.1"): ["trusted_proxies", "300.1.1.1"]}.items():
            with self.subTest(args):
                self.mistake("--load", "api.so", *args, words=words)

    def test_what_this_version_cannot_do_is_no_setting(self):
        shown = self.run_it("--help").stdout + self.run_it("--print_schema").stdout
        self.mistake("--watch", "true", "--load", "api.so", words=["--watch", "unknown flag"])
        self.mistake(config={"host": {"watch": True}, "load": ["api.so"]}, words=["config.json", "watch"])
        self.assertNotRegex(shown, r'(?m)^ +--watch\b|"watch"')

    def test_the_schema_says_what_needs_a_restart(self):
        host = json.loads(self.run_it("--print_schema").stdout)["properties"]["host"]["properties"]
        live = {f"{group}.{key}" for group, content in host.items() for key, rule in content.get("properties", {}).items()
                if rule["x-live"]} | {key for key, rule in host.items() if rule.get("x-live")}
        self.assertEqual({key for key in live if not key.startswith("limits.")},
                         {"drain_delay", "drain_timeout", "rpc_address", "rpc_advertise", "registry", "trusted_proxies", "log.level"})
        self.assertEqual({key for key in host["limits"]["properties"]}, {key[7:] for key in live if key.startswith("limits.")})

    def test_a_limit_that_belongs_to_no_listener_is_refused_there(self):
        self.mistake(config=edge(limits={"upstream_max_idle": 3}), words=["upstream_max_idle"])

    def test_a_flag_without_its_value_says_so(self):
        self.mistake("--load", "api.so", "--log_level", words=["--log_level"])

    def test_a_variable_with_a_bad_value_is_named(self):
        for name, value in {"MICROHOST_LOOPS": "many", "MICROHOST_LOG_LEVEL": "loud",
                            "MICRO_API_HANDLER": "foo"}.items():
            with self.subTest(name):
                self.mistake("--load", "api.so", env={name: value}, words=[name, value])

    def test_a_verb_that_is_not_known_points_to_the_help(self):
        self.mistake("surf", words=["surf", "--help"])

    # ---- the file

    def test_what_is_wrong_in_the_file_is_told_with_its_line(self):
        table = {
            '{\n  "host": {\n    "loopz": 2\n  }\n}': ["config.json:3:", "loopz", '"loops"'],
            '{\n  "lisseners": {}\n}': ["config.json:2:", "lisseners", '"listeners"'],
            '{\n  "host": {\n    "loops": "many"\n  }\n}': ["config.json:3:", "/host/loops", "many"],
            '{\n  "host": {"log": {"level": 7}}\n}': ["config.json:2:", "/host/log/level", "number", "warn"],
            '{\n  "host": {"limits":\n {"idle_timeout": "soon"}}\n}': ["config.json:3:", "idle_timeout", "soon"],
            '{\n  "load": 5\n}': ["config.json:2:", "/load", "5"],
            '{\n  "host": nonsense\n}': ["config.json:2:"],
            '{\n  "load": ["api.so"],\n  "modules": {"api": {"handlr": "rpc"}}\n}': ["config.json:3:", "handlr", '"handler"'],
            '{\n  "load": ["api.so"],\n  "modules": {"api": {"timeout": []}}\n}': ["config.json:3:", "/modules/api/timeout"],
            "": ["config.json"],
            "[]": ["config.json", "object"],
        }
        for text, words in table.items():
            with self.subTest(text):
                self.mistake(config=text, words=words)

    def test_a_file_that_is_missing_or_a_folder_is_named(self):
        self.mistake("--config", "none.json", words=["none.json", "no such file", "--config"])
        self.mistake("--config", self.folder, words=[str(self.folder)])
        self.mistake(env={"MICROHOST_CONFIG": "none.json"}, words=["none.json", "MICROHOST_CONFIG"])

    def test_a_listener_of_an_unknown_module_comes_with_the_nearest_one(self):
        self.mistake(config=edge("apy"), words=["config.json:1:", "/listeners/edge/module", "apy", '"api"'])

    def test_a_listener_with_an_unknown_filter_is_refused(self):
        self.mistake(config=edge(filters=["ghost"]), words=["config.json:1:", "/listeners/edge/filters", "ghost"])

    def test_an_address_that_makes_no_sense_is_told_with_what_is_expected(self):
        for address, words in {"nonsense": ["nonsense", "HOST:PORT"], "127.0.0.1:99999": ["99999", "65535"],
                               "127.0.0.1:http": ["http"], "[::1": ["[::1"], "unix:": ["unix:"]}.items():
            with self.subTest(address):
                config = {**edge(), "listeners": {"edge": {"module": "api", "address": address}}}
                self.mistake(config=config, words=["edge", *words])

    # ---- modules

    def test_a_module_that_is_not_found_comes_with_where_it_was_looked_for(self):
        self.mistake("--load", "ghost", words=["ghost", "ghost.so", str(MODULES), "--module_path"])
        (self.folder / "a").mkdir()
        self.mistake("--load", "ghost", "--module_path", f"{self.folder}/a:/nowhere/b",
                     words=[f"{self.folder}/a", "/nowhere/b"])
        self.mistake("--load", "./ghost.so", words=["./ghost.so", "such file"])

    def test_a_file_that_is_no_module_is_named(self):
        (self.folder / "text.so").write_text("hello\n")
        (self.folder / "empty.so").write_text("")
        (self.folder / "cut.so").write_bytes((MODULES / "api.so").read_bytes()[:2000])
        for name in ("text", "empty", "cut"):
            with self.subTest(name):
                self.mistake("--load", f"./{name}.so", words=[f"./{name}.so"])

    def test_a_library_that_is_no_module_is_named(self):
        with open("/proc/self/maps") as maps:  # the C library that this test runs on
            library = re.search(r"(/\S+/libc[.-]\S*)$", maps.read(), re.M)
        if not library:
            self.skipTest("no shared C library here")
        self.mistake("--load", library[1], words=[library[1], "is it a microhost module?"])

    def test_a_module_that_is_loaded_twice_is_named_with_both_files(self):
        shutil.copy(MODULES / "api.so", self.folder / "second.so")
        self.mistake("--load", "api.so,./second.so", words=["./second.so", '"api"', str(MODULES / "api.so")])

    def test_an_interface_that_nobody_has_is_named(self):
        content = (MODULES / "api.so").read_bytes()
        at = content.index(b'"requires"')
        wanted = re.compile(rb'"mh\.([a-z.]+)/1"').search(content, at)
        self.assertLess(wanted.start() - at, 40, "requires lists no interface first")
        unknown = b"x" * len(wanted[1])
        (self.folder / "hungry.so").write_bytes(content[: wanted.start(1)] + unknown + content[wanted.end(1) :])
        self.mistake("--load", "./hungry.so", words=["hungry.so", f"mh.{unknown.decode()}/1"])

    def test_a_filter_without_what_it_needs_is_refused(self):
        if not (MODULES / "auth-token.so").exists():
            self.skipTest("the examples are not built")
        for options, words in (({}, ["/filters/t/config", '"file"']),
                               ({"file": 7}, ["/filters/t/config/file"]),
                               ({"file": "a", "fiel": "b"}, ["fiel", '"file"']),
                               ({"file": "/nowhere/tokens"}, ['"t"', "/nowhere/tokens", "no such file"])):
            with self.subTest(options):
                config = {**edge(), "load": ["api.so", "auth-token.so"]}
                config["filters"] = {"t": {"use": "auth-token", "config": options}}
                self.mistake(config=config, words=words)

    def test_with_nothing_to_listen_on_it_says_what_to_load(self):
        self.mistake(words=["nothing to listen on", "--load"])
        if (MODULES / "stamp.so").exists():
            self.mistake("--load", "stamp.so", words=["nothing to listen on"])

    # ---- what the system refuses

    def test_a_port_that_another_program_has_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            address = f"127.0.0.1:{other.getsockname()[1]}"
            self.mistake("--load", "api.so", "--api_address", address, words=["api", address, "in use"])

    def test_a_port_that_another_microhost_has_is_named(self):
        # both spread their sockets over loops with SO_REUSEPORT: without care the second would take half of the clients
        with harness.Microhost(edge()) as first:
            self.mistake("--load", "api.so", "--api_address", first.address(), words=["api", first.address(), "in use"])

    def test_two_listeners_on_one_address_are_refused(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        config = edge()
        config["listeners"] = {n: {"module": "api", "address": address} for n in ("one", "two")}
        self.mistake(config=config, words=["two", address])

    def test_an_address_that_this_machine_has_not_is_named(self):
        self.mistake("--load", "api.so", "--api_address", "203.0.113.1:80", words=["api", "203.0.113.1:80"])

    def test_a_unix_socket_in_a_folder_that_is_not_there_is_named(self):
        self.mistake("--load", "api.so", "--api_address", "unix:/nowhere/s.sock", words=["api", "/nowhere/s.sock"])

    def test_a_folder_that_cannot_be_written_is_named(self):
        for folder in ("/proc/x", "/dev/null/x"):
            self.mistake("--load", "api.so", "--api_address", ADDRESS, "--runtime_dir", folder,
                         words=[folder, "--runtime_dir"])

    def test_a_log_file_that_cannot_be_opened_is_named(self):
        self.mistake("--load", "api.so", "--api_address", ADDRESS, "--log_file", "/nowhere/x.log",
                     words=["/nowhere/x.log"])

    def test_certificates_that_cannot_be_used_are_named(self):
        (self.folder / "damaged.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        (self.folder / "empty.pem").write_text("")
        for tls, words in (({"cert": "none.pem", "key": "none.key"}, ["none.pem", "No such file"]),
                           ({"cert": "damaged.pem", "key": "none.key"}, ["damaged.pem"]),
                           ({"cert": "empty.pem", "key": "none.key"}, ["empty.pem", "PEM"]),
                           ({"cert": "none.pem"}, ["key"])):
            with self.subTest(tls):
                self.mistake(config=edge(tls=tls), words=["edge", *words])

    def test_a_key_that_belongs_to_another_certificate_is_named(self):
        if not shutil.which("openssl"):
            self.skipTest("there is no openssl")
        for name in ("a", "b"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}", "-days", "2"],
                           cwd=self.folder, check=True, capture_output=True)
        self.mistake(config=edge(tls={"cert": "a.pem", "key": "b.key"}),
                     words=["edge", "b.key", "a.pem", "does not belong"])

    # ---- what is printed on demand

    def test_the_version_is_one_line(self):
        done = self.run_it("--version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\Amicrohost \d+\.\d+\.\d+\S*\n\Z")

    def test_the_help_fits_a_terminal_and_has_the_flags_of_the_modules_to_load(self):
        bare, loaded = self.run_it("--help"), self.run_it("--load", "api.so", "--help")
        for done in (bare, loaded):
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual([line for line in done.stdout.splitlines() if len(line) > 80], [])
        self.assertNotIn("--api_handler", bare.stdout)
        self.assertIn("--log_level", bare.stdout)
        self.assertLess({"--api_handler", "--api_namespace", "--load"}, set(FLAG.findall(loaded.stdout)))
        self.assertEqual(len(FLAG.findall(loaded.stdout)), len(set(FLAG.findall(loaded.stdout))), "a flag is there twice")

    def test_what_check_config_prints_is_the_same_configuration(self):
        config = {**edge(), "modules": {"api": {"namespace": "a.b", "timeout": "3s"}}, "host": {"loops": 1}}
        first = self.run_it("--check_config", "--log_level", "warn", config=config)
        self.assertEqual((first.returncode, first.stderr), (0, ""))
        for origin in ("// default", "// config.json:1", "// flag --log_level"):
            self.assertIn(origin, first.stdout)
        again = self.run_it("--check_config", config=first.stdout)
        self.assertEqual((again.returncode, again.stderr), (0, ""))
        plain = [re.sub(r"\s*// .*", "", done.stdout) for done in (first, again)]
        self.assertEqual(json.loads(plain[0]), json.loads(plain[1]))
        seen = json.loads(plain[0])
        self.assertEqual((seen["host"]["log"]["level"], seen["modules"]["api"]["timeout"]), ("warn", "3s"))
        self.assertFalse((self.folder / "runtime/instances").exists(), "checking has made folders")

    def test_check_config_finds_what_a_start_would(self):
        self.mistake("--check_config", config=edge("apy"), words=["apy"])
        self.mistake("--check_config", "--load", "ghost", words=["ghost"])

    def test_the_printed_schema_is_json_and_describes_the_whole_file(self):
        done = self.run_it("--print_schema", "--load", "api.so")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        schema = json.loads(done.stdout)
        self.assertEqual(schema["$schema"], "http://json-schema.org/draft-04/schema#")
        self.assertLessEqual({"host", "load", "listeners", "modules", "filters"}, set(schema["properties"]))
        self.assertIn("handler", json.dumps(schema["properties"]["modules"]))


if __name__ == "__main__":
    unittest.main()
