# SPDX-License-Identifier: Apache-2.0
"""What a person at a terminal sees of services: lists, a service, a call. Output as Micro's, its defects not among it."""
import json
import os
import resource
import signal
import time
import unittest

import cli_case
import harness
import micro_replay
import wire
from cli_case import GREETER, answer

# capture 25, what `micro get service` printed
GET_SERVICE = """service  go.micro.srv.greeter

version 1.2.3

ID	Address	Metadata
go.micro.srv.greeter-greeter-1	{address}	broker=http,protocol=mucp,region=test,registry=etcd,server=mucp,transport=http

Endpoint: Say.Hello

Request: {{
	name string
}}

Response: {{
	msg string
}}


Endpoint: Say.Stream

Metadata: stream=true

Request: {{}}

Response: {{}}


Endpoint: Streamer.ServerStream

Metadata: stream=true

Request: {{}}

Response: {{}}


Endpoint: Streamer.Stream

Metadata: stream=true

Request: {{}}

Response: {{}}

"""


class Lists(cli_case.Case):
    def test_services_are_names_sorted_one_a_line(self):
        for name in ("go.micro.web", "go.micro.api", "go.micro.srv.greeter"):
            self.register(name)
        self.register("go.micro.api", node="api-2", version="2.0.0")
        self.assertEqual(self.run_here("list", "services"),
                         "go.micro.api\ngo.micro.api\ngo.micro.srv.greeter\ngo.micro.web\n")
        self.assertEqual(self.stderr, "")

    def test_an_empty_list_says_where_it_looked(self):
        self.assertEqual(self.run_here("list", "services"), "")
        self.assertIn(f"no services; looked in {self.registry} (there is no such folder)", self.stderr)
        self.assertEqual(json.loads(self.run_here("list", "services", "--output", "json")), [])

    def test_nothing_is_written_and_nothing_needs_to_run(self):
        self.run_here("list", "services")
        self.assertFalse(self.runtime.exists())
        self.assertFalse(self.state.exists())

    def test_the_output_for_scripts(self):
        self.register("go.micro.srv.a", endpoints=("A.B", "A.C"))
        rows = json.loads(self.run_here("list", "services", "--output", "json"))
        self.assertEqual(rows, [{"name": "go.micro.srv.a", "version": "1.0.0", "nodes": 1, "endpoints": 2}])
        self.assertEqual(self.run_here("list", "services", "--output", "raw"), "go.micro.srv.a\t1.0.0\t1\t2\n")
        table = self.run_here("list", "services", "-o", "table").splitlines()
        self.assertEqual(table[0].split(), ["NAME", "VERSION", "NODES", "ENDPOINTS"])

    def test_thousands_of_services_arrive_whole_and_soon(self):
        for i in range(2000):
            self.register(f"go.micro.srv.s{i:04}")
        began = time.monotonic()
        names = self.run_here("list", "services").split()
        took = time.monotonic() - began
        self.assertEqual(names, [f"go.micro.srv.s{i:04}" for i in range(2000)])
        self.assertLess(took, 3 * harness.SLOW, "2000 services")
        rows = json.loads(self.run_here("list", "services", "--output", "json"))
        self.assertEqual(len(rows), 2000, "more than a receiver takes at once")

    def test_nodes_and_endpoints(self):
        self.greeter()
        nodes = json.loads(self.run_here("list", "nodes", GREETER, "--output", "json"))
        self.assertEqual([n["id"] for n in nodes], ["go.micro.srv.greeter-greeter-1"])
        self.assertEqual(nodes[0]["metadata"]["region"], "test")
        endpoints = json.loads(self.run_here("list", "endpoints", GREETER, "--output", "json"))
        self.assertEqual([(e["name"], e["stream"]) for e in endpoints],
                         [("Say.Hello", False), ("Say.Stream", True), ("Streamer.ServerStream", True), ("Streamer.Stream", True)])

    def test_a_node_whose_process_is_gone_is_not_listed(self):
        self.register("go.micro.srv.a", pid=2 ** 22 - 1)
        self.assertEqual(self.run_here("list", "services"), "")

    def test_a_reader_that_has_seen_enough_ends_it(self):
        for i in range(50):
            self.register(f"s{i}")
        with self.popen("list", "services") as process:
            process.stdout.close()
            process.wait(10 * harness.SLOW)
            self.assertIn(process.returncode, (0, 1))


