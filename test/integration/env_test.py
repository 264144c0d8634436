# SPDX-License-Identifier: Apache-2.0
"""Remote environments with names, tokens, and passwords: what `microhost env`, `token` and `passwd` write, and that it works."""
import json
import os
import pty
import re
import unittest

import cli_case
import harness
import remote_case
from guarding import basic

URL = "https://prod.example:8081"


class Names(cli_case.Case):
    @property
    def file(self):
        return self.folder / ".config/microhost/remotes.json"

    def listed(self):
        return {r["name"]: r for r in json.loads(self.run_here("env", "list", "-o", "json"))}

    def test_a_remote_is_added_used_and_removed(self):
        self.assertEqual(self.run_here("env", "show"), "local\n")
        self.assertEqual(self.run_here("env", "add", "prod", URL + "/"), f"prod is {URL}\n")
        self.run_here("env", "add", "lab", "http://127.0.0.1:8081")
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.file.parent.stat().st_mode & 0o777, 0o700)
        self.assertEqual([(r["url"], r["in_use"]) for r in self.listed().values()],
                         [(None, "yes"), ("http://127.0.0.1:8081", "no"), (URL, "no")])
        self.run_here("env", "use", "prod")
        self.assertEqual(self.run_here("env", "show"), f"prod ({URL})\n")
        self.assertEqual(self.run_here("env", "show", env={"MICROHOST_REMOTE": "lab"}), "lab (http://127.0.0.1:8081)\n")
        self.assertEqual(self.run_here("env", "show", env={"MICROHOST_REMOTE": "local"}), "local\n")
        self.run_here("env", "use", "local")
        self.assertEqual(self.run_here("env", "show"), "local\n")
        self.run_here("env", "use", "prod")
        self.run_here("env", "remove", "prod")
        self.assertIn("this machine again", self.stderr)
        self.assertEqual((self.run_here("env", "show"), sorted(self.listed())), ("local\n", ["lab", "local"]))
        self.assertEqual([p.name for p in self.file.parent.iterdir()], ["remotes.json"])

    def test_it_is_where_xdg_says(self):
        self.run_here("env", "add", "prod", URL, env={"XDG_CONFIG_HOME": str(self.folder / "xdg")})
        self.assertIn(URL, (self.folder / "xdg/microhost/remotes.json").read_text())

    def test_files_are_found_from_everywhere(self):
        (self.folder / "prod.token").write_text("abc\n")
        (self.folder / "prod.token").chmod(0o600)
        self.run_here("env", "add", "prod", URL, "--token_file", "prod.token")
        self.assertEqual(self.listed()["prod"]["token_file"], str(self.folder / "prod.token"))

    def test_what_cannot_be_is_said_at_once(self):
        self.run_here("env", "add", "prod", URL)
        for words, status, says in ((("add", "prod", URL), 1, "there is a remote prod already"), (("add", "local", URL), 2, '"local" cannot be'),
                                    (("add", "a b", URL), 2, "cannot be the name"), (("add", "x"), 2, "needs NAME and URL"),
                                    (("add", "x", "prod.example"), 2, "neither https://"), (("add", "x", "http://prod.example"), 2, "--insecure"),
                                    (("add", "x", URL, "--token_file", "none"), 2, "none: there is no such file"),
                                    (("add", "x", URL, "--remote_ca", "none.pem"), 2, "none.pem"), (("use", "prdo"), 1, 'did you mean "prod"?'),
                                    (("use",), 2, "needs NAME"), (("remove", "x"), 1, "there are: prod"), (("lst",), 2, 'did you mean "list"?')):
            with self.subTest(words=words):
                self.fails("env", *words, status=status, says=[says])
        self.assertEqual(sorted(self.listed()), ["local", "prod"])

    def test_a_file_that_others_may_write_or_that_is_damaged_is_not_believed(self):
        self.run_here("env", "add", "prod", URL)
        self.file.chmod(0o666)
        self.fails("env", "list", says=["others may write it"])
        self.fails("list", "services", status=2, says=["others may write it"])
        self.file.chmod(0o600)
        self.file.write_text("{")
        self.fails("env", "show", says=["remotes.json:1:"])
        self.run_here("--remote", "local", "list", "services")  # what was said wins


