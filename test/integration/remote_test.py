# SPDX-License-Identifier: Apache-2.0
"""Every command near and far, byte for byte, and what can be in the way between here and there."""
import http.client
import json
import signal
import unittest

import harness
import remote_case
import wire
from cli_case import GREETER, answer
from remote_case import WebServer, commands_like, lines

SHOP = '{"name": "go.micro.srv.shop", "version": "1", "nodes": [{"id": "shop-1", "address": "127.0.0.1:9"}]}'
OUTPUTS = ((), ("--output", "table"), ("-o", "json"), ("--output", "raw"))


class Same(remote_case.Case):
    def test_lists(self):
        self.serve()
        self.greeter()
        self.seen_far(GREETER)
        for output in OUTPUTS:
            for words in (("list", "services"), ("list", "nodes", "greeter"), ("list", "endpoints", GREETER), ("get", "service", "greeter")):
                out = self.both(*words, *output)
                self.assertTrue(out)
                if "json" in output:
                    json.loads(out)
        self.assertEqual(self.both("list", "services"), GREETER + "\n")
        self.both("list", "nodes", "nosuch", status=1)
        self.both("list", "nodes", status=2)
        self.both("list", "nodes", GREETER, "--outptu", "json", status=2)

    def test_calls(self):
        self.serve()
        upstream = self.greeter()
        self.seen_far(GREETER)
        for output in OUTPUTS:
            self.both("call", "greeter", "Say.Hello", "name=John", *output)
        self.both("call", "--metadata", "Foo=bar", "--timeout", "3s", GREETER, "Say.Hello", '{"name":', '"John"}')
        near, far = upstream.requests[-2:]
        self.assertEqual([(r["Foo"], r.body) for r in (near, far)], [("bar", b'{"name": "John"}')] * 2)
        self.both("call", "--address", upstream.address, "any", "Say.Hello")
        self.both("call", GREETER, "Say.Hello", "[1]", status=2)
        self.both("call", "--address", "127.0.0.1:1", "any", "Say.Hello", status=1)
        self.both("call", GREETER, "Say.Hello", "--help")

    def test_files_and_the_input_are_those_of_the_terminal(self):
        self.serve()
        upstream = self.greeter()
        self.seen_far(GREETER)
        large = json.dumps({"text": "a \"b\" " * 200_000})
        (self.folder / "here").mkdir()
        (self.folder / "here/request.json").write_text('{"from": "file"}\n')
        (self.folder / "here/large.json").write_text(large)
        self.both("call", GREETER, "Say.Hello", "@here/request.json")
        self.both("call", GREETER, "Say.Hello", "-", given='{"from": "pipe"}')
        self.both("call", GREETER, "Say.Hello", "@here/large.json")
        self.assertEqual([r.body for r in upstream.requests[-6:]],
                         [b'{"from": "file"}\n'] * 2 + [b'{"from": "pipe"}'] * 2 + [large.encode()] * 2)
        self.both("call", GREETER, "Say.Hello", "@here/nothing.json", status=1)
        # Whoever speaks to the proxy himself names no file of that machine.
        body = json.dumps({"args": {"service": GREETER, "endpoint": "Say.Hello", "request": ["@here/request.json"]}})
        client = http.client.HTTPSConnection(remote_case.ADDRESS, self.host.port("proxy"), context=self.made.client())
        self.addCleanup(client.close)
        client.request("POST", "/v1/commands/call", body, {"Authorization": "Bearer change-it"})
        said = client.getresponse().read().decode()
        self.assertIn("the request is not JSON", said)

    def test_a_large_answer_is_shown_whole(self):
        text = "é" * 1_200_000
        self.serve()
        self.greeter(answer(json.dumps({"t": text}, ensure_ascii=False).encode()))
        self.seen_far(GREETER)
        self.assertEqual(json.loads(self.both("call", GREETER, "Say.Hello"))["t"], text)
        self.assertEqual(json.loads(self.both("call", GREETER, "Say.Hello", "-o", "raw"))["t"], text)
        self.assertEqual(self.both("call", GREETER, "Say.Hello", "-o", "json", status=1), "")
        self.assertIn("use --output raw", self.stderr)

    def test_an_error_of_the_service_and_a_deadline(self):
        self.serve()
        self.greeter(lambda request, _: b"" if b"slow" in request.body else answer(b"", "it broke")(request, _))
        self.seen_far(GREETER)
        self.both("call", GREETER, "Say.Hello", status=1)
        self.both("call", GREETER, "Say.Hello", "slow=1", "--timeout", "200ms", status=124)

    def test_streams(self):
        def script(request, _):
            if b"John" not in request.body or request["Micro-Error"]:
                return b""
            echoed = [("Content-Type", "application/json"), ("Micro-Id", request["Micro-Id"]), ("Micro-Stream", request["Micro-Stream"])]
            messages = [wire.answer(json.dumps({"msg": f"{word} John"}) + "\n", headers=echoed) for word in ("Hello", "Hola")]
            return b"".join(messages) + wire.answer(b"", headers=[*echoed, ("Micro-Error", "EOS")])

        self.serve()
        self.greeter(script)
        self.seen_far(GREETER)
        for output in OUTPUTS:
            self.assertEqual(self.both("stream", GREETER, "Say.Stream", "name=John", *output).count("msg"), 2)

    def test_a_stream_that_cannot_be_shown_is_let_go(self):
        def script(request, _):
            echoed = [("Content-Type", "application/json"), ("Micro-Id", request["Micro-Id"]), ("Micro-Stream", request["Micro-Stream"])]
            return wire.answer(json.dumps({"t": "x" * 2_000_000}), headers=echoed) if b"{" in request.body else b""

        self.serve()
        upstream = self.greeter(script)
        self.seen_far(GREETER)
        self.assertEqual(self.both("stream", GREETER, "Say.Stream", "-o", "json", status=1), "")
        self.assertIn("use --output raw", self.stderr)
        harness.wait_for(lambda: not upstream.connections, 5, "the end of both")

    def test_health_and_figures(self):
        self.serve()
        figures = b'{"status":"ok","timestamp":1795451075,"started":1795451046,"uptime":29,"memory":2590144,"threads":15}'
        upstream = self.greeter(answer(figures))
        self.seen_far(GREETER)
        for output in OUTPUTS:
            for words in (("health", "greeter"), ("health", "check", GREETER), ("stats", "greeter"), ("health",)):
                self.both(*words, *output)
        self.assertEqual(self.both("health", "--address", upstream.address, "any"), "ok\n")
        self.register(GREETER, "127.0.0.1:1", node="dead-1", version="1.2.3")
        harness.wait_for(lambda: "dead-1" in self.far("list", "nodes", GREETER), 5, "the second node")
        self.both("health", "greeter", status=1)
        self.both("stats", "greeter", "-o", "json", status=1)

    def test_registering(self):
        self.serve()
        self.assertEqual(self.far("register", "service", SHOP), "ok\n")
        self.assertEqual(self.both("list", "nodes", "shop", "-o", "raw"), "shop-1\t127.0.0.1:9\t1\t{}\n")
        self.host.wait_for_log('"command":"register service"')
        line = next(line for line in self.host.stderr.splitlines() if '"register service"' in line)
        self.assertIn('"by":"ben"', line)
        self.assertEqual(self.far("deregister", "service", "-", given=SHOP), "ok\n")
        harness.wait_for(lambda: "shop" not in self.run_here("list", "services"), 5, "the end of it")
        self.both("register", "service", "{}", status=2)
        self.both("register", "service", status=2)

    def test_ctrl_c_cancels_it_there(self):
        self.serve()
        upstream = self.greeter(lambda *_: b"")
        self.seen_far(GREETER)
        with self.popen(*self.far_words("call", GREETER, "Say.Hello", "--timeout", "30s")) as process:
            upstream.wait_for_requests(1)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(10 * harness.SLOW), -signal.SIGINT)
            self.assertEqual((process.stdout.read(), process.stderr.read()), ("", ""))
        harness.wait_for(lambda: not upstream.connections, 5, "the end of the call")

    def test_a_module_that_is_only_there_answers_over_the_control_socket_too(self):
        self.serve()
        self.greeter()
        self.seen_far(GREETER)
        (self.folder / "empty").mkdir()
        alone = {"MICROHOST_MODULE_PATH": str(self.folder / "empty")}
        for words in (("list", "services"), ("get", "service", "greeter"), ("call", "greeter", "Say.Hello", "-", "-o", "raw")):
            given = "{}" if "-" in words else None
            self.assertEqual(self.run_here(*words, env=alone, given=given), self.far(*words, given=given))

    def test_an_empty_list_says_where_the_remote_looked(self):
        self.serve()
        self.assertEqual(self.far("list", "services"), "")
        self.assertIn(f"no services; looked in {self.runtime}/registry/v1", self.stderr)

    def test_commands_of_the_host(self):
        self.serve()
        self.assertEqual([m["id"] for m in json.loads(self.far("modules", "list", "--output", "json"))], ["proxy", "cli"])
        self.far_fails("modules", "unload", "nosuch", says=['module "nosuch" is not loaded'])
        self.far_fails("modules", "relaod", "cli", status=2, says=[self.url, 'did you mean "modules reload"?'])
        self.far("modules", "unload", "cli")
        self.far_fails("list", "services", status=2, says=["load cli.so there"])
        self.far("modules", "load", "cli.so")
        self.assertEqual(self.far("list", "services"), "")