class Get(cli_case.Case):
    def test_a_service_is_shown_as_micro_shows_it(self):
        upstream = self.greeter()
        self.assertEqual(self.run_here("get", "service", GREETER), GET_SERVICE.format(address=upstream.address))

    def test_nested_fields_are_indented_and_names_are_written_small(self):
        self.register("a", endpoints=({"name": "A.B", "metadata": None, "response": None, "request": {
            "name": "R", "type": "R", "values": [
                {"name": "userID", "type": "string", "values": None},
                {"name": "inner", "type": "Inner", "values": [{"name": "x", "type": "int32", "values": None}]}]}},))
        self.assertIn("Request: {\n\tuser_id string\n\tinner Inner {\n\t\tx int32\n\t}\n}\n", self.run_here("get", "service", "a"))

    def test_json_is_an_array_of_its_versions(self):
        self.greeter()
        service = json.loads(self.run_here("get", "service", GREETER, "--output", "json"))
        self.assertEqual([(s["name"], s["version"]) for s in service], [(GREETER, "1.2.3")])

    def test_an_unknown_one_is_an_error_not_a_result(self):
        self.greeter()
        self.fails("get", "service", "go.micro.srv.greter", says=['service not found: go.micro.srv.greter; did you mean "go.micro.srv.greeter"?'])
        self.fails("get", "service", "zzz", says=["service not found: zzz", str(self.registry)])
        self.fails("get", "service", status=2, says=["needs name"])

    def test_the_end_of_a_name_is_enough(self):
        upstream = self.greeter()
        self.assertEqual(self.run_here("get", "service", "greeter"), GET_SERVICE.format(address=upstream.address))
        self.assertEqual(self.stderr, "microhost: greeter is go.micro.srv.greeter\n")

    def test_the_end_of_two_names_is_refused(self):
        self.greeter()
        self.register("go.micro.api.greeter")
        self.fails("get", "service", "greeter", status=2, says=["go.micro.api.greeter, go.micro.srv.greeter"])
        self.assertIn("go.micro.api.greeter", self.run_here("get", "service", "api.greeter"))

    def test_only_whole_labels_count(self):
        self.register("go.micro.srv.mygreeter")
        self.fails("get", "service", "greeter", says=["service not found: greeter"])


class Words(cli_case.Case):
    def test_an_unknown_verb_says_what_is_near(self):
        self.fails("lst", "services", status=2, says=['did you mean "list services"?'])
        self.fails("list", status=2, says=['"list" needs a word more: endpoints, nodes, services'])
        self.fails("list", "servces", status=2, says=['did you mean "list services"?'])

    def test_a_wrong_argument_is_one_line(self):
        self.fails("list", "services", "--outptu", "json", status=2, says=['no flag --outptu; did you mean "--output"?'])
        self.fails("list", "services", "--output", "yaml", status=2, says=["none of table|json|raw"])
        self.fails("call", "a", status=2, says=["needs endpoint"])

    def test_help_says_what_a_command_takes(self):
        text = self.run_here("call", "--help")
        for word in ("Usage: microhost call SERVICE ENDPOINT [REQUEST...]", "--metadata", "Say.Hello name=John age:=3"):
            self.assertIn(word, text)

    def test_sections_of_modules_that_only_serve_are_left_alone(self):
        (self.folder / "config.json").write_text(json.dumps({
            "load": ["api.so"], "modules": {"api": {"namespace": "x"}}, "listeners": {"edge": {"module": "api", "address": ":0"}},
            "filters": {"f": {"use": "rate-limit"}}}))
        self.register("go.micro.srv.a")
        self.assertEqual(self.run_here("--config", "config.json", "list", "services"), "go.micro.srv.a\n")

    def test_a_registry_that_cannot_be_loaded_is_one_line(self):
        self.fails("--registry", "nosuch", "list", "services", says=['module "registry-nosuch" not found'])

    def test_a_folder_that_others_may_write_is_not_believed_in_silence(self):
        self.register("go.micro.srv.a")
        self.registry.chmod(0o777)
        self.assertEqual(self.run_here("list", "services"), "")
        self.assertIn("could take traffic", self.stderr)

    def test_a_command_costs_little(self):
        def used():  # of the processor, which does not depend on who else wants it
            of = resource.getrusage(resource.RUSAGE_CHILDREN)
            return of.ru_utime + of.ru_stime

        self.register("go.micro.srv.a")
        times = []
        for _ in range(10):
            began = used()
            self.run_here("list", "services")
            times.append(used() - began)
        self.assertLess(min(times), 0.05 * harness.SLOW, times)


