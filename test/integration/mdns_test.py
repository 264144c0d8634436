# SPDX-License-Identifier: Apache-2.0
"""Services found by multicast DNS as go-micro announces them, and ours as go-micro finds them."""
import json
import secrets
import socket
import subprocess
import time
import unittest

import fixtures
import harness
import mdns_peer
import wire
from mdns_peer import ANY, PTR, SRV, TXT, A, Node, Peer

MODULE = harness.PREFIX / "lib/microhost/registry-mdns.so"
JSON = [("Content-Type", "application/json")]


def gateway(port, *more, services=(), **mdns):
    """A gateway whose mdns is on that port of loopback; `services` are announced by a module of it."""
    config = {
        "host": {"loops": 1}, "load": ["registry-mdns.so", "api.so", *more],
        "listeners": {"edge": {"module": "api", "address": "127.0.0.1:0"}},
        "modules": {"registry-mdns": {"interfaces": ["lo"], "port": port, "group6": "", **mdns},
                    "api": {"namespace": "go.micro.srv", "handler": "rpc"}},
    }
    if services:
        config["load"].append(str(fixtures.FOLDER / "enlister.so"))
        config["listeners"]["withdraw"] = {"module": "enlister", "address": "127.0.0.1:0"}
        config["modules"]["enlister"] = {"services": [json.dumps(s) for s in services]}
    return harness.Microhost(config)


def service(name, ident, address="127.0.0.1:18999", endpoints=("Say.Hello",), version="1.0.0"):
    return {"name": name, "version": version, "metadata": None, "nodes": [{"id": ident, "address": address,
            "metadata": {"protocol": "mucp", "server": "mucp", "registry": "mdns", "transport": "http", "broker": "http"}}],
            "endpoints": [{"name": e, "request": {"name": "Request", "type": "Request", "values": [
                {"name": "name", "type": "string", "values": None}]}, "response": None, "metadata": {}} for e in endpoints]}


def call(host, name, endpoint="say/hello"):
    return host.post(f"/{name}/{endpoint}", b'{"name":"John"}', JSON, listener="edge")


def reply(text):
    """A mucp server's answer to everything."""
    return wire.Upstream(wire.answer(json.dumps({"msg": text}), headers=JSON), record=True)


def services(host):
    return {row["name"]: row for row in host.ask_control("GET", "/v1/services").json()}