class Used(remote_case.Case):
    def on_a_terminal(self, *words):
        """What the program writes on a standard error that is a terminal."""
        leader, follower = pty.openpty()
        with self.popen(*words, stderr=follower) as process:
            os.close(follower)
            out = process.communicate(timeout=30 * harness.SLOW)[0]
        said = os.read(leader, 4096).decode()
        os.close(leader)
        return out, said

    def test_commands_work_there_until_local_is_used_again(self):
        self.serve()
        self.run_here("env", "add", "prod", self.url, "--remote_ca", self.ca, "--token_file", "ben")
        self.run_here("env", "use", "prod")
        self.register("go.micro.srv.a")
        self.seen_far("go.micro.srv.a")
        elsewhere = {"MICROHOST_RUNTIME_DIR": str(self.folder / "nothing")}
        self.assertEqual(self.run_here("list", "services", env=elsewhere), "go.micro.srv.a\n")
        self.assertEqual(self.stderr, "")  # nobody reads it
        out, said = self.on_a_terminal("list", "services")
        self.assertEqual((out, said), ("go.micro.srv.a\n", f"microhost: on prod ({self.url})\r\n"))
        self.fails("modules", "get", "nosuch", says=["nosuch"])
        self.assertEqual(self.run_here("--remote", "local", "list", "services", env=elsewhere), "")
        self.assertEqual(self.run_here("list", "services", "--remote=local", env=elsewhere), "")
        self.run_here("env", "use", "local")
        self.assertEqual(self.run_here("list", "services", env=elsewhere), "")
        self.assertEqual(self.run_here("list", "services", env={**elsewhere, "MICROHOST_REMOTE": "prod"}), "go.micro.srv.a\n")
        self.fails("list", "services", env={"MICROHOST_REMOTE": "prdo"}, status=2, says=["MICROHOST_REMOTE", 'did you mean "prod"?'])

    def test_a_new_token_is_let_in(self):
        line = self.run_here("token", "new", "--role", "viewer", "--name", "dora")
        self.assertIn("shown once", self.stderr)
        token, name, role = line.split()
        self.assertRegex(token, "^[A-Za-z0-9_-]{43}$")
        self.assertEqual((name, role), ("dora", "viewer"))
        self.assertNotEqual(self.run_here("token", "new").split()[0], token)
        self.secret("tokens", line)
        self.secret("dora", line)  # the proxy's own form is one of a terminal's, too
        self.serve()
        self.assertEqual(self.far("list", "services", token="dora"), "")
        self.far_fails("deregister", "service", "{}", token="dora", says=['"dora" has viewer'])
        for words, says in ((("new", "--role", "oprator"), 'did you mean "operator"?'), (("new", "--name", "a b"), "one word"), (("old",), "not new")):
            self.fails("token", *words, status=2, says=[says])


class Passwords(cli_case.Case):
    @property
    def users(self):
        return dict(line.split(":", 1) for line in (self.folder / "htpasswd").read_text().splitlines() if ":" in line)

    def test_users_are_added_and_replaced(self):
        self.run_here("passwd", "--user", "ali", "htpasswd", given="sesame\n")
        self.assertEqual((self.folder / "htpasswd").stat().st_mode & 0o777, 0o600)
        self.run_here("passwd", "--user", "bob", "htpasswd", given="simsim")
        before = self.users
        self.assertTrue(all(re.fullmatch(r"\$2b\$10\$[./A-Za-z0-9]{53}", h) for h in before.values()), before)
        text = (self.folder / "htpasswd").read_text()
        (self.folder / "htpasswd").write_text("# people\n" + text.replace("ali:", "alibaba:x\nali:").replace(before["ali"], before["ali"] + ":Ali"))
        self.run_here("passwd", "--user", "ali", "htpasswd", given="other\n")
        lines = (self.folder / "htpasswd").read_text().splitlines()
        self.assertEqual([line.split(":")[0] for line in lines], ["# people", "alibaba", "ali", "bob"])
        self.assertTrue(lines[2].endswith(":Ali") and before["ali"] not in lines[2], lines)
        self.assertEqual(self.users["bob"], before["bob"])

    def test_auth_basic_lets_them_in(self):
        self.run_here("passwd", "--user", "ali", "htpasswd", given="sesame\n")
        config = {"load": ["proxy.so", "auth-basic.so"], "modules": {"proxy": {"address": "127.0.0.1:0", "credential": "filter", "local_role": ""}},
                  "filters": {"people": {"use": "auth-basic", "config": {"file": "htpasswd", "roles": ["viewer: ali"]}}}}
        with harness.Microhost(config, folder=self.folder) as host:
            self.assertEqual(host.get("/registry", basic("ali", "sesame")).status, 200)
            self.assertEqual(host.get("/registry", basic("ali", "simsim")).status, 401)

    def test_a_terminal_is_asked_twice_without_echo(self):
        def typed(*answers):
            leader, follower = pty.openpty()
            with self.popen("passwd", "--user", "ali", "htpasswd", stdin=follower, stderr=follower) as process:
                os.close(follower)
                said = b""
                for answer in answers:
                    while not said.endswith(b": "):
                        said += os.read(leader, 1024)
                    os.write(leader, answer + b"\n")
                    said += os.read(leader, 1024)
                status = process.wait(10 * harness.SLOW)
            os.close(leader)
            self.assertNotIn(b"sesame", said)
            return status

        self.assertEqual(typed(b"sesame", b"sesame"), 0)
        self.assertIn("ali", self.users)
        self.assertEqual(typed(b"sesame", b"sesam"), 1)

    def test_what_cannot_be_a_password(self):
        for given, says in (("\n", "empty"), ("a" * 73 + "\n", "longer than 72"), ("a\tb\n", "control characters")):
            self.fails("passwd", "--user", "ali", "htpasswd", given=given, says=[says])
        self.fails("passwd", "--user", "a:b", "htpasswd", given="x", status=2, says=["cannot be a user's name"])
        self.fails("passwd", status=2, says=["FILE"])
        (self.folder / "dir").mkdir()
        self.fails("passwd", "--user", "ali", "dir", given="x", says=["no regular file"])
        self.fails("passwd", "--user", "ali", "no/where", given="x\n", says=["no/where", "No such file"])
        self.assertFalse((self.folder / "htpasswd").exists())

    def test_a_link_stays_one(self):
        (self.folder / "real").mkdir()
        (self.folder / "htpasswd").symlink_to("real/people")
        (self.folder / "real/people").write_text("bob:x\n")
        self.run_here("passwd", "--user", "ali", "htpasswd", given="sesame\n")
        self.assertTrue((self.folder / "htpasswd").is_symlink())
        self.assertEqual(sorted(self.users), ["ali", "bob"])


if __name__ == "__main__":
    unittest.main()
