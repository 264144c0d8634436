# SPDX-License-Identifier: Apache-2.0
"""inspect and check: what a module is and whether it would be loaded, before any of it runs."""
import json
import socket
import unittest
import xml.etree.ElementTree as xml

import tool

DATAGRAMS = """
#include <microhost/draft/net_udp.h>
static void on_datagram(void *user, mh_udp *u, mh_str from, uint32_t interface, mh_seg bytes) {}
static void on_close(void *user, mh_udp *u, mh_status why, mh_str text) {}
static const mh_udp_events events = {.size = sizeof events, .on_datagram = on_datagram, .on_close = on_close};
"""

class Inspect(tool.Case):
    def test_a_module_is_described(self):
        text = self.run_verb("inspect", tool.MODULES / "stamp.so")
        for words in ("stamp 1.0.0: Adds one field", "requires   mh.http.request/1", "filter     stamp, phase response",
                      'field (string = "X-Served-By"): Name of the field', "libc.so.6", "exports    mh_module_entry",
                      "verdict    this host would load it"):
            self.assertIn(words, text)

    def test_programs_read_json(self):
        said = json.loads(self.run_verb("inspect", "--json", tool.MODULES / "stamp.so"))
        self.assertEqual((said["ok"], said["exports"], said["stays_mapped"]), (True, ["mh_module_entry"], False))
        self.assertEqual(said["manifest"]["config_schema"]["properties"]["value"]["default"], "microhost")
        self.assertRegex(said["build_id"], "^[0-9a-f]{16,}$")

    def test_a_file_that_would_be_refused_is_described_as_far_as_it_goes(self):
        path = self.module("late", requires='["mh.http.request/1"]')
        path.chmod(0o644)
        self.assertIn("late 1.2.3", self.run_verb("inspect", path))
        path = self.compile("none", "int f(void) { return 1; }")
        text = self.run_verb("inspect", path, status=1)
        self.assertIn("build id", text)
        self.assertIn("no section .mh_manifest", text)
        self.run_verb("inspect", "/etc/passwd", status=1)
        self.assertEqual(self.stderr, "microhost: /etc/passwd: not an ELF file\n")

    def test_none_of_its_code_runs(self):
        trace = self.folder / "trace"
        path = self.compile("eager", f"""
#include <stdio.h>
__attribute__((constructor)) static void run(void) {{ fclose(fopen("{trace}", "w")); }}
static mh_status create(const mh_host *h, const mh_module **out) {{ return MH_E_INVALID; }}
MH_MODULE(MH_MANIFEST({{"id": "eager", "version": "1.0.0", "abi": {{"epoch": 1}}}}), create)""")
        self.run_verb("inspect", path)
        self.run_verb("check", path)
        self.assertFalse(trace.exists())
        self.run_verb("check", "--trial", path, status=1)
        self.assertTrue(trace.exists())


