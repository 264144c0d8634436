// SPDX-License-Identifier: Apache-2.0
#include "rig.hpp"

#include <algorithm>
#include <sstream>

using namespace microhost;
using namespace microhost::rpc::test;

namespace {

const std::string kEcho =
    "Accept: application/json\r\nContent-Type: application/json\r\nMicro-Endpoint: Say.Hello\r\n"
    "Micro-Id: 0\r\nMicro-Method: Say.Hello\r\nMicro-Service: go.micro.srv.greeter\r\n"
    "Timeout: 5000000000\r\nUser-Agent: Go-http-client/1.1\r\nX-Micro-Id: 0\r\n";
const std::string kOk =
    "HTTP/1.1 200 OK\r\nContent-Length: 21\r\n" + kEcho + "\r\n{\"msg\":\"Hello John\"}\n";
const std::string k400 =
    R"({"id":"go.micro.srv.greeter","code":400,"detail":"you asked for fail","status":"Bad Request"})";

struct Reply {
    const char* what;
    std::string bytes;
    mh_status status;
    std::string body, error;
};

// As go-micro v1.18 answers.
const std::vector<Reply> kReplies{
    {"a message", kOk, MH_OK, "{\"msg\":\"Hello John\"}\n", ""},
    {"an error with Micro's JSON",
     "HTTP/1.1 200 OK\r\n" + kEcho + "Micro-Error: " + k400 + "\r\nX-Micro-Error: " + k400 +
         "\r\nContent-Length: 0\r\n\r\n",
     MH_E_INVALID, "", k400},
    {"an error in plain words",
     "HTTP/1.1 200 OK\r\n" + kEcho + "Micro-Error: plain error text\r\nContent-Length: 0\r\n\r\n",
     MH_E_INVALID, "", "plain error text"},
    {"an error next to a body: the error wins",
     "HTTP/1.1 200 OK\r\nMicro-Error: no\r\nContent-Type: application/json\r\n"
     "Content-Length: 2\r\n\r\n{}",
     MH_E_INVALID, "", "no"},
    {"X-Micro-Error alone is no error",
     "HTTP/1.1 200 OK\r\nX-Micro-Error: no\r\nContent-Type: application/json\r\n"
     "Content-Length: 2\r\n\r\n{}",
     MH_OK, "{}", ""},
    {"an empty message in chunks",
     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\n\r\n",
     MH_OK, "", ""},
    {"a message in chunks",
     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n",
     MH_OK, "{\"a\":1}", ""},
    {"the fields of an earlier call on the connection, Micro-Endpoint of another",
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n"
     "Micro-Endpoint: Debug.Health\r\nMicro-Method: Debug.Health\r\nMicro-Id: 77\r\n"
     "Micro-Service: other\r\n\r\n{}",
     MH_OK, "{}", ""},
    {"a status that is not 200 is the transport's failure, Micro-Error or not",
     "HTTP/1.1 500 Internal Server Error\r\nMicro-Error: x\r\nContent-Length: 4\r\n\r\noops",
     MH_E_IO, "", "status 500: oops"},
    {"a content type that the service does not speak",
     "HTTP/1.1 200 OK\r\nContent-Length: 34\r\nContent-Type: text/plain\r\n\r\n"
     "Unsupported Content-Type: text/foo",
     MH_E_INVALID, "", "Unsupported Content-Type: text/foo"},
};

/// Lines of a head, sorted, without the parts that differ from call to call.
std::vector<std::string> fields(const std::string& request) {
    std::vector<std::string> out;
    std::istringstream in(request.substr(0, request.find("\r\n\r\n") + 2));
    for (std::string line; std::getline(in, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.starts_with("Host: ") || line.starts_with("Micro-Id: "))
            line.resize(line.find(':') + 1);
        out.push_back(line);
    }
    std::sort(out.begin(), out.end());
    return out;
}

void check(const Reply& r, const Caller& c) {
    CHECK(c.ends == 1);
    CHECK(c.status == r.status);
    CHECK(c.body == r.body);
    CHECK(c.error == r.error);
    CHECK(c.messages == (r.status == MH_OK ? 1 : 0));
}

}  // namespace

