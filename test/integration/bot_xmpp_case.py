# SPDX-License-Identifier: Apache-2.0
"""What the tests of the bot in XMPP share: certificates, a configuration, a command line."""
import json
import shutil
import subprocess
import unittest

import harness
import tls_test

ROOM = "ops@rooms.localhost"
SECRET = "not-for-any-log-7f3a"


class Case(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not shutil.which("openssl"):
            raise unittest.SkipTest("needs openssl")
        cls.made = tls_test.Certificates()
        cls.addClassCleanup(shutil.rmtree, cls.made.folder, ignore_errors=True)
        cls.kept = cls.made.sign("server", "localhost")
        cls.ca = cls.made.path("ca.pem")

    def config(self, port, **more):
        options = {
            "inputs": ["xmpp"], "xmpp_jid": "bot@localhost", "xmpp_password": SECRET, "xmpp_server": f"127.0.0.1:{port}",
            "xmpp_ca_file": self.ca, "xmpp_rooms": [ROOM], "xmpp_nick": "microbot", **more,
        }
        return {"load": ["bot.so"], "modules": {"bot": options}}

    def bot(self, port, **more):
        """microhost with the bot in the room. Whatever happens, its password is in no line."""
        host = harness.Microhost(self.config(port, **more))
        self.addCleanup(lambda: self.assertNotIn(SECRET, getattr(host, "last_words", "")))
        stop = host._clean

        def clean():
            host.last_words = host.stderr
            stop()

        host._clean = clean
        return host

    def command(self, host, *words, status=0):
        done = subprocess.run([harness.PROGRAM, "--runtime_dir", str(host.runtime), *words],
                              env=harness.clean_environment(host.folder), capture_output=True, text=True, timeout=60 * harness.SLOW)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def cpu_ms(self, host):
        """What the process has used so far."""
        fields = open(f"/proc/{host.pid}/stat").read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 10


def parsed(text):
    return json.loads(text)