class Check(tool.Case):
    def verdicts(self, *args, status=0):
        said = json.loads(self.run_verb("check", "--json", *args, status=status))
        self.assertEqual(said["ok"], status == 0)
        return {f["file"].rpartition("/")[2]: f for f in said["files"]}

    def test_what_is_installed_is_good(self):
        text = self.run_verb("check", tool.MODULES)
        self.assertIn(f"ok       {tool.MODULES}/api.so: api 0.1.0\n", text)

    def test_each_file_has_its_verdict_with_the_reason_and_the_mend(self):
        self.module("good")
        (self.folder / "bad.so").write_bytes(b"hello\n")
        (self.folder / "open.so").write_bytes((self.folder / "good.so").read_bytes())
        (self.folder / "open.so").chmod(0o777)
        (self.folder / ".hidden.so").write_bytes(b"hello\n")
        (self.folder / "half.so.tmp").write_bytes(b"hello\n")
        said = self.verdicts(self.folder, status=1)
        self.assertEqual({name: f["verdict"] for name, f in said.items()},
                         {"good.so": "ok", "bad.so": "refused", "open.so": "refused"})
        self.assertEqual((said["open.so"]["reason"], said["open.so"]["mend"]), ("everybody may write it", "chmod o-w it"))
        self.assertEqual((said["good.so"]["id"], said["good.so"]["version"]), ("good", "1.2.3"))

    def test_a_set_is_refused_for_what_its_modules_mean_together(self):
        self.module("one", identity="twin")
        self.module("two", identity="twin")
        self.module("lost", requires='["module:nobody"]')
        self.module("ring-a", requires='["module:ring-b"]')
        self.module("ring-b", requires='["module:ring-a"]')
        self.module("user", requires='["module:used", "mh.log/1"]')
        self.module("used")
        self.module("old", requires='["mh.log/7"]')
        said = self.verdicts(".", status=1)
        good = {name for name, f in said.items() if f["verdict"] == "ok"}
        self.assertEqual(good, {"one.so", "user.so", "used.so"})
        for name, words in {"two.so": "module \"twin\" is already loaded from ./one.so", "lost.so": "requires module:nobody",
                            "ring-a.so": "in a circle: ring-a -> ring-b -> ring-a", "old.so": "needs mh.log/7"}.items():
            self.assertIn(words, said[name]["reason"])
        self.assertEqual(len(said["ring-b.so"]["reason"].splitlines()), 1)
        # one by one each is good; a name without a slash is a file here, not a name to look up
        self.verdicts("two.so")

    def test_a_module_that_another_requires_may_lie_in_the_module_path(self):
        self.module("user", requires='["module:api"]')
        self.verdicts("user.so")

    def test_a_trial_names_the_crash_and_junit_has_it(self):
        self.module("good")
        self.module("bad", body="*(volatile int *)0 = 1;")
        self.run_verb("check", "--trial", "--junit", "out.xml", "good.so", "bad.so", status=1)
        suite = xml.parse(self.folder / "out.xml").getroot()
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "1"))
        cases = {case.get("name"): case for case in suite}
        self.assertIsNone(cases["good.so"].find("failure"))
        self.assertIn("in its create()", cases["bad.so"].find("failure").get("message"))

    def test_what_a_module_leaves_behind_is_a_warning_or_with_strict_a_refusal(self):
        self.module("rude", body='extern int chdir(const char *); chdir("/");')
        said = self.verdicts("--trial", "rude.so")["rude.so"]
        self.assertEqual((said["verdict"], said["warnings"][0]["name"]), ("warning", "folder"))
        self.assertIn("folder", self.verdicts("--trial", "--strict", "rude.so", status=1)["rude.so"]["reason"])

    def test_a_module_that_is_tried_neither_takes_a_port_nor_sends(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            other.setblocking(False)
            at = f"127.0.0.1:{other.getsockname()[1]}"
            self.module("sender", requires='["mh.net.udp/1"]', before=DATAGRAMS, body=f"""
                mh_udp *u;
                const mh_udp_options at = {{.size = sizeof at, .address = {{"{at}", {len(at)}}}}};
                const mh_net_udp *udp = host->get(host, MH_NET_UDP);
                const mh_status s = udp->open(host, &at, &events, NULL, &u);
                if (s || udp->send(u, at.address, 0, (mh_seg){{(const uint8_t *)"x", 1}})) return s ? s : MH_E_IO;""")
            self.assertEqual(self.verdicts("--trial", "sender.so")["sender.so"]["verdict"], "ok")
            with self.assertRaises(BlockingIOError):
                other.recv(100)

    def test_installed_modules_and_examples_pass_their_trial(self):
        said = self.verdicts("--trial", tool.MODULES)
        for name, f in said.items():
            self.assertIn(f["verdict"], ("ok", "warning"), f"{name}: {f}")
            self.assertLessEqual({w["name"] for w in f["warnings"]}, {"untried"}, f"{name}: {f}")

    def test_bad_usage_is_one_line(self):
        self.refuses_verb("check", words=["FILE"])
        self.refuses_verb("check", "--jsn", "x.so", words=["--jsn"])
        self.refuses_verb("check", "--config", "{}", "x.so", words=["--trial"])
        self.refuses_verb("chek", "x.so", words=["chek", 'did you mean "check"?'])
        self.assertIn("example:", self.run_verb("check", "--help"))


class New(tool.Case):
    def test_a_new_plugin_says_what_is_next(self):
        text = self.run_verb("new", "plugin", "com.acme.stamp", "--lang", "cpp", "--dir", "here")
        self.assertIn("make -C here check", text)
        self.assertIn('MH_PLUGIN("com.acme.stamp"', (self.folder / "here/plugin.cpp").read_text())
        self.assertFalse([p for p in (self.folder / "here").rglob("*") if p.is_file() and "@ID@" in p.read_text()])

    def test_nothing_is_written_over_and_bad_ids_are_refused(self):
        (self.folder / "mine").mkdir()
        self.refuses_verb("new", "plugin", "mine", words=["mine is there already"])
        self.refuses_verb("new", "plugin", "Bad Id", words=["Bad Id"])
        self.refuses_verb("new", "plugin", "x", "--lang", "cobol", words=["cobol", "cpp"])
        self.refuses_verb("new", "module", "x", words=["module"])
        self.assertEqual([p.name for p in self.folder.iterdir()], ["mine"])


if __name__ == "__main__":
    unittest.main()