class Calls(cli_case.Case):
    def test_an_answer_is_indented_with_tabs(self):
        upstream = self.greeter()
        self.assertEqual(self.run_here("call", GREETER, "Say.Hello", '{"name":"John"}'), '{\n\t"msg": "Hello John"\n}\n')
        request = upstream.wait_for_requests(1)[0]
        self.assertEqual(request.body, b'{"name":"John"}')
        for name, value in (("Micro-Service", GREETER), ("Micro-Endpoint", "Say.Hello"), ("Micro-Method", "Say.Hello"),
                            ("Content-Type", "application/json"), ("Timeout", None)):
            self.assertIn(name, request)
            self.assertTrue(value is None or request[name] == value, request)
        self.assertNotIn("Micro-From-Service", request)

    def test_an_error_of_the_service_is_no_result(self):
        error = '{"id":"go.micro.srv.greeter","code":400,"detail":"you asked for fail","status":"Bad Request"}'
        self.greeter(answer(b"", error))
        line = self.fails("call", GREETER, "Say.Hello", '{"name":"fail"}')
        self.assertEqual(line, f"microhost: error calling go.micro.srv.greeter.Say.Hello: {error}\n")

    def test_raw_is_the_bytes_and_metadata_are_headers(self):
        upstream = self.greeter()
        out = self.run_here("call", "-o", "raw", "--metadata", "Foo=bar", "--metadata", "X-A=b=c", GREETER, "Say.Hello", '{"name":"meta"}')
        self.assertEqual(out, '{"msg":"Hello John"}\n')
        request = upstream.wait_for_requests(1)[0]
        self.assertEqual((request["Foo"], request["X-A"]), ("bar", "b=c"))
        self.fails("call", GREETER, "Say.Hello", "--metadata", "nothing", status=2, says=["key=value"])

    def test_output_json_is_one_value(self):
        self.greeter()
        self.assertEqual(json.loads(self.run_here("call", GREETER, "Say.Hello", "--output", "json")), {"msg": "Hello John"})

    def test_large_numbers_keep_every_digit(self):
        self.greeter(answer(b'{"n":9223372036854775807,"f":1.10}'))
        self.assertEqual(self.run_here("call", "greeter", "Say.Hello"), '{\n\t"n": 9223372036854775807,\n\t"f": 1.10\n}\n')

    def test_an_address_is_called_whatever_the_registry_knows(self):
        with micro_replay.Greeter() as upstream:
            out = self.run_here("call", "--address", upstream.address, "go.micro.srv.nowhere", "Say.Hello")
            self.assertEqual(out, '{\n\t"msg": "Hello John"\n}\n')
            self.assertEqual(upstream.requests[0]["Micro-Service"], "go.micro.srv.nowhere")
        self.fails("call", "--address", upstream.address, "a", "A.B", says=["error calling a.A.B:"])

    def test_an_unknown_service_is_not_found(self):
        self.fails("call", "go.micro.srv.nothere", "Say.Hello", "{}", says=["service not found: go.micro.srv.nothere"])

    def test_the_request_is_json_fields_a_file_or_what_is_piped(self):
        upstream = self.greeter()
        (self.folder / "request.json").write_text('{"from": "file"}\n')
        ways = [
            ((), None, b"{}"),
            (('{"a":', "1}"), None, b'{"a": 1}'),
            (("name=John Doe", "age:=3", "tags:=[1,2]", "note=a=b"), None, b'{"name":"John Doe","age":3,"tags":[1,2],"note":"a=b"}'),
            (("@request.json",), None, b'{"from": "file"}\n'),
            (("-",), '{"from": "pipe"}', b'{"from": "pipe"}'),
        ]
        for words, given, sent in ways:
            with self.subTest(words=words):
                self.run_here("call", GREETER, "Say.Hello", *words, given=given)
                self.assertEqual(upstream.requests[-1].body, sent)

    def test_a_request_that_is_none_never_leaves(self):
        upstream = self.greeter()
        for words, says in ((("{name}",), "the request is not JSON"), (("[1]",), "must be a JSON object"), (("age:=x",), '"x" is not JSON'),
                            (("a=1", "b"), '"b" is no field'), (("a=1", "a=2"), "given twice")):
            with self.subTest(words=words):
                self.fails("call", GREETER, "Say.Hello", *words, status=2, says=[says])
        self.fails("call", GREETER, "Say.Hello", "@nothing.json", says=["nothing.json: No such file"])
        self.assertEqual(upstream.requests, [])

    def test_a_deadline_ends_it_with_124(self):
        self.greeter(lambda *_: b"")
        self.fails("call", GREETER, "Say.Hello", "--timeout", "200ms", status=124, says=["error calling go.micro.srv.greeter.Say.Hello"])

    def test_ctrl_c_cancels_it(self):
        upstream = self.greeter(lambda *_: b"")
        with self.popen("call", GREETER, "Say.Hello", "--timeout", "30s") as process:
            upstream.wait_for_requests(1)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(10 * harness.SLOW), 130)
            self.assertEqual(process.stdout.read(), "")

    def test_ctrl_c_while_it_reads_its_input(self):
        self.greeter()
        for _ in range(20):  # whatever it was just about to do
            here, there = os.pipe()
            with self.popen("call", GREETER, "Say.Hello", "-", stdin=here) as process:
                os.write(there, b'{"name":')
                harness.wait_for(lambda: harness.has_open(process.pid, "eventpoll"))
                process.send_signal(signal.SIGINT)
                self.assertIn(process.wait(10 * harness.SLOW), (130, -signal.SIGINT))
            os.close(here)
            os.close(there)