class Refused(remote_case.Case):
    def test_tokens_and_roles(self):
        self.serve()
        self.secret("wrong", "nobody-has-this\n")
        self.secret("several", remote_case.TOKENS)
        self.secret("none", "# nothing\n")
        self.far_fails("list", "services", token="wrong", says=[self.url, "the token is not valid", "wrong"])
        self.far_fails("register", "service", SHOP, token="anna", says=["needs the role operator", '"anna" has viewer'])
        self.far_fails("list", "services", token="several", status=2, says=["several: has several tokens"])
        self.far_fails("list", "services", token="none", status=2, says=["none: has none"])
        self.far_fails("list", "services", token="nosuch", status=2, says=["nosuch: there is no such file"])
        (self.folder / "anna").chmod(0o644)
        self.far_fails("list", "services", token="anna", status=2, says=["others may use it", "chmod 600"])
        self.fails("--remote", self.url, "--remote_ca", self.ca, "list", "services", says=["it wants a token", "--remote_token_file"])
        out = self.run_here("list", "services", "--remote", self.url, "--remote-ca", self.ca, env={"MICROHOST_REMOTE_TOKEN": "look-at-it"})
        self.assertEqual(out, "")
        self.assertNotIn("change-it", self.host.stderr)

    def test_certificates(self):
        self.made.openssl("x509", "-x509toreq", "-in", "server.pem", "-signkey", "server.key", "-out", "late.csr")
        self.made.openssl("x509", "-req", "-in", "late.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "-1",
                          "-extfile", "server.ext", "-out", "late.pem")
        self.serve(cert={"cert": self.made.path("late.pem"), "key": self.server["key"]})
        self.far_fails("list", "services", says=[self.url, "has expired"])
        self.end()
        self.serve()
        self.far_fails("list", "services", ca=self.made.path("other-ca.pem"), says=["signed by nobody who is known here", "--remote_ca"])
        self.fails("--remote", self.url, "list", "services", says=["signed by nobody"])
        self.far_fails("list", "services", ca="nothing.pem", status=2, says=["nothing.pem"])
        self.end()
        self.serve(cert=self.made.sign("elsewhere", "elsewhere", dns="elsewhere.example"))
        self.far_fails("list", "services", says=["is for another name"])
        self.end()
        self.serve()
        port = self.host.port("proxy")
        self.far_fails("list", "services", url=f"http://{remote_case.ADDRESS}:{port}", says=["no HTTP answer", "https://"])

    def test_over_ipv6(self):
        self.serve(address="[::1]")
        self.assertTrue(self.url.startswith("https://[::1]:"))
        self.greeter()
        self.seen_far(GREETER)

    def test_a_proxy_that_is_gone(self):
        self.serve()
        self.assertEqual(self.far("list", "services"), "")
        self.host.signal(signal.SIGKILL)
        self.host.process.wait()
        self.far_fails("list", "services", says=[self.url, "Connection refused", "is the proxy running there"])

    def test_a_web_server_instead_of_it(self):
        with WebServer() as url:
            self.fails("--remote", url, "list", "services", says=[url, "a web server answered 200 with text/html", "is that its address?"])
            self.far_fails("list", "services", url=url.replace("http", "https"), says=["it speaks no TLS"])
        for status, page in (("404 Not Found", b"gone"), ("502 Bad Gateway", b"<html>")):
            with wire.Upstream(wire.answer(page, status)) as upstream:
                self.fails("--remote", f"http://{upstream.address}", "list", "services", says=[f"a web server answered {status[:3]}"])
        busy = wire.answer('{"id":"x","code":503,"detail":"too busy"}', "503 Service Unavailable", [("Content-Type", "application/json")])
        with wire.Upstream(busy) as upstream:
            self.fails("--remote", f"http://{upstream.address}", "list", "services", says=["it answered 503: too busy", "try again"])

    def test_what_is_no_address(self):
        for url, says in (("ftp://a", "neither https:// nor http://"), ("https://", "no name of a machine"), ("https://a:0", "no port"),
                          ("https://a:70000", "no port"), ("https://[::1", "a ] is missing"), ("https://a/b", "a path"),
                          ("https://u:p@a", "--remote_token_file"), ("http://192.0.2.1:8081", "--insecure"), ("http://a.example", "--insecure"),
                          ("no/name", "neither a URL"), ("nosuch", "there is no remote")):
            with self.subTest(url=url):
                self.fails("--remote", url, "list", "services", status=2, says=[says])
        self.fails("--remote_ca", "x.pem", "list", "services", status=2, says=["go with --remote"])
        self.fails("--remote", "https://a", "--instance", "x", "list", "services", status=2, says=["--instance is for this machine"])

    def test_insecure_is_said_by_whoever_wants_it(self):
        self.fails("--remote", "http://nowhere.invalid:1", "--insecure", "list", "services", says=["leads nowhere"])

    def test_tools_work_on_this_machine(self):
        for words in (("inspect", "x.so"), ("explain", "/"), ("upgrade",), ("env", "list")):
            self.fails("--remote", "https://a", *words, status=2, says=["leave --remote out"])
        self.fails("upgrade", env={"MICROHOST_REMOTE": "https://a"}, status=2, says=["--remote local"])
        self.fails("inspect", "nothing.so", env={"MICROHOST_REMOTE": "https://a"}, says=["nothing.so"])


