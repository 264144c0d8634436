# SPDX-License-Identifier: Apache-2.0
"""forward.so behind a filter of phase authn: what the tests of those filters share."""
import base64

import fixtures
import forwarder
from forwarder import forwarding


def basic(user, password="secret"):
    pair = f"{user}:{password}" if isinstance(password, str) else password
    return [("Authorization", "Basic " + base64.b64encode(pair.encode() if isinstance(pair, str) else pair).decode())]


def replace(host, name, text):
    new = host.folder / f"{name}.new"
    new.write_text(text)
    new.replace(host.folder / name)


class Case(forwarder.Case):
    """`module` guards forward.so; whoami.so tells the upstream who came through."""
    module = ""

    def guarded(self, upstream, files=(), loops=1, on_error="closed", **config):
        host = forwarding(upstream, f"{self.module}.so", str(fixtures.FOLDER / "whoami.so"), loops=loops,
                          filters={"door": {"use": self.module, "on_error": on_error, "config": config},
                                   "whoami": {"use": "whoami"}})
        for name, text in dict(files).items():
            (host.folder / name).write_text(text)
        return host

    def refused(self, answer, status, *words):
        """An error JSON of the gateway's kind, with these words in its detail or in its challenge."""
        body = answer.json()
        self.assertEqual((answer.status, body["code"]), (status, status), body)
        self.assertEqual(list(body), ["id", "code", "detail", "status"])
        for word in words:
            self.assertIn(word, body["detail"] + (answer["WWW-Authenticate"] or ""))
