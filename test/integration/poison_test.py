# SPDX-License-Identifier: Apache-2.0
"""MICROHOST_POISON=1: what a hook is lent cannot be read after it, and the module that tries is named."""
import contextlib
import unittest

import fixtures
import forwarder
import harness
import wire

KEEPER = str(fixtures.FOLDER / "keeper.so")


class Poison(forwarder.Case):
    def host(self, upstream, *modules, poisoned=True, **more):
        host = forwarder.forwarding(upstream, *modules, **more)
        host.env = {"MICROHOST_POISON": "1"} if poisoned else {}
        return host

    def test_a_view_that_is_kept_for_the_next_hook_ends_the_program_with_the_modules_name(self):
        for what, hook, body in (("argument", "on_request", b""), ("getter", "on_request", b""), ("attribute", "on_request", b""),
                                 ("body", "on_request_body", b"bytes")):
            with self.subTest(what), wire.Upstream() as upstream:
                host = self.host(upstream, KEEPER).start()
                try:
                    with contextlib.suppress(OSError, EOFError):
                        host.post("/", body, [("X-Keep", what)])
                    self.assertNotEqual(host.wait(), 0)
                    host.wait_for_log(f"microhost: module keeper used what was lent to its hook {hook} after it had returned")
                finally:
                    host.kill()
                    host._clean()

    def test_without_it_the_same_fault_goes_unseen_and_a_correct_module_never_sees_a_difference(self):
        token = harness.ROOT / "examples/tokens.txt"
        filters = {"t": {"use": "auth-token", "config": {"file": str(token)}}}
        with wire.Upstream() as upstream:
            with self.host(upstream, KEEPER, poisoned=False) as host:
                self.assertEqual(host.get("/", [("X-Keep", "attribute")]).status, 200)
            with self.host(upstream, KEEPER, "auth-token.so", "stamp.so", filters=filters) as host:
                host.wait_for_log("MICROHOST_POISON")
                bearer = [("Authorization", "Bearer demo")]
                for _ in range(20):
                    answer = host.post("/", b"x" * 100000, bearer)
                    self.assertEqual((answer.status, answer["X-Kept"], answer["X-Served-By"]), (200, "nothing", "microhost"))
                    self.assertEqual(host.get("/").status, 401)


if __name__ == "__main__":
    unittest.main()
