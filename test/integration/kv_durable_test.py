# SPDX-License-Identifier: Apache-2.0
"""Keys of a module whose manifest says that they are durable."""
import shutil
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

import fixtures
import harness


class Durable(harness.Case):
    def temporary_folder(self):
        folder = tempfile.mkdtemp(prefix="microhost-kv-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def serve(self, folder):
        return harness.Microhost({
            "host": {"loops": 1},
            "load": [str(fixtures.FOLDER / "notes.so")],
            "listeners": {"edge": {"module": "notes", "address": "127.0.0.1:0"}},
        }, folder=folder)

    def ask(self, host, what, key, **fields):
        return host.get(what, [("X-Key", key), *((f"X-{k}", str(v)) for k, v in fields.items())])

    def value(self, host, key):
        answer = self.ask(host, "/get", key)
        return answer.text if answer.status == 200 else None

    def written(self, host, text):
        file = host.state / "kv/notes"
        harness.wait_for(lambda: file.exists() and text in file.read_bytes(), 10, f"{text} in {file}")
        return file

    def test_what_was_set_survives_a_kill_and_an_orderly_end(self):
        folder = self.temporary_folder()
        host = self.serve(folder).start()
        try:
            self.ask(host, "/set", "name", Value="ada")
            self.ask(host, "/set", "gone", Value="x")
            self.ask(host, "/set", "short", Value="x", Ttl=100)
            self.ask(host, "/remove", "gone")
            self.ask(host, "/set", "last", Value="killed now")
            file = self.written(host, b"killed now")
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
            self.assertEqual(stat.S_IMODE(file.parent.stat().st_mode), 0o700)
        finally:
            host.kill()
        with self.serve(folder) as host:
            self.assertEqual([self.value(host, k) for k in ("name", "gone", "last")], ["ada", None, "killed now"])
            harness.wait_for(lambda: self.value(host, "short") is None, 5, "the end of its time")
            self.assertEqual(self.ask(host, "/add", "count").text, "1")
            self.assertNotIn("WARN", host.stderr)
        with self.serve(folder) as host:
            self.assertEqual(self.ask(host, "/add", "count").text, "2")

    def test_a_reload_keeps_them_too(self):
        with self.serve(self.temporary_folder()) as host:
            self.ask(host, "/set", "name", Value="ada")
            host.ask_control("POST", "/v1/commands/modules/reload", b'{"args":{"id":"notes"}}')
            self.assertEqual(self.value(host, "name"), "ada")

    def test_a_damaged_end_is_one_warning_and_the_rest_is_kept(self):
        folder = self.temporary_folder()
        with self.serve(folder) as host:
            self.ask(host, "/set", "name", Value="ada")
            file = self.written(host, b"ada")
        file.write_bytes(file.read_bytes() + b"half a rec")
        with self.serve(folder) as host:
            self.assertEqual(self.value(host, "name"), "ada")
            self.assertEqual(host.stderr.count("the end of a module's keys is damaged"), 1)
        with self.serve(folder) as host:
            self.assertNotIn("damaged", host.stderr)

    def test_where_it_cannot_be_kept_that_is_said_and_the_module_works(self):
        folder = self.temporary_folder()
        (folder / "state").mkdir()
        (folder / "state/kv").write_text("a file")
        with self.serve(folder) as host:
            self.ask(host, "/set", "name", Value="ada")
            self.assertEqual(self.value(host, "name"), "ada")
            host.wait_for_log("a module's keys are not kept")

    def test_inspect_says_so(self):
        shown = subprocess.run([str(harness.PROGRAM), "inspect", str(fixtures.FOLDER / "notes.so")], capture_output=True, text=True)
        self.assertIn("kv         durable", shown.stdout)


if __name__ == "__main__":
    unittest.main()
