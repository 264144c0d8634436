# SPDX-License-Identifier: Apache-2.0
"""An etcd that hangs, dies, forgets, wants certificates or passwords: calls go on, and what changed is seen afterwards."""
import os
import shutil
import time
import unittest

import etcd
import harness
import micro_replay
import tls_test
import wire
from registry_etcd_test import Case, call, host, nodes, ours, readiness, wait_for_call, wait_for_nodes

NAME = "go.micro.srv.greeter"
FROZEN = 30 if "MICROHOST_ALL" in os.environ and harness.SLOW == 1 else 4  # seconds


class Faults(Case):
    def setUp(self):
        self.store = self.enterContext(etcd.Etcd())
        self.greeter = self.enterContext(micro_replay.Greeter())
        self.key, self.value = ours()
        self.store.put(NAME, "g-1", self.greeter.address)

    def assert_degraded(self, gateway):
        harness.wait_for(lambda: self.store.address in readiness(gateway), 10, "a word in /readyz?verbose")
        # Also without it, once nobody waits for it any more.
        harness.wait_for(lambda: gateway.ask_control("GET", "/readyz").status == 200, 10, "readiness")

    def test_etcd_hangs(self):
        with host(self.store, self.value) as gateway, micro_replay.Greeter(wire.answer('{"msg":"moved"}')) as moved:
            wait_for_call(gateway)
            self.store.freeze()
            end = time.monotonic() + FROZEN
            self.assert_degraded(gateway)
            calls = 0
            while time.monotonic() < end:
                self.assertEqual(call(gateway).json(), {"msg": "Hello John"})
                calls += 1
            self.assertEqual(nodes(gateway, NAME), [self.greeter.address])
            self.store.thaw()
            self.store.put(NAME, "g-1", moved.address)
            begun = time.monotonic()
            wait_for_nodes(gateway, NAME, moved.address, seconds=2)
            print(f"frozen for {FROZEN} s, {calls} calls; the change was seen {(time.monotonic() - begun) * 1000:.0f} ms after it")
            self.assertEqual(call(gateway).json(), {"msg": "moved"})
            harness.wait_for(lambda: self.store.address not in readiness(gateway), 5, "the end of the trouble")

    def test_etcd_is_killed_and_begun_anew_without_data(self):
        with host(self.store, self.value) as gateway:
            harness.wait_for(lambda: self.store.get(self.key), 5, "our key")
            self.store.kill()
            self.assert_degraded(gateway)
            self.assertEqual(call(gateway).status, 200)
            begun = time.monotonic()
            self.store.begin_anew()
            harness.wait_for(lambda: self.store.get(self.key) == self.value, 10, "our key again")
            print(f"ours is back {time.monotonic() - begun:.1f} s after the start of the new etcd")
            wait_for_call(gateway, status=503)
            self.store.put(NAME, "g-1", self.greeter.address)
            wait_for_call(gateway)

    def test_changes_that_etcd_has_forgotten_are_seen_by_a_list(self):
        with host(self.store, self.value) as gateway:
            wait_for_call(gateway)
            with self.store.elsewhere() as store:
                self.assert_degraded_at(gateway)
                store.ctl("del", "--prefix", etcd.FOLDER + NAME)
                store.put("go.micro.srv.other", "o-1", self.greeter.address)
                for i in range(20):
                    store.ctl("put", "/elsewhere", i)
                revision = store.ctl("get", "/elsewhere", "-w", "fields").split('"Revision" : ')[1].split()[0]
                store.ctl("compact", revision)
            wait_for_nodes(gateway, "go.micro.srv.other", self.greeter.address)
            wait_for_nodes(gateway, NAME)
            wait_for_call(gateway, "other")

    def assert_degraded_at(self, gateway):
        harness.wait_for(lambda: "etcd at" in readiness(gateway), 10, "a word in /readyz?verbose")

    def test_a_connection_that_breaks_loses_nothing(self):
        with host(self.store) as gateway:
            wait_for_call(gateway)
            with self.store.elsewhere() as store:
                store.put(NAME, "g-2", "127.0.0.1:9")
            wait_for_nodes(gateway, NAME, self.greeter.address, "127.0.0.1:9")

    def test_a_dead_endpoint_beside_a_good_one(self):
        dead = f"127.0.0.1:{etcd.free_ports(1)[0]}"
        for addresses in (f"{dead},{self.store.address}", f"{self.store.address},{dead}"):
            for _ in range(3):  # it begins with any of them
                with host(addresses, self.value) as gateway:
                    wait_for_call(gateway)
                    harness.wait_for(lambda: self.store.get(self.key), 5, "our key")
                    self.assertNotIn("etcd at", readiness(gateway))

    def test_etcd_is_not_there_at_the_start(self):
        self.store.kill()
        with host(self.store, self.value) as gateway:
            self.assert_degraded(gateway)
            self.store.start()
            wait_for_call(gateway)
            harness.wait_for(lambda: self.store.get(self.key), 5, "our key")

    def test_a_user_with_a_password(self):
        for words in (("user", "add", "root:secret"), ("user", "grant-role", "root", "root"), ("auth", "enable")):
            if words[-1] == "root":
                self.store.ctl("role", "add", "root")
            self.store.ctl(*words)
        self.store.user = "root:secret"
        with host(self.store, self.value, username="root", password="secret") as gateway:
            wait_for_call(gateway)
            harness.wait_for(lambda: self.store.get(self.key), 5, "our key")
            # Tokens do not survive a restart of etcd.
            self.store.kill()
            self.store.start()
            self.store.put(NAME, "g-2", "127.0.0.1:9")
            wait_for_nodes(gateway, NAME, self.greeter.address, "127.0.0.1:9", seconds=10)
            self.assertNotIn("secret", gateway.stderr)
        with host(self.store, username="root", password="wrong") as gateway:
            harness.wait_for(lambda: "invalid user ID or password" in readiness(gateway), 5, "etcd's own words")
        with host(self.store) as gateway:
            harness.wait_for(lambda: "user name is empty" in readiness(gateway), 5, "etcd's own words")

    def test_the_password_of_a_file(self):
        for words in (("role", "add", "root"), ("user", "add", "root:secret"), ("user", "grant-role", "root", "root"), ("auth", "enable")):
            self.store.ctl(*words)
        path = self.store.folder / "password"
        path.write_text("secret\n")
        with host(self.store, username="root", password_file=str(path)) as gateway:
            wait_for_call(gateway)


