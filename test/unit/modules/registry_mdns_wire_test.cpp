// SPDX-License-Identifier: Apache-2.0
// What crosses the wire, held against what go-micro sent (lengths are those of the captured datagrams).
#include <doctest/doctest.h>

#include <microhost/json.hpp>

#include "mdns_captured.hpp"
#include "module/abi/tables.hpp"
#include "modules/registry-mdns/known.hpp"
#include "modules/registry-mdns/records.hpp"
#include "modules/registry-mdns/txt.hpp"

using namespace microhost;
using namespace microhost::registry_mdns;
using namespace std::string_literals;

namespace {

struct Json {
    Json() { mh::the_table<mh_json> = &module::kJsonTable; }
};

Offer offer_of(const std::string& json, const std::vector<std::string>& texts,
               const std::string& id, uint16_t port, const char* domain) {
    Node n;
    REQUIRE(read_txt(json, n));
    n.id = id;
    n.ip = ip_of("127.0.0.1");
    n.port = port;
    Offer o(n, domain, "vm");
    o.texts = texts;
    return o;
}

Offer greeter() {
    return offer_of(captured::kGreeterJson, captured::kGreeterTexts, "go.micro.srv.mdnsgreeter-m1",
                    18201, "micro");
}

/// As the captured replies were: go-micro 1.18 left the question out, later ones want it.
size_t size_without_question(Message m) {
    m.questions.clear();
    return write_message(m, true).size();
}

std::string bytes_of(const std::string& head, const std::string& rest) { return head + rest; }

/// A head with these counts, id 0, a response.
std::string head(int questions, int answers) {
    return "\0\0\x84\0\0"s + static_cast<char>(questions) + "\0"s + static_cast<char>(answers) +
           "\0\0\0\0"s;
}

}  // namespace