TEST_SUITE("host/rpc") {
    TEST_CASE("a request has the fields that go-micro sends, and the caller's metadata") {
        Rig rig;
        Peer peer(rig, [](Peer& p) {
            int c = p.accept();
            p.request(c);
            Peer::send(c, kOk);
            p.request(c);
            ::close(c);
        });
        rig.node("go.micro.srv.greeter", "n1", peer.port);
        Caller caller;
        const mh_kv metadata[] = {{str("X-From-Id"), str("script")},
                                  {str("X-User-Id"), str("john")},
                                  {str("Micro-Id"), str("9")},
                                  {str("X-Micro-Endpoint"), str("evil")},
                                  {str("Transfer-Encoding"), str("chunked")},
                                  {str("Connection"), str("close")},
                                  {str("bad name"), str("x")},
                                  {str("Split"), str("a\r\nb: c")}};
        REQUIRE(caller.start("go.micro.srv.greeter", "Say.Hello", "{\"name\":\"John\"}\n",
                             [&](mh_rpc_target& t) {
                                 t.metadata = metadata;
                                 t.n_metadata = 8;
                                 t.from_service = str("go.micro.api");
                             }) == MH_OK);
        REQUIRE(rig.until([&] { return caller.ends; }));
        peer.join();
        REQUIRE(peer.seen.size() == 1);
        const std::vector<std::string> expected{"Accept: application/json",
                                                "Content-Length: 16",
                                                "Content-Type: application/json",
                                                "Host:",
                                                "Micro-Endpoint: Say.Hello",
                                                "Micro-From-Service: go.micro.api",
                                                "Micro-Id:",
                                                "Micro-Method: Say.Hello",
                                                "Micro-Service: go.micro.srv.greeter",
                                                "POST / HTTP/1.1",
                                                "Timeout: 5000000000",
                                                "X-From-Id: script",
                                                "X-User-Id: john"};
        CHECK(fields(peer.seen[0]) == expected);
        CHECK(peer.seen[0].ends_with("\r\n\r\n{\"name\":\"John\"}\n"));
    }

    TEST_CASE("a long error that comes in pieces is told whole") {
        const std::string error = "Unsupported Content-Type: " + std::string(600'000, 'x');
        Rig rig;
        Peer peer(rig, [&](Peer& p) {
            const int c = p.accept();
            p.request(c);
            Peer::send(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
                              std::to_string(error.size()) + "\r\n\r\n" + error);
        });
        rig.node("s", "n1", peer.port);
        Caller caller;
        REQUIRE(caller.start("s", "E.M", "{}") == MH_OK);
        REQUIRE(rig.until([&] { return caller.ends; }));
        CHECK(caller.status == MH_E_INVALID);
        CHECK(caller.error == error);
    }

    TEST_CASE("calls that are open at the same time keep their fields apart") {
        Rig rig;
        Peer peer(rig, [](Peer& p) {
            const int connections[] = {p.accept(), p.accept(), p.accept()};
            for (const int c : connections) {
                p.request(c);
                Peer::send(c, kOk);
            }
        });
        rig.node("s", "n1", peer.port);
        Caller callers[3];
        const std::string names[] = {"A.First", "B.Second", "C.Third"};
        for (int i = 0; i < 3; i++) REQUIRE(callers[i].open("s", names[i]) == MH_OK);
        for (int i : {1, 2, 0})
            REQUIRE(microhost::rpc::kRpcTable.send(callers[i].call, seg(names[i]), 1) == MH_OK);
        REQUIRE(rig.until([&] { return callers[0].ends && callers[1].ends && callers[2].ends; }));
        peer.join();
        REQUIRE(peer.seen.size() == 3);
        for (const std::string& r : peer.seen) {
            const std::string name = r.substr(r.find("\r\n\r\n") + 4);
            CHECK(r.find("\r\nMicro-Endpoint: " + name + "\r\n") != std::string::npos);
            CHECK(r.find("\r\nMicro-Service: s\r\n") != std::string::npos);
        }
    }

    TEST_CASE("replies mean the same whole, byte by byte, and in segments of seven") {
        for (size_t piece : {size_t{1} << 20, size_t{1}, size_t{7}}) {
            for (const Reply& r : kReplies) {
                CAPTURE(piece);
                CAPTURE(r.what);
                Rig rig;
                Peer peer(rig, [&](Peer& p) {
                    int c = p.accept();
                    p.request(c);
                    p.send_in(c, r.bytes, piece);
                    p.request(c);
                    ::close(c);
                });
                rig.node("s", "n1", peer.port);
                Caller caller;
                REQUIRE(caller.start("s", "Say.Hello", "{}") == MH_OK);
                REQUIRE(rig.until([&] { return caller.ends; }));
                check(r, caller);
                peer.join();
            }
        }
    }

    TEST_CASE("a node without protocol metadata gets JSON-RPC and its answer comes out bare") {
        Rig rig;
        const std::string result =
            "{\"id\":\"0\",\"result\":{\"msg\":\"Hello John\"},\"error\":null}\n";
        Peer peer(rig, [&](Peer& p) {
            int c = p.accept();
            p.request(c);
            Peer::send(c,
                       "HTTP/1.1 200 OK\r\nContent-Length: 54\r\n"
                       "Content-Type: application/json-rpc\r\n\r\n" +
                           result);
            p.request(c);
            ::close(c);
        });
        rig.node("s", "n1", peer.port, {});
        Caller caller;
        REQUIRE(caller.start("s", "Say.Hello", "{\"name\":\"John\"}") == MH_OK);
        REQUIRE(rig.until([&] { return caller.ends; }));
        CHECK(caller.status == MH_OK);
        CHECK(caller.body == "{\"msg\":\"Hello John\"}");
        CHECK(caller.type == "application/json");
        peer.join();
        REQUIRE(peer.seen.size() == 1);
        CHECK(peer.seen[0].find("Content-Type: application/json-rpc\r\n") != std::string::npos);
        CHECK(peer.seen[0].find("Accept: application/json\r\n") != std::string::npos);
        CHECK(peer.seen[0].find(
                  "{\"method\":\"Say.Hello\",\"params\":[{\"name\":\"John\"}],\"id\":\"") !=
              std::string::npos);
    }

    TEST_CASE("a node that refuses the connection costs nothing: the second one answers") {
        Rig rig;
        uint16_t closed = 0;
        {
            Peer gone(rig, {});
            closed = gone.port;
        }
        Peer peer(rig, [](Peer& p) {
            int c = p.accept();
            while (!p.request(c).empty()) Peer::send(c, kOk);
            ::close(c);
        });
        registry::Service s{"s", "1", {}, {}, {}};
        s.nodes.push_back({"a", "127.0.0.1:" + std::to_string(closed), {{"protocol", "mucp"}}});
        s.nodes.push_back({"b", "127.0.0.1:" + std::to_string(peer.port), {{"protocol", "mucp"}}});
        rig.feed.upsert(s);
        rig.publish();
        for (int i = 0; i < 20; i++) {
            Caller caller;
            REQUIRE(caller.start("s", "Say.Hello", "{\"n\":1}") == MH_OK);
            REQUIRE(rig.until([&] { return caller.ends; }));
            CHECK(caller.status == MH_OK);
        }
        peer.join();
        for (const std::string& r : peer.seen) {
            CHECK(r.find("Host: 127.0.0.1:" + std::to_string(peer.port)) != std::string::npos);
            CHECK(r.find("\r\nMicro-Endpoint: Say.Hello\r\n") != std::string::npos);
            CHECK(r.ends_with("\r\n\r\n{\"n\":1}"));
        }
        CHECK(peer.seen.size() == 20);
    }

    TEST_CASE("the only node refuses the connection: unreachable, told once") {
        Rig rig;
        uint16_t closed = 0;
        {
            Peer gone(rig, {});
            closed = gone.port;
        }
        rig.node("s", "a", closed);
        Caller caller;
        REQUIRE(caller.start("s", "E.M", "{}") == MH_OK);
        REQUIRE(rig.until([&] { return caller.ends; }));
        CHECK(caller.status == MH_E_UNREACHABLE);
        CHECK(caller.ends == 1);
    }

    TEST_CASE("a connection that dies after the request is an error, and nothing is sent twice") {
        Rig rig;
        Peer peer(rig, [](Peer& p) {
            int c = p.accept();
            p.request(c);
            Peer::send(c, kOk);
            p.request(c);
            ::close(c);  // the second request, on the kept connection, gets no answer
        });
        rig.node("s", "a", peer.port);
        Caller first, second;
        REQUIRE(first.start("s", "E.M", "{}") == MH_OK);
        REQUIRE(rig.until([&] { return first.ends; }));
        REQUIRE(second.start("s", "E.M", "{}") == MH_OK);
        REQUIRE(rig.until([&] { return second.ends; }));
        CHECK(first.status == MH_OK);
        CHECK(second.status == MH_E_IO);
        peer.join();
        CHECK(peer.seen.size() == 2);
    }

    TEST_CASE("no answer in time is a timeout, and the late answer hurts nobody") {
        Rig rig;
        std::atomic<bool> late{false};
        Peer peer(rig, [&](Peer& p) {
            int c = p.accept();
            p.request(c);
            late.wait(false);
            Peer::send(c, kOk);
            ::close(c);
        });
        rig.node("s", "a", peer.port);
        Caller caller;
        REQUIRE(caller.start("s", "E.M", "{}", [](mh_rpc_target& t) { t.timeout_ms = 1; }) ==
                MH_OK);
        REQUIRE(rig.until([&] { return caller.ends; }));
        CHECK(caller.status == MH_E_TIMEOUT);
        late = true;
        late.notify_all();
        peer.join();
        CHECK(caller.ends == 1);
        CHECK(caller.messages == 0);
    }

    TEST_CASE("a cancelled call is silent, also when it is cancelled by its own message") {
        Rig rig;
        Peer peer(rig, [](Peer& p) {
            int c = p.accept();
            p.request(c);
            Peer::send(c, kOk);
            while (!p.request(c).empty()) {
            }
            ::close(c);
        });
        rig.node("s", "a", peer.port);
        Caller inside;
        inside.in_message = [](Caller& self) { rpc::kRpcTable.cancel(self.call); };
        REQUIRE(inside.start("s", "E.M", "{}") == MH_OK);
        REQUIRE(rig.until([&] { return inside.messages; }));
        CHECK(inside.ends == 0);
        Caller before;
        REQUIRE(before.start("s", "E.M", "{}") == MH_OK);
        rpc::kRpcTable.cancel(before.call);
        peer.join();
        CHECK(before.ends == 0);
        CHECK(before.messages == 0);
        const auto& node = rig.engine.snapshot().find("s")->nodes[0];
        CHECK(rig.engine.selector.state(node)->outstanding == 0);
    }

    TEST_CASE("what cannot be called says why") {
        Rig rig;
        rig.node("grpc", "g", 9, {{"protocol", "grpc"}});
        Caller unknown, grpc, broken;
        CHECK(unknown.start("nobody", "E.M", "{}") == MH_E_NOT_FOUND);
        CHECK(grpc.start("grpc", "E.M", "{}") == MH_OK);
        CHECK(grpc.status == MH_E_UNREACHABLE);
        CHECK(grpc.error.find("gRPC") != std::string::npos);
        CHECK(broken.start("grpc", "E\r\nX: y", "{}") == MH_E_INVALID);
        rig.feed.withdraw("grpc", "g");
        rig.publish();
        Caller vanished;
        CHECK(vanished.start("grpc", "E.M", "{}") == MH_E_UNAVAILABLE);
    }

    TEST_CASE("calls are counted by service and outcome") {
        Rig rig;
        Peer peer(rig, [](Peer& p) {
            int c = p.accept();
            while (!p.request(c).empty()) Peer::send(c, kOk);
            ::close(c);
        });
        rig.node("s", "a", peer.port);
        for (int i = 0; i < 3; i++) {
            Caller caller;
            REQUIRE(caller.start("s", "E.M", "{}") == MH_OK);
            REQUIRE(rig.until([&] { return caller.ends; }));
        }
        peer.join();
        bool found = false;
        for (const auto& family : rig.metrics.collect())
            if (family.name == "microhost_rpc_calls_total")
                for (const auto& sample : family.samples)
                    if (sample.values == std::vector<std::string>{"s", "ok"}) {
                        found = true;
                        CHECK(sample.cells[0] == 3);
                    }
        CHECK(found);
    }
}