@unittest.skipUnless(shutil.which("openssl"), "needs openssl")
class Secure(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = tls_test.Certificates()
        cls.addClassCleanup(shutil.rmtree, cls.made.folder, ignore_errors=True)
        cls.own = cls.made.sign("own", "microhost")
        cls.store = cls.enterClassContext(etcd.Etcd(tls={**cls.made.sign("etcd", "etcd"), "ca": cls.made.path("ca.pem")}))

    def test_tls_with_a_client_certificate(self):
        files = {"ca_file": self.made.path("ca.pem"), "cert_file": self.own["cert"], "key_file": self.own["key"]}
        key, value = ours()
        with micro_replay.Greeter() as greeter, host(self.store, value, tls=True, **files) as gateway:
            self.store.put(NAME, "g-1", greeter.address)
            wait_for_nodes(gateway, NAME, greeter.address)
            self.assertEqual(call(gateway).status, 200)
            harness.wait_for(lambda: self.store.get(key) == value, 5, "our key")
        for wrong in ({**files, "cert_file": "", "key_file": ""}, {**files, "ca_file": self.made.path("other-ca.pem")}):
            with host("https://" + self.store.address, **wrong) as gateway:
                harness.wait_for(lambda: self.store.address in readiness(gateway), 5, "a word in /readyz?verbose")

    def test_a_certificate_that_is_not_there_is_named(self):
        with host(self.store, tls=True, ca_file=self.made.path("gone.pem")) as gateway:
            harness.wait_for(lambda: "gone.pem" in readiness(gateway), 5, "the file in /readyz?verbose")


class Options(harness.Case):
    def test_micros_names(self):
        for args, env, says in ((("--registry_address", "10.0.0.1,10.0.0.2:1"), {}, "flag --registry_address"),
                                ((), {"MICRO_REGISTRY_ADDRESS": "10.0.0.1,10.0.0.2:1"}, "env MICRO_REGISTRY_ADDRESS")):
            program = harness.Microhost(None, "--load", "registry-etcd.so", "--check_config", *args,
                                        env={**env, "ETCD_USERNAME": "micro", "ETCD_PASSWORD": "secret"}, ready=False)
            try:
                program.start()
                self.assertEqual(program.wait(), 0, program.stderr)
                program.wait_for_log('"addresses": "10.0.0.1,10.0.0.2:1"')
                program.wait_for_log(says)
                program.wait_for_log('"username": "micro"')
                self.assertNotIn("secret", program.stderr)
            finally:
                program.kill()
                program._clean()

    def test_what_makes_no_sense_is_refused_at_the_start(self):
        for options, word in (({"addresses": "etcd:x"}, "addresses"), ({"prefix": "/"}, "prefix"), ({"ttl": "1s"}, "ttl"),
                              ({"password": "x"}, "username"), ({"username": "u", "password_file": "/nowhere"}, "/nowhere")):
            with self.subTest(options):
                self.refuses({"load": ["registry-etcd.so"], "modules": {"registry-etcd": options}}, words=(word,))


if __name__ == "__main__":
    unittest.main()
