# SPDX-License-Identifier: Apache-2.0
"""What the tests of the bot in IRC share: a configuration, a command line, and passwords that no log may have."""
import json
import subprocess

import harness
import irc_user

SECRET = "not-for-any-log-7f3a"
NOBODY = "go.micro.srv.nobody"
DEREGISTER = f'deregister service {{"name": "{NOBODY}", "nodes": [{{"id": "{NOBODY}-1"}}]}}'


class Case(harness.Case):
    def bot(self, server, **more):
        """microhost with the bot. Whatever happens, no password is in any line."""
        options = {"inputs": ["irc"], "irc_server": server, "irc_channels": ["#ops"], **more}
        host = harness.Microhost({"load": ["cli.so", "bot.so"], "modules": {"bot": options}})
        self.addCleanup(lambda: self.assertNotIn(SECRET, getattr(host, "last_words", "")))
        clean = host._clean

        def look():
            if host.process:
                host.last_words = host.stderr
            clean()

        host._clean = look
        return host

    def user(self, port, nick, **more):
        more.setdefault("join", ["#ops"])
        user = irc_user.User(port, nick, **more)
        self.addCleanup(user.close)
        return user

    def command(self, host, *words, status=0):
        done = subprocess.run([harness.PROGRAM, "--runtime_dir", str(host.runtime), *words],
                              env=harness.clean_environment(host.folder), capture_output=True, text=True, timeout=60 * harness.SLOW)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def in_channel(self, host, seconds=15):
        host.wait_for_log("in #ops", seconds)

    def refused(self, host, words, seconds=15):
        """The one line that says why it is over."""
        host.wait_for_log('"link":"refused"', seconds)
        lines = [line for line in host.stderr.splitlines() if '"link":"refused"' in line]
        self.assertEqual(len(lines), 1, host.stderr)
        self.assertIn(words, json.loads(lines[0])["detail"])