class Cut(remote_case.Case):
    """A remote that hangs up, or says what it should not."""

    def asked(self, *replies, names=("say it",)):
        upstream = wire.Upstream(lambda request, sock: self.reply(request, sock, names, list(replies)))
        self.addCleanup(upstream.close)
        self.address = f"http://{upstream.address}"
        return "--remote", self.address, "say", "it"

    def reply(self, request, sock, names, replies):
        if request.start.startswith("GET"):
            return commands_like(*names)
        for one in replies:
            sock.sendall(one)
        return None

    def test_in_the_middle_of_a_result_nothing_is_shown(self):
        columns, row = {"columns": ["a"]}, {"row": ["1"]}
        for cut in (lines(), lines(columns), lines(columns, row), lines(columns, row, more=b'{"row":["2'), lines({"text": "half\n"}),
                    lines({"json": {"a": 1}})):
            for output in ("table", "json", "raw"):
                with self.subTest(cut=cut, output=output):
                    self.fails(*self.asked(cut), "--output", output, says=["http://127.0.0.1:", "ended before the command did"])

    def test_a_head_that_is_not_whole(self):
        for cut in (b"", b"HTTP/1.1 200 OK\r\nContent-", b"220 mail\r\n\r\n", b"\0\1\2" * 9000):
            with self.subTest(cut=cut[:20]):
                self.fails(*self.asked(cut), says=["no HTTP answer"])
        self.fails(*self.asked(b"HTTP/1.1 503 No\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"), says=["the connection broke"])

    def test_another_type_is_no_output(self):
        self.fails(*self.asked(wire.answer(b'{"text":"x"}\n', headers=[("Content-Type", "text/html")])), says=["a web server answered 200"])

    def test_what_it_says_does_not_steer_the_terminal(self):
        refusal = wire.answer('{"detail":"no\\u001b[2J\\nway"}', "403 No", [("Content-Type", "application/json")])
        self.assertNotIn("\x1b", self.fails(*self.asked(refusal), says=["no [2J way"]))

    def test_a_remote_without_the_command(self):
        words = self.asked(names=("say it", "say more"))
        self.fails(*words[:2], "say", "ti", status=2, says=['there is no command "say ti"'])
        self.fails(*words[:2], "sya", "more", status=2, says=['did you mean "say more"?'])
        self.fails(*words[:2], "list", "services", status=2, says=['it has no command "list services"', "load cli.so there", "modules load cli.so"])

    def test_a_deadline_that_the_remote_does_not_keep(self):
        def silent(request, sock):
            if request.start.startswith("GET"):
                return commands_like("say it")
            sock.sendall(lines({"note": "begun"}))
            return b""

        with wire.Upstream(silent) as upstream:
            out = self.run_here("--remote", f"http://{upstream.address}", "say", "it", "--timeout", "100ms", status=124)
            self.assertEqual(out, "")
            self.assertIn("did not end within 100 ms", self.stderr)
            self.assertEqual(json.loads(upstream.requests[-1].body)["timeout_ms"], 100)


if __name__ == "__main__":
    unittest.main()
