# SPDX-License-Identifier: Apache-2.0
"""microhost with forward.so between the test and its upstream, on one loop."""
import unittest

import harness

MODULES = harness.PREFIX / "lib/microhost"


def forwarding(upstream, *modules, limits=None, listener=None, forward=None, filters=None, **host):
    """upstream: a wire.Upstream, or a port."""
    port = getattr(upstream, "port", upstream)
    return harness.Microhost({
        "host": {"loops": 1, "limits": limits or {}, **host},
        "load": ["forward.so", *modules],
        "listeners": {"edge": {"module": "forward", "address": "127.0.0.1:0", **(listener or {})}},
        "modules": {"forward": {"upstream": f"127.0.0.1:{port}", **(forward or {})}},
        "filters": filters or {},
    })


class Case(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not (MODULES / "forward.so").exists():
            raise unittest.SkipTest("the examples are not built")

    def refused(self, module, options, *words):
        """The program does not start with this configuration of a filter of that module."""
        self.refuses({"load": ["forward.so", f"{module}.so"], "modules": {"forward": {"upstream": "127.0.0.1:9"}},
                      "filters": {"f": {"use": module, "config": options}}}, words=[f'filter "f" ({module}): ', *words])
