# SPDX-License-Identifier: Apache-2.0
"""The failure table: what a request gets, and whether the process is ready, when a filter cannot do its work.

A filter for access (authn, authz, limit) that is configured, or lies in the plugin directory, never lets anybody in because it is
broken. Others are left out. The rows "crashed" and "quarantined" are in supervise_test.py.
"""
import unittest

from reload_test import KEY, Case, Gateway

ACCESS = ("authn", "authz", "limit")
PHASES = (*ACCESS, "transform")


class FailureTable(Case):
    def check(self, host, phase, access, other, headers=KEY):
        """access, other: (status of a request that has the key, status of /readyz)"""
        found = (host.get("/", headers).status, host.readiness())
        self.assertEqual(found, access if phase in ACCESS else other, phase)

    def test_absent(self):
        # Nobody has heard of it: the process does not start, whatever it would have been.
        self.refuses({"load": ["forward.so"], "modules": {"forward": {"upstream": "127.0.0.1:9"}},
                      "filters": {"gate": {"use": "gate"}}}, words=["gate", "not loaded"])
        # The module is there, and offers no filter.
        with Gateway(self.upstream, filters={"gate": {"use": "forward"}}) as host:
            self.check(host, "authn", (503, 503), None)
        with Gateway(self.upstream, filters={"gate": {"use": "forward", "on_error": "skip"}}) as host:
            self.check(host, "other", None, (200, 200))

    def test_refused_at_the_start(self):
        for how in ("fails_create", "crashes_create", "fails_instance"):
            for phase in PHASES:
                with self.subTest(how=how, phase=phase):
                    host = Gateway(self.upstream)
                    host.drop("gate", version=1, phase=phase, **{how: True})
                    with host:
                        host.wait_for_log("a plugin is refused")
                        self.check(host, phase, (503, 503), (200, 200))

    def test_configured_and_refused_at_the_start(self):
        for phase in PHASES:
            with self.subTest(phase):
                host = Gateway(self.upstream, filters={"front": {"use": "gate"}})
                host.drop("gate", version=1, phase=phase, fails_create=True)
                with host:
                    self.check(host, phase, (503, 503), (200, 200))

    def test_without_the_configuration_that_it_needs(self):
        for phase in PHASES:
            with self.subTest(phase):
                host = Gateway(self.upstream)
                host.drop("gate", version=1, phase=phase, needs_key=True)
                with host:
                    self.check(host, phase, (503, 503), (200, 200))
                    host.wait_for_log("key")

    def test_a_new_file_that_is_refused_while_it_runs(self):
        # It guarded nothing before: nothing changes.
        for phase in PHASES:
            with self.subTest(phase), Gateway(self.upstream) as host:
                host.drop("gate", version=1, phase=phase, fails_create=True)
                host.wait_for_log("a plugin is refused", 20)
                self.check(host, phase, (200, 200), (200, 200))

    def test_an_active_one_that_is_replaced_by_a_broken_one(self):
        for phase in PHASES:
            with self.subTest(phase), Gateway(self.upstream) as host:
                host.drop("gate", version=1, phase=phase)
                host.wait_for("1")
                host.drop("gate", version=2, phase=phase, fails_create=True)
                host.wait_for_log("a plugin is refused", 20)
                self.check(host, phase, (200, 200), (200, 200))
                self.assertEqual((host.get("/").status, host.seen()), (401, "1"))

    def test_timed_out(self):
        for phase in PHASES:
            with self.subTest(phase), Gateway(self.upstream) as host:
                host.drop("gate", version=1, phase=phase)
                host.wait_for("1")
                self.check(host, phase, (503, 200), (200, 200), [*KEY, ("X-Trouble", "wait")])

    def test_overloaded(self):
        for phase in PHASES:
            with self.subTest(phase), Gateway(self.upstream) as host:
                host.drop("gate", version=1, phase=phase)
                host.wait_for("1")
                self.check(host, phase, (503, 200), (200, 200), [*KEY, ("X-Trouble", "fail")])

    def test_file_deleted(self):
        for phase in PHASES:
            with self.subTest(phase), Gateway(self.upstream) as host:
                host.drop("gate", version=1, phase=phase)
                host.wait_for("1")
                (host.plugins / "gate.so").unlink()
                host.wait_for_log("is gone" if phase in ACCESS else "a plugin was removed")
                self.check(host, phase, (200, 200), (200, 200))
                self.assertEqual(host.get("/").status, 401 if phase in ACCESS else 200)


if __name__ == "__main__":
    unittest.main()