class Mdns(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not MODULE.exists():
            raise unittest.SkipTest("registry-mdns.so is not built")

    def setUp(self):
        self.port = mdns_peer.free_port()

    def peer(self, *nodes, **options):
        return self.enterContext(Peer(self.port, nodes, **options))

    def wait_for_status(self, host, name, status, seconds=5):
        harness.wait_for(lambda: call(host, name).status == status, seconds, f"{status} from {name}")


class Finding(Mdns):
    def test_a_captured_service_that_is_there_at_the_start_is_called_at_once_and_its_goodbye_ends_it(self):
        with reply("Hello John") as server:
            node = Node("go.micro.srv.mdnsgreeter", "go.micro.srv.mdnsgreeter-m1", int(server.address.split(":")[1]),
                        mdns_peer.captured()["Greeter"])
            peer = self.peer(node)
            with gateway(self.port, first_wait="1s") as host:  # longer than the peer takes on a machine that is busy
                harness.wait_for(lambda: host.ask_control("GET", "/readyz").status == 200, 10, "readiness")
                self.assertEqual(call(host, "mdnsgreeter").json(), {"msg": "Hello John"})
                request = server.wait_for_requests(1)[0]
                self.assertEqual((request["Micro-Service"], request["Micro-Endpoint"]), ("go.micro.srv.mdnsgreeter", "Say.Hello"))
                row = services(host)["go.micro.srv.mdnsgreeter"]
                self.assertEqual((row["version"], len(row["endpoints"])), ("9.9.9", 4))
                peer.nodes.clear()
                peer.tell(node.announcement(ttl=0))
                self.wait_for_status(host, "mdnsgreeter", 503, 2)

    def test_a_service_of_go_micro_1_1_is_heard_in_its_domain(self):
        with reply("old") as server, gateway(self.port) as host:
            node = Node("go.micro.srv.greeter", "go.micro.srv.greeter-g11", int(server.address.split(":")[1]),
                        mdns_peer.captured()["Old"], domain="local")
            peer = self.peer(node)
            self.assertEqual(call(host, "other").status, 404)
            peer.tell(node.announcement())
            self.wait_for_status(host, "greeter", 200, 2)
            self.assertEqual(services(host)["go.micro.srv.greeter"]["version"], "1.1.0")

    def test_a_name_that_is_not_known_is_asked_for_at_once_so_that_the_next_request_finds_it(self):
        with reply("found") as server, gateway(self.port) as host:
            self.peer(Node("go.micro.srv.quiet", "quiet-1", int(server.address.split(":")[1])), listed=False)
            self.assertEqual(call(host, "quiet").status, 404)
            begun = time.monotonic()
            self.wait_for_status(host, "quiet", 200)
            self.assertLess(time.monotonic() - begun, 0.5 * harness.SLOW, "the next question to all comes much later")
            self.assertEqual(call(host, "quiet").json(), {"msg": "found"})

    def test_a_service_that_restarts_elsewhere_is_called_there(self):
        with reply("first") as first, reply("second") as second, gateway(self.port) as host:
            peer = self.peer()
            for server, text in ((first, "first"), (second, "second")):
                peer.tell(Node("go.micro.srv.moves", "moves-1", int(server.address.split(":")[1])).announcement())
                harness.wait_for(lambda: call(host, "moves").body.find(text.encode()) > 0, 3, text)
            self.assertEqual(len(services(host)["go.micro.srv.moves"]["nodes"]), 1)

    def test_two_versions_and_two_nodes_are_kept_apart(self):
        with gateway(self.port) as host:
            peer = self.peer()
            for ident, version in (("a", "1"), ("b", "1"), ("c", "2")):
                peer.tell(Node("go.micro.srv.many", ident, 1, version=version).announcement())

            def rows():
                found = [r for r in host.ask_control("GET", "/v1/services").json() if r["name"] == "go.micro.srv.many"]
                return {r["version"]: sorted(n["id"] for n in r["nodes"]) for r in found}

            harness.wait_for(lambda: rows() == {"1": ["a", "b"], "2": ["c"]}, 3, "both versions")
            peer.tell(Node("go.micro.srv.many", "a", 1, version="1").announcement(ttl=0))
            harness.wait_for(lambda: rows() == {"1": ["b"], "2": ["c"]}, 3, "the end of one")

    def test_rubbish_is_survived_and_what_comes_after_it_is_heard(self):
        random = secrets.token_bytes
        whole = Node("go.micro.srv.good", "good-1", 1).announcement()
        bomb = Node("go.micro.srv.bomb", "bomb-1", 1, mdns_peer.pack_text(" " * 5_000_000))
        wrong = Node("go.micro.srv.bank", "bank-1", 1, Node("go.micro.srv.mine", "x", 1).texts)
        loop = mdns_peer.packet(flags=mdns_peer.RESPONSE, answers=[b"\xc0\x0c" + b"\0\x0c\0\1" + bytes(6)])
        with gateway(self.port) as host:
            peer = self.peer()
            for rubbish in (b"", b"x", loop, bomb.announcement(), wrong.announcement(), random(9000),
                            *(whole[:n] for n in range(0, len(whole), 7)), *(random(60) for _ in range(200))):
                peer.tell(rubbish)
            peer.tell_from_elsewhere(Node("go.micro.srv.faked", "faked-1", 1).announcement())
            # Again and again: what comes faster than it is read is dropped by the system.
            harness.wait_for(lambda: peer.tell(whole) or "go.micro.srv.good" in services(host), 5, "the good one")
            self.assertEqual(set(services(host)) & {"go.micro.srv.bomb", "go.micro.srv.bank", "go.micro.srv.mine", "go.micro.srv.faked"},
                             set())
            host.wait_for_log("is not Micro's")


class Announcing(Mdns):
    NAME, ID = "go.micro.srv.ours", "go.micro.srv.ours-1"
    INSTANCE = f"{ID}.{NAME}.micro"

    def test_a_node_of_ours_is_answered_for_announced_and_withdrawn_in_micros_shape(self):
        peer = self.peer()
        with gateway(self.port, services=[service(self.NAME, self.ID)]) as host:
            answers = harness.wait_for(lambda: peer.ask(f"{self.NAME}.micro", wait=0.2), 5, "an answer")
            self.assertEqual(len(answers), 1)
            answer = answers[0]
            self.assertEqual((answer.flags, answer.id, answer.source[1]), (0x8400, 0, self.port))
            self.assertEqual(answer.questions, [(f"{self.NAME}.micro", PTR)])  # go-micro 3 takes no answer without it
            self.assertEqual([r[1] for r in answer.answers], [PTR, SRV, A, TXT])
            self.assertEqual({r[2] for r in answer.answers}, {120})
            self.assertEqual(answer.of(PTR)[0][3], self.INSTANCE)
            self.assertEqual(answer.of(SRV)[0][3], (18999, socket.gethostname()))
            self.assertEqual(answer.of(A)[0][3], "127.0.0.1")
            text = mdns_peer.unpack_text(answer.of(TXT)[0][3])
            self.assertEqual(list(text), ["Service", "Version", "Endpoints", "Metadata"])
            self.assertEqual((text["Service"], text["Version"]), (self.NAME, "1.0.0"))
            self.assertEqual(text["Metadata"]["protocol"], "mucp")
            self.assertEqual([e["name"] for e in text["Endpoints"]], ["Say.Hello"])
            self.assertTrue(all(len(t) == 255 for t in answer.of(TXT)[0][3][:-1]))

            listing = peer.ask("_services.micro")
            self.assertEqual(listing[0].of(PTR)[0][3], f"{self.NAME}._services.micro")
            self.assertEqual((listing[0].of(SRV)[0][3][0], listing[0].of(A)[0][3], listing[0].of(TXT)[0][3]), (9999, "0.0.0.0", []))
            self.assertEqual([r[1] for r in peer.ask(self.INSTANCE, ANY)[0].answers], [SRV, A, TXT])
            self.assertEqual(peer.ask(f"{self.NAME}.local", wait=0.2), [])

            harness.wait_for(lambda: len(peer.announcements(self.INSTANCE)) >= 3, 10, "three announcements")
            self.assertEqual(len(peer.probes(self.INSTANCE)), 3)
            self.assertEqual([r[1] for r in peer.announcements(self.INSTANCE)[0].answers], [SRV, A, TXT])
            self.assertEqual(host.get("/", listener="withdraw").status, 204)
            goodbye = harness.wait_for(lambda: peer.announcements(self.INSTANCE, ttl=0), 5, "the goodbye")
            self.assertEqual({r[2] for r in goodbye[0].answers}, {0})
            self.assertEqual(peer.ask(f"{self.NAME}.micro", wait=0.2), [])

    def test_both_domains_when_the_operator_wants_them(self):
        peer = self.peer()
        with gateway(self.port, services=[service(self.NAME, self.ID)], domains=["local", "micro"]):
            for domain in ("local", "micro"):
                found = harness.wait_for(lambda: peer.ask(f"{self.NAME}.{domain}", wait=0.2), 5, domain)
                self.assertEqual(found[0].of(PTR)[0][3], f"{self.ID}.{self.NAME}.{domain}")

    def test_the_end_of_the_process_is_a_goodbye(self):
        peer = self.peer()
        with gateway(self.port, services=[service(self.NAME, self.ID)]):
            harness.wait_for(lambda: peer.announcements(self.INSTANCE), 5, "an announcement")
        harness.wait_for(lambda: peer.announcements(self.INSTANCE, ttl=0), 5, "the goodbye")

    def test_a_reload_of_the_module_says_no_goodbye_and_loses_nothing(self):
        with reply("still here") as server:
            node = Node("go.micro.srv.stays", "stays-1", int(server.address.split(":")[1]))
            peer = self.peer(node)
            with gateway(self.port, services=[service(self.NAME, self.ID)]) as host:
                harness.wait_for(lambda: peer.announcements(self.INSTANCE), 5, "an announcement")
                known = len(peer.announcements(self.INSTANCE))
                done = subprocess.run([harness.PROGRAM, "--runtime_dir", str(host.runtime), "modules", "reload", "registry-mdns"],
                                      env=harness.clean_environment(host.folder), capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(call(host, "stays").status, 200)
                harness.wait_for(lambda: len(peer.announcements(self.INSTANCE)) > known + 2, 10, "those of the new one")
                self.assertEqual(call(host, "stays").status, 200)
                self.assertEqual(peer.announcements(self.INSTANCE, ttl=0), [])
                self.assertEqual(len(peer.ask(f"{self.NAME}.micro")), 1)

    def test_two_processes_find_each_others_nodes(self):
        one, two = "go.micro.srv.one", "go.micro.srv.two"
        with reply("one") as first, reply("two") as second:
            with gateway(self.port, services=[service(one, f"{one}-1", first.address)]) as a:
                with gateway(self.port, services=[service(two, f"{two}-1", second.address)]) as b:
                    self.wait_for_status(b, "one", 200)
                    self.assertEqual(call(b, "one").json(), {"msg": "one"})
                    harness.wait_for(lambda: two in services(a), 5, "the second in the first")
                    self.assertEqual(call(a, "two").json(), {"msg": "two"})
                self.wait_for_status(a, "two", 503)

    def test_a_service_that_fits_into_no_datagram_is_a_clear_warning_once(self):
        endpoints = [f"Say.{secrets.token_hex(24)}" for _ in range(400)]
        peer = self.peer()
        big = "go.micro.srv.big"
        with gateway(self.port, services=[service(big, f"{big}-1", endpoints=endpoints), service(self.NAME, self.ID)]) as host:
            harness.wait_for(lambda: peer.announcements(self.INSTANCE), 5, "the small one")
            self.assertEqual(peer.announcements(f"{big}-1.{big}.micro"), [])
            self.assertEqual(peer.ask(f"{big}.micro", wait=0.2), [])
            lines = [line for line in host.stderr.splitlines() if "is not announced over mdns" in line]
            self.assertEqual(len(lines), 1, host.stderr)
            for word in (big, f"{big}-1", "bytes", "8952", "fewer endpoints", "registry-etcd"):
                self.assertIn(word, lines[0])


class Refusing(Mdns):
    def test_options_that_mean_nothing_are_one_line(self):
        for options, words in (({"domains": ["a..b"]}, ["domains", "a..b"]), ({"group": "x"}, ["group", "x"]),
                               ({"port": 0}, ["port"]), ({"group6": "224.0.0.251"}, ["group6"])):
            with self.subTest(options):
                config = {"load": ["registry-mdns.so"], "modules": {"registry-mdns": {"interfaces": ["lo"], **options}}}
                if "group" in options or "group6" in options:
                    config["modules"]["registry-mdns"].setdefault("port", self.port)
                self.refuses(config, words=words)

    def test_a_port_that_a_program_does_not_share_is_said_with_what_to_do(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
            holder.bind(("", self.port))
            host = gateway(self.port)
            host.wait_ready = False
            with host:
                host.wait_for_log("another program holds", 10)
                line = next(line for line in host.stderr.splitlines() if "there is no socket" in line)
                self.assertIn(str(self.port), line)


if __name__ == "__main__":
    unittest.main()
