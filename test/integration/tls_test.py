# SPDX-License-Identifier: Apache-2.0
"""TLS as clients see it: certificates, versions, reload without a closed connection, the redirect, upstreams with TLS."""
import contextlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
import warnings
from pathlib import Path

import harness
import wire

MODULES = harness.PREFIX / "lib/microhost"
BIG = bytes(range(256)) * 4096  # 1 MiB


class Certificates:
    """A folder with an authority and what it has signed, made by openssl's command line."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="microhost-tls-"))
        for name in ("ca", "other-ca"):
            self.openssl("req", "-x509", *self.key(name), "-subj", f"/CN={name}", "-days", "2")

    def openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.folder, check=True, capture_output=True)

    def key(self, name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
                "-out", f"{name}.pem")

    def sign(self, name, subject, dns="localhost", ca="ca", days="2"):
        """NAME.pem and NAME.key. Returns them as a listener wants them."""
        new, ext = f"{name}.new", self.folder / f"{name}.ext"
        ext.write_text(f"subjectAltName=DNS:{dns},IP:127.0.0.1\n")
        self.openssl("req", *self.key(new), "-subj", f"/CN={subject}")
        self.openssl("x509", "-req", "-in", f"{new}.pem", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial",
                     "-days", days, "-extfile", ext.name, "-out", f"{name}.pem")
        (self.folder / f"{new}.key").replace(self.folder / f"{name}.key")
        return {"cert": self.path(f"{name}.pem"), "key": self.path(f"{name}.key")}

    def path(self, name):
        return str(self.folder / name)

    def client(self, own=None, ca="ca.pem"):
        """A context that believes that authority alone."""
        context = ssl.create_default_context(cafile=self.path(ca))
        if own:
            context.load_cert_chain(own["cert"], own["key"])
        return context


class Tls(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not shutil.which("openssl") or not (MODULES / "forward.so").exists():
            raise unittest.SkipTest("needs openssl and the examples")
        cls.made = Certificates()
        cls.addClassCleanup(shutil.rmtree, cls.made.folder, ignore_errors=True)
        cls.server = cls.made.sign("server", "first")

    def config(self, upstream, tls=None, **more):
        return {"load": ["forward.so"], "modules": {"forward": {"upstream": f"127.0.0.1:{upstream}"}},
                "listeners": {"edge": {"module": "forward", "address": "127.0.0.1:0", "tls": tls or self.server}}, **more}

    @contextlib.contextmanager
    def serving(self, tls=None, script=wire.answer(b"here"), **more):
        with wire.Upstream(script) as upstream, harness.Microhost(self.config(upstream.port, tls, **more)) as host:
            host.upstream = upstream
            yield host

    def client(self, host, name="localhost", **options):
        context = options.pop("context", None) or self.made.client()
        return wire.Client(host.port("edge"), tls=context, server_name=name, **options)

    def subject(self, host, name="localhost", **options):
        """The common name of the certificate that a new connection gets."""
        with self.client(host, name, **options) as client:
            return dict(pair[0] for pair in client.sock.getpeercert()["subject"])["commonName"]

    # ---- requests

    def test_a_connection_answers_one_request_after_another(self):
        with self.serving() as host, self.client(host) as client:
            for _ in range(20):
                answer = client.request("GET", "/a?b=c")
                self.assertEqual((answer.status, answer.text), (200, "here"))
            seen = host.upstream.requests[0]
            self.assertEqual((seen.target, seen["X-Forwarded-Proto"]), ("/a?b=c", "https"))

    def test_a_mebibyte_goes_both_ways_unchanged(self):
        with self.serving(script=lambda request, _: wire.answer(request.body)) as host, self.client(host) as client:
            for _ in range(3):
                self.assertTrue(client.request("POST", "/", body=BIG).body == BIG, "the body has changed")

    def test_many_connections_at_once_are_served(self):
        def ask(results):
            with self.client(host) as client:
                results.append([client.request("GET", "/").status for _ in range(10)])

        with self.serving() as host:
            results = []
            threads = [threading.Thread(target=ask, args=(results,)) for _ in range(16)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            self.assertEqual(results, [[200] * 10] * 16)

    def test_a_client_that_speaks_no_tls_is_closed_and_the_next_is_served(self):
        with self.serving() as host:
            self.assertNotIn(b"200 OK", wire.raw(host.port("edge"), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
            with self.client(host) as client:
                self.assertEqual(client.request("GET", "/").status, 200)

    def test_a_client_that_never_shakes_hands_is_closed(self):
        with self.serving(host={"tls": {"handshake_timeout": "200ms"}}) as host:
            self.assertEqual(wire.raw(host.port("edge"), b"", timeout=3 * harness.SLOW), b"")

    # ---- what is agreed on

    def test_older_versions_are_refused(self):
        with self.serving() as host:
            for version, works in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True),
                                   (ssl.TLSVersion.TLSv1_3, True)):
                context = self.made.client()
                context.set_ciphers("ALL:@SECLEVEL=0")
                with self.subTest(version):
                    with warnings.catch_warnings(action="ignore"):
                        context.minimum_version = ssl.TLSVersion.TLSv1
                        context.maximum_version = version
                    if works:
                        with self.client(host, context=context) as client:
                            self.assertEqual(client.sock.version(), version.name.replace("_", "."))
                            self.assertEqual(client.request("GET", "/").status, 200)
                    else:
                        with self.assertRaises(OSError) as refused:
                            self.client(host, context=context)
                        self.assertNotIsInstance(refused.exception, TimeoutError)

    def test_version_1_3_alone_can_be_demanded(self):
        with self.serving({**self.server, "min_version": "1.3"}) as host:
            context = self.made.client()
            self.assertEqual(self.subject(host, context=context), "first")
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            with self.assertRaises(ssl.SSLError):
                self.client(host, context=context)

    def test_the_server_name_chooses_the_certificate(self):
        more = [self.made.sign("a", "a", "a.example"), self.made.sign("wild", "wild", "*.b.example")]
        with self.serving({**self.server, "certificates": more}) as host:
            for name, subject in {"localhost": "first", "a.example": "a", "A.Example": "a", "x.b.example": "wild",
                                  "127.0.0.1": "first"}.items():
                with self.subTest(name):
                    self.assertEqual(self.subject(host, name), subject)
            unknown = self.made.client()
            unknown.check_hostname = False
            self.assertEqual(self.subject(host, "c.example", context=unknown), "first")

    def test_a_client_certificate_can_be_demanded(self):
        good, bad = self.made.sign("good", "good"), self.made.sign("bad", "bad", ca="other-ca")
        with self.serving({**self.server, "client_ca": self.made.path("ca.pem")}) as host:
            with self.client(host, context=self.made.client(good)) as client:
                self.assertEqual(client.request("GET", "/").status, 200)
            for own in (None, bad):  # with TLS 1.3 a client learns it with the first answer
                with self.subTest(own), self.assertRaises((OSError, EOFError)) as refused:
                    with self.client(host, context=self.made.client(own)) as client:
                        client.request("GET", "/")
                self.assertNotIsInstance(refused.exception, TimeoutError)
            self.assertEqual(len(host.upstream.requests), 1)

    # ---- reload

    def reload(self, host):
        said = host.stderr.count("reloaded") + host.stderr.count("stay")
        host.signal(signal.SIGHUP)
        harness.wait_for(lambda: host.stderr.count("reloaded") + host.stderr.count("stay") > said, 5, "the reload")

    def test_a_changed_certificate_is_taken_and_no_connection_is_closed(self):
        pair = self.made.sign("changing", "old")
        with self.serving(pair) as host, self.client(host) as client:
            self.assertEqual(client.request("GET", "/").status, 200)
            self.made.sign("changing", "new")
            self.assertEqual(self.subject(host), "old")
            self.reload(host)
            harness.wait_for(lambda: self.subject(host) == "new", 5, "the new certificate")
            self.assertEqual(client.request("GET", "/").status, 200)

    def test_a_new_certificate_that_is_broken_leaves_the_old_one_and_is_told(self):
        pair = self.made.sign("breaking", "old")
        with self.serving(pair) as host, self.client(host) as client:
            for name, text in (("breaking.pem", "nonsense\n"),
                               ("breaking.key", Path(self.made.path("ca.key")).read_text())):
                with self.subTest(name):
                    kept = Path(self.made.path(name)).read_text()
                    Path(self.made.path(name)).write_text(text)
                    self.reload(host)
                    told = host.stderr.splitlines()[-1]
                    for word in ("the certificates in use stay", name, "edge"):
                        self.assertIn(word, told)
                    self.assertEqual(self.subject(host), "old")
                    self.assertEqual(client.request("GET", "/").status, 200)
                    Path(self.made.path(name)).write_text(kept)
            self.made.sign("breaking", "new")
            self.reload(host)
            harness.wait_for(lambda: self.subject(host) == "new", 5, "the repaired certificate")

    def test_an_expired_certificate_is_warned_about(self):
        expired = self.made.sign("expired", "expired")
        self.made.openssl("x509", "-in", "expired.pem", "-signkey", "expired.key", "-days", "-1", "-out", "late.pem")
        with self.serving({**expired, "cert": self.made.path("late.pem")}) as host:
            host.wait_for_log("late.pem")
            host.wait_for_log("expired on")

    # ---- the way from plain HTTP

    def test_the_redirect_keeps_host_port_path_and_query(self):
        with self.serving({**self.server, "redirect_from": "127.0.0.1:0"}) as host:
            port = host.port("edge")
            for host_field, name in (("a.example", "a.example"), ("a.example:80", "a.example"), ("[::1]:80", "[::1]"),
                                     ("127.0.0.1", "127.0.0.1")):
                with self.subTest(host_field):
                    answer = host.request("POST", "/a%20b/c?d=e&f", [("Host", host_field)], b"x", listener="edge-redirect")
                    self.assertEqual((answer.status, answer["Location"]), (308, f"https://{name}:{port}/a%20b/c?d=e&f"))
            self.assertEqual(host.upstream.requests, [])

    def test_challenges_of_a_certificate_authority_are_answered_without_tls(self):
        root = Path(tempfile.mkdtemp(prefix="microhost-acme-"))
        self.addCleanup(shutil.rmtree, root)
        folder = root / ".well-known/acme-challenge"
        folder.mkdir(parents=True)
        (folder / "to-ken_1").write_text("to-ken_1.thumb")
        (root / "secret").write_text("secret")
        (folder / "link").symlink_to(root / "secret")
        tls = {**self.server, "redirect_from": "127.0.0.1:0", "acme_webroot": str(root)}
        base = "/.well-known/acme-challenge/"
        with self.serving(tls) as host:
            answer = host.get(base + "to-ken_1", listener="edge-redirect")
            self.assertEqual((answer.status, answer.text), (200, "to-ken_1.thumb"))
            for target, status in ((base + "other", 404), (base, 404), (base + "link", 404), (base + "a/b", 404),
                                   (base + "..%2f..%2fsecret", 404), (base + "%2e%2e/%2e%2e/secret", 308), ("/secret", 308)):
                with self.subTest(target):
                    answer = host.get(target, listener="edge-redirect")
                    self.assertIn(answer.status, (status, 400))
                    self.assertNotIn("secret", answer.text)

    # ---- to services

    def test_a_node_that_says_secure_is_called_with_tls(self):
        # the system's authorities decide whom to believe, and OpenSSL has a variable for them
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server["cert"], self.server["key"])
        config = {"load": ["api.so"], "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
                  "modules": {"api": {"namespace": "go.micro.api", "handler": "rpc"}}}
        for authority, status in (("ca.pem", 200), ("other-ca.pem", 502)):
            with self.subTest(authority), TlsUpstream(context) as upstream:
                with harness.Microhost(config, env={"SSL_CERT_FILE": self.made.path(authority)}) as host:
                    host.register("go.micro.api.safe", f"127.0.0.1:{upstream.port}", nodes=[{
                        "id": "go.micro.api.safe-1", "address": f"127.0.0.1:{upstream.port}",
                        "metadata": {"protocol": "mucp", "secure": "true"}}])
                    ask = lambda: host.post("/safe/say/hello", b"{}", [("Content-Type", "application/json")])
                    harness.wait_for(lambda: ask().status != 404, 5, "the service")
                    answer = ask()
                    self.assertEqual(answer.status, status, answer)
                    if status == 200:
                        self.assertEqual(answer.json(), {"safe": True})
                    self.assertEqual(upstream.served > 0, status == 200)


class WithoutOpenSsl(harness.Case):
    """The machine's configuration of OpenSSL asks for a provider that is not there, so that it does not start."""

    CONFIG = """
openssl_conf = all
config_diagnostics = 1
[all]
providers = wanted
[wanted]
missing = where
[where]
module = /nowhere.so
activate = 1
"""

    def gateway(self, *modules, **more):
        config = {"host": {"loops": 1}, "load": ["api.so", *modules], "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
                  "modules": {"api": {"namespace": "go.micro.api", "handler": "rpc"}}, **more}
        host = harness.Microhost(config, ready=not modules)
        host.env = {"OPENSSL_CONF": str(host.folder / "openssl.cnf")}
        (host.folder / "openssl.cnf").write_text(self.CONFIG)
        return host

    def test_plain_requests_are_served_and_the_log_says_what_is_missing(self):
        with self.gateway() as host:
            host.wait_for_log('"msg":"no upstream can be reached over TLS","reason":"tls: OpenSSL does not start')
            self.assertEqual(host.get("/nobody/say/hello").status, 404)
            host.register("go.micro.api.safe", "127.0.0.1:9", nodes=[{
                "id": "go.micro.api.safe-1", "address": "127.0.0.1:9", "metadata": {"protocol": "mucp", "secure": "true"}}])
            ask = lambda: host.post("/safe/say/hello", b"{}", [("Content-Type", "application/json")])
            harness.wait_for(lambda: ask().status != 404, 5, "the service")
            answer = ask()
            self.assertEqual(answer.status, 502, answer)
            host.wait_for_log('"endpoint":"Say.Hello","reason":"connect 127.0.0.1:9: tls: OpenSSL does not start')

    def test_a_filter_that_needs_it_does_not_let_anybody_in(self):
        host = self.gateway("auth-service.so", filters={"door": {"use": "auth-service", "config": {"service": "go.micro.srv.door"}}})
        self.addCleanup(host._clean)
        self.assertEqual(host.start().wait(), 2)
        self.assertRegex(host.stderr, '(?m)^microhost: .*: filter "door": the cryptography library gives no HMAC')


class TlsUpstream:
    """Answers every request over TLS with the same JSON."""

    def __init__(self, context):
        self.context, self.served = context, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self.listener.accept()[0],), daemon=True).start()

    def _serve(self, sock):
        with contextlib.suppress(OSError, EOFError):
            with self.context.wrap_socket(sock, server_side=True) as tls:
                reader = wire.Reader(tls)
                while True:
                    reader.message()
                    self.served += 1
                    tls.sendall(wire.answer(b'{"safe":true}', headers=[("Content-Type", "application/json")]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


if __name__ == "__main__":
    unittest.main()
