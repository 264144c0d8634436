# SPDX-License-Identifier: Apache-2.0
"""A remote environment on another address of this machine, behind TLS and a token, and a terminal that works on it."""
import http.server
import json
import threading

import cli_case
import harness
import wire
from tls_test import Certificates

TOKENS = "look-at-it anna viewer\nchange-it ben operator\nrule-it carla admin\n"
ADDRESS = "127.0.0.2"


class Case(cli_case.Case):
    modules = ("proxy.so", "cli.so")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = Certificates()
        cls.server = cls.made.sign("server", "server", dns=f"localhost,IP:{ADDRESS},IP:::1")

    def setUp(self):
        super().setUp()
        for line in TOKENS.splitlines():
            self.secret(line.split()[1], line.split()[0] + "\n")
        self.secret("tokens", TOKENS)
        self.ca = self.made.path("ca.pem")

    def secret(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o600)

    def serve(self, cert=None, address=ADDRESS, **more):
        """The remote: started, and reached as self.url."""
        tls = cert or self.server
        proxy = {"address": f"{address}:0", "token_file": "tokens", "enable_tls": True, "tls_cert_file": tls["cert"],
                 "tls_key_file": tls["key"], **more}
        self.host = harness.Microhost({"host": {"loops": 1}, "load": list(self.modules), "modules": {"proxy": proxy}},
                                      folder=self.folder)
        self.host.__enter__()
        self.addCleanup(self.end)
        self.url = f"https://{self.host.address('proxy')}"
        return self.host

    def end(self):
        if self.host.process and self.host.process.poll() is None:
            self.host.stop()
        self.host.kill()

    def far_words(self, *words, token="ben", url=None, ca=None):
        return ("--remote", url or self.url, "--remote_ca", ca or self.ca, "--remote_token_file", token, *words)

    def far(self, *words, token="ben", **options):
        return self.run_here(*self.far_words(*words, token=token), **options)

    def far_fails(self, *words, token="ben", url=None, ca=None, **options):
        return self.fails(*self.far_words(*words, token=token, url=url, ca=ca), **options)

    def seen_far(self, name):
        harness.wait_for(lambda: name in self.far("list", "services").splitlines(), 5, f"{name} at the remote")

    def both(self, *words, status=0, given=None):
        """The same bytes on both outputs, near and far. Returns standard output."""
        near = self.run_here(*words, status=status, given=given), self.stderr
        far = self.far(*words, status=status, given=given), self.stderr
        self.assertEqual(near, far, words)
        return near[0]


def commands_like(*names):
    """What a proxy lists."""
    listed = [{"name": n, "summary": "x", "module": "", "allowed": True, "runs": "host", "args": []} for n in names]
    return wire.answer(json.dumps(listed), headers=[("Content-Type", "application/json")])


def lines(*of, more=b""):
    """A command's output that is not at its end."""
    body = "".join(json.dumps(one) + "\n" for one in of).encode() + more
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n" + body


class WebServer:
    """Somebody's pages, on a port where a proxy is looked for."""

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            page = b"<html>hello</html>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.Pages)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