TEST_SUITE("modules/registry-mdns") {
    TEST_CASE("captured text records are read, and written again as they were") {
        Json json;
        const std::pair<std::vector<std::string>, std::string> all[] = {
            {captured::kGreeterTexts, captured::kGreeterJson},
            {captured::kBrokerTexts, captured::kBrokerJson},
            {captured::kOldTexts, captured::kOldJson}};
        for (const auto& [texts, decoded] : all) {
            const auto got = decode_txt(texts);
            REQUIRE(got);
            CHECK(*got == decoded);
            Node n;
            REQUIRE(read_txt(*got, n));
            CHECK(txt_json(n) == decoded);
            const auto ours = encode_txt(decoded);
            for (const std::string& t : ours) CHECK(t.size() <= 255);
            CHECK(ours[0].substr(0, 4) ==
                  texts[0].substr(0, 4));  // zlib, its usual window and level
            CHECK(decode_txt(ours) == decoded);
        }
    }

    TEST_CASE("our datagrams are as long as go-micro's with the same text records") {
        Json json;
        const Offer o = greeter();
        CHECK(write_message(o.probe(0xad31), false).size() == 773);
        CHECK(write_message(o.announcement(kTtl), false).size() == 727);
        CHECK(write_message(o.announcement(0), false).size() == 727);
        CHECK(write_message(query("go.micro.srv.mdnsgreeter.micro", 1), false).size() == 48);
        CHECK(write_message(query("_services.micro", 1), false).size() == 33);
        const auto answer = o.answer({"go.micro.srv.mdnsgreeter.micro", kPtr, kIn});
        REQUIRE(answer);
        CHECK(size_without_question(*answer) == 681);
        const auto list = o.list_answer({"_services.micro", kPtr, kIn});
        REQUIRE(list);
        CHECK(size_without_question(*list) == 116);
        const Offer broker = offer_of(
            captured::kBrokerJson, captured::kBrokerTexts,
            "go.micro.srv.mdnsgreeter-d38ee2e9-d31b-4989-9d5d-f7c46af75ee4", 18203, "micro");
        CHECK(write_message(broker.probe(1), false).size() == 578);
        CHECK(write_message(broker.announcement(kTtl), false).size() == 502);
        const Offer old = offer_of(captured::kOldJson, captured::kOldTexts,
                                   "go.micro.srv.greeter-g11", 18302, "local");
        CHECK(write_message(old.announcement(kTtl), false).size() == 721);
        CHECK(write_message(old.probe(1), false).size() == 760);
        CHECK(size_without_question(*old.answer({"go.micro.srv.greeter.local", kPtr, kIn})) == 682);
        CHECK(size_without_question(*old.list_answer({"_services.local", kPtr, kIn})) == 112);
    }

    TEST_CASE("the records of a reply are Micro's, with the question that later versions want") {
        Json json;
        const auto m = greeter().answer({"go.micro.srv.mdnsgreeter.micro", kPtr, kIn});
        const auto read = read_message(write_message(*m, true));
        REQUIRE(read);
        CHECK(read->flags == 0x8400);
        CHECK(read->id == 0);
        REQUIRE(read->questions.size() == 1);
        CHECK(read->questions[0].name == "go.micro.srv.mdnsgreeter.micro");
        const auto& a = read->answers;
        REQUIRE(a.size() == 4);
        const std::string instance = "go.micro.srv.mdnsgreeter-m1.go.micro.srv.mdnsgreeter.micro";
        CHECK((a[0].type == kPtr && a[0].ttl == 120 && a[0].target == instance));
        CHECK((a[1].type == kSrv && a[1].name == instance && a[1].target == "vm"));
        CHECK((a[1].priority == 10 && a[1].weight == 1 && a[1].port == 18201));
        CHECK((a[2].type == kA && a[2].name == "vm" && a[2].address == "\x7f\0\0\1"s));
        CHECK((a[3].type == kTxt && a[3].texts == captured::kGreeterTexts));
        const auto list = greeter().list_answer({"_services.micro", kPtr, kIn});
        CHECK(list->answers[0].target == "go.micro.srv.mdnsgreeter._services.micro");
        CHECK((list->answers[1].port == 9999 && list->answers[2].address == "\0\0\0\0"s));
        CHECK(list->answers[3].texts.empty());
    }

    TEST_CASE("each type that is asked for is answered, and nothing else") {
        Json json;
        const Offer o = greeter();
        const auto types = [](const std::optional<Message>& m) {
            std::vector<uint16_t> out;
            if (m)
                for (const Record& r : m->answers) out.push_back(r.type);
            return out;
        };
        using T = std::vector<uint16_t>;
        CHECK(types(o.answer({o.instance, kAny, kIn})) == T{kSrv, kA, kTxt});
        CHECK(types(o.answer({o.instance, kSrv, kIn})) == T{kSrv, kA});
        CHECK(types(o.answer({o.instance, kTxt, kIn})) == T{kTxt});
        CHECK(types(o.answer({o.instance, kPtr, kIn})).empty());
        CHECK(types(o.answer({o.service, kAny, kIn})) == T{kPtr, kSrv, kA, kTxt});
        CHECK(types(o.answer({"GO.MICRO.SRV.mdnsgreeter.MICRO", kPtr, kIn})).size() == 4);
        CHECK(types(o.answer({o.service, kTxt, kIn})).empty());
        CHECK(types(o.answer({"vm", kA, kIn})) == T{kA});
        CHECK(types(o.answer({"vm", kAaaa, kIn})).empty());
        CHECK(types(o.answer({"go.micro.srv.mdnsgreeter.local", kPtr, kIn})).empty());
        CHECK(types(o.answer({"", kAny, kIn})).empty());
        CHECK(types(o.list_answer({o.listed, kSrv, kIn})) == T{kSrv, kA});
    }

    TEST_CASE("what a message tells is a node only when all of it is there") {
        Json json;
        const Offer o = greeter();
        Message m = o.announcement(kTtl);
        REQUIRE(nodes_of(m).size() == 1);
        CHECK(nodes_of(m)[0].ips == std::vector{"\x7f\0\0\1"s});
        std::swap(m.answers, m.additionals);
        CHECK(nodes_of(m).size() == 1);
        std::swap(m.answers, m.additionals);
        for (size_t i = 0; i < 3; i++) {
            Message less = m;
            less.answers.erase(less.answers.begin() + static_cast<long>(i));
            CHECK(nodes_of(less).empty());
        }
        CHECK(nodes_of(o.probe(1)).empty());
        m.answers[0].ttl = 0;
        m.answers.resize(1);
        REQUIRE(nodes_of(m).size() == 1);
        CHECK(nodes_of(m)[0].ttl == 0);
        CHECK(names_of(*o.list_answer({"_services.micro", kPtr, kIn}), "micro") ==
              std::vector{"go.micro.srv.mdnsgreeter"s});
        CHECK(names_of(*o.list_answer({"_services.micro", kPtr, kIn}), "local").empty());
    }

    TEST_CASE("names with dots, backslashes and other bytes in a label come back as they were") {
        const std::string label = "a.b\\c \x01\xff";
        const std::string wire =
            head(1, 0) + static_cast<char>(label.size()) + label + "\5micro\0\0\x0c\0\1"s;
        const auto m = read_message(wire);
        REQUIRE(m);
        CHECK(m->questions[0].name == "a\\.b\\\\c \x01\xff.micro");
        CHECK(text_of(*before(m->questions[0].name, "micro")) == label);
        CHECK(write_message(*m, false) == wire);
        CHECK_FALSE(before("a\\.micro", "micro"));
        CHECK(before("a\\\\.micro", "micro"));
        CHECK_FALSE(before(".micro", "micro"));
        CHECK_FALSE(before("micro", "micro"));
    }

    TEST_CASE("names that do not fit are not written") {
        CHECK(name_fits(std::string(63, 'x') + ".micro"));
        CHECK_FALSE(name_fits(std::string(64, 'x') + ".micro"));
        CHECK_FALSE(name_fits("a..b"));
        CHECK_FALSE(name_fits(".a"));
        CHECK_FALSE(name_fits("a."));
        CHECK_FALSE(name_fits("a\\"));
        std::string longest = "x";
        while (longest.size() < 252) longest += ".x";
        CHECK(name_fits(longest));
        CHECK_FALSE(name_fits(longest + ".x"));
        CHECK(write_message(query(std::string(64, 'x'), 1), false).empty());
    }

    TEST_CASE("pointers that lead in circles, forwards or nowhere end the reading") {
        const std::string question = "\0\x0c\0\1"s;
        for (const std::string& name :
             {"\xc0\x0c"s, "\xc0\x0d"s, "\xc0\xff"s, "\xc0"s, "\1a\xc0\x0c"s, "\1a\xc0\x0e"s,
              "\x40"
              "a"s,
              "\x80"
              "a"s,
              "\x3f"
              "ab"s,
              "\5abc"s, ""s})
            CHECK_FALSE(read_message(bytes_of(head(1, 0), name + question)));
        // Two names that point at each other.
        CHECK_FALSE(read_message(head(2, 0) + "\xc0\x12"s + question + "\xc0\x0c"s + question));
        // A long chain that ends is no loop, but the name becomes too long.
        std::string chain = "\x3f"s + std::string(63, 'x') + "\0"s + question;
        std::string wire = head(6, 0) + chain;
        size_t last = 12;
        for (int i = 0; i < 5; i++) {
            const size_t here = wire.size();
            wire += "\x3f"s + std::string(63, 'y') + static_cast<char>(0xc0 | last >> 8) +
                    static_cast<char>(last & 0xff) + question;
            last = here;
        }
        CHECK_FALSE(read_message(wire));
    }

    TEST_CASE("records that are cut short or lie about their length are no message") {
        Json json;
        const std::string whole = write_message(greeter().announcement(kTtl), false);
        REQUIRE(read_message(whole));
        for (size_t n = 0; n < whole.size(); n++) CHECK_FALSE(read_message(whole.substr(0, n)));
        const std::string owner = "\1a\0"s;
        const auto record = [&](const std::string& type, const std::string& data, int size) {
            return head(0, 1) + owner + type + "\0\1\0\0\0\x78\0"s + static_cast<char>(size) + data;
        };
        CHECK(read_message(record("\0\1"s, "\1\2\3\4"s, 4)));
        CHECK_FALSE(read_message(record("\0\1"s, "\1\2\3"s, 3)));
        CHECK_FALSE(read_message(record("\0\x1c"s, "\1\2\3\4"s, 4)));
        CHECK_FALSE(read_message(record("\0\x10"s, "\5ab"s, 3)));
        CHECK_FALSE(read_message(record("\0\x0c"s, "\1b\0x"s, 4)));
        CHECK_FALSE(read_message(record("\0\x21"s, "\0\1"s, 2)));
        CHECK(read_message(record("\0\x2f"s, "anything"s, 8)));
        CHECK_FALSE(read_message("\0\0\x84\0\xff\xff\xff\xff\xff\xff\xff\xff"s));
    }

    TEST_CASE("text that unpacks to megabytes is given up early") {
        const std::string json(3 * 1024 * 1024, ' ');
        const auto bomb = encode_txt(json);
        size_t bytes = 0;
        for (const std::string& t : bomb) bytes += t.size();
        CHECK(bytes < 9000);
        CHECK_FALSE(decode_txt(bomb));
        CHECK(decode_txt(encode_txt(std::string(kMostJson, ' '))));
        CHECK_FALSE(decode_txt(encode_txt(std::string(kMostJson + 1, ' '))));
    }

    TEST_CASE(
        "text that is no hex, no zlib, cut or followed by something is refused or read to its "
        "end") {
        const auto good = encode_txt("{}");
        CHECK(decode_txt(good) == "{}");
        CHECK_FALSE(decode_txt({}));
        CHECK_FALSE(decode_txt({""}));
        CHECK_FALSE(decode_txt({"zz"}));
        CHECK_FALSE(decode_txt({good[0] + "0"}));
        CHECK_FALSE(decode_txt({"00"}));
        CHECK_FALSE(decode_txt({"789c"}));
        CHECK_FALSE(decode_txt({good[0].substr(0, good[0].size() - 2)}));
        CHECK(decode_txt({good[0].substr(0, 3), good[0].substr(3)}) == "{}");
        std::string upper = good[0];
        for (char& c : upper) c = static_cast<char>(toupper(c));
        CHECK(decode_txt({upper}) == "{}");
    }

    TEST_CASE("JSON that is not Micro's is no node") {
        Json json;
        Node n;
        const char* bad[] = {
            "",
            "[]",
            "{}",
            R"({"Service":""})",
            R"({"Service":5})",
            R"({"Service":"a\u0001"})",
            R"({"Service":"a","Version":1})",
            R"({"Service":"a","Endpoints":{}})",
            R"({"Service":"a","Endpoints":[1]})",
            R"({"Service":"a","Endpoints":[{"name":""}]})",
            R"({"Service":"a","Endpoints":[{"name":"x","request":[]}]})",
            R"({"Service":"a","Endpoints":[{"name":"x","request":{"values":[null]}}]})",
            R"({"Service":"a","Metadata":{"k":1}})",
            R"({"Service":"a","Metadata":[]})"};
        for (const char* text : bad) {
            CAPTURE(text);
            CHECK_FALSE(read_txt(text, n));
        }
        CHECK(read_txt(R"({"Service":"a","More":[{}],"Endpoints":[{"name":"x","more":1}]})", n));
        CHECK(n.endpoints == R"([{"name":"x","request":null,"response":null,"metadata":null}])");
    }

    TEST_CASE("what the host wants announced must have a place to which others can connect") {
        Json json;
        Node n;
        const auto with = [&](const char* address) {
            return read_service(
                R"({"name":"s","version":"1","endpoints":[{"name":"A.B","request":null}],
                "nodes":[{"id":"s-1","address":")" +
                    std::string(address) + R"("}]})",
                n);
        };
        CHECK(with("192.0.2.9:8080").empty());
        CHECK(address_text(n.ip, n.port) == "192.0.2.9:8080");
        CHECK(with("[fd00::9]:8080").empty());
        CHECK(address_text(n.ip, n.port) == "[fd00::9]:8080");
        for (const char* address :
             {"", "host:80", "192.0.2.9", "192.0.2.9:0", "0.0.0.0:80", "[::]:80", "224.0.0.1:80",
              "[fe80::1]:80", "192.0.2.9:99999", ":80"}) {
            CAPTURE(address);
            CHECK(with(address).find("cannot connect") != std::string::npos);
        }
        CHECK_FALSE(read_service("{", n).empty());
        CHECK_FALSE(read_service(R"({"name":"s","nodes":[]})", n).empty());
    }
}