class Streams(cli_case.Case):
    def test_messages_come_one_after_the_other_and_the_end_is_no_error(self):
        def script(request, _):
            if b"John" not in request.body or request["Micro-Error"]:
                return b""
            echoed = [("Content-Type", "application/json"), ("Micro-Id", request["Micro-Id"]), ("Micro-Stream", request["Micro-Stream"])]
            messages = [wire.answer(json.dumps({"msg": f"{word} John"}) + "\n", headers=echoed) for word in ("Hello", "Bonjour", "Hola")]
            return b"".join(messages) + wire.answer(b"", headers=[*echoed, ("Micro-Error", "EOS")])

        self.greeter(script)
        self.assertEqual(self.run_here("stream", GREETER, "Say.Stream", '{"name":"John"}'),
                         "".join('{\n\t"msg": "%s John"\n}\n' % word for word in ("Hello", "Bonjour", "Hola")))
        lines = self.run_here("stream", GREETER, "Say.Stream", "name=John", "--output", "json").splitlines()
        self.assertEqual([json.loads(line)["msg"] for line in lines], ["Hello John", "Bonjour John", "Hola John"])

    def test_a_stream_that_fails_is_an_error(self):
        self.greeter(answer(b"", "it broke"))
        self.fails("stream", GREETER, "Say.Stream", "{}", says=["error receiving from go.micro.srv.greeter.Say.Stream: it broke"])


if __name__ == "__main__":
    unittest.main()
