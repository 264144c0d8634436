// SPDX-License-Identifier: Apache-2.0
// When what is said, asked, believed and forgotten; time and network are the test's.
#include <doctest/doctest.h>

#include <microhost/json.hpp>

#include "mdns_captured.hpp"
#include "module/abi/tables.hpp"
#include "modules/registry-mdns/announcer.hpp"
#include "modules/registry-mdns/browser.hpp"
#include "modules/registry-mdns/txt.hpp"

using namespace microhost;
using namespace microhost::registry_mdns;

namespace {

struct Packet {
    Message m;
    Air::Reach reach = Air::Reach::link;
    std::string to;
};

struct Recorder final : Air {
    Recorder() { mh::the_table<mh_json> = &module::kJsonTable; }
    static Message parsed(std::string_view packet) {
        auto m = read_message(packet);
        REQUIRE(m);
        return *m;
    }
    void tell(std::string_view packet, Reach reach) override {
        told.push_back({parsed(packet), reach, {}});
    }
    void ask(std::string_view packet) override { asked.push_back({parsed(packet), {}, {}}); }
    void reply(const Source& to, std::string_view packet) override {
        replied.push_back({parsed(packet), {}, std::string(to.address)});
    }
    std::vector<std::string> questions() {
        std::vector<std::string> out;
        for (const Packet& p : std::exchange(asked, {})) out.push_back(p.m.questions.at(0).name);
        return out;
    }
    std::vector<Packet> told, asked, replied;
};

const Source kPeer{"192.0.2.7:5353", 2, 5353, false};
const Source kClient{"192.0.2.7:40000", 2, 40000, false};
const Source kHere{"192.0.2.2:5353", 2, 5353, true};
using Texts = std::vector<std::string>;

Node node(const std::string& id, const char* ip = "192.0.2.9", uint16_t port = 8080) {
    Node n;
    n.service = "greeter", n.version = "1", n.id = id, n.ip = ip_of(ip), n.port = port;
    n.metadata = R"({"protocol":"mucp"})";
    return n;
}

Message announced(const Node& n, const char* domain = "micro", uint32_t ttl = kTtl) {
    return Offer(n, domain, "other").announcement(ttl);
}

Message listed(const char* service, const char* domain = "micro") {
    Node n = node("x");
    n.service = service;
    const Offer o(n, domain, "other");
    return *o.list_answer({o.list, kPtr, kIn});
}

struct Listening {
    Listening() {
        Browser::Reports r;
        r.known.changed = [this](const std::string& json) { changed.push_back(json); };
        r.known.gone = [this](const std::string& s, const std::string& v) {
            gone.push_back(s + " " + v);
        };
        r.synced = [this] { synced++; };
        r.looked_up = [this](const std::string& name) { looked_up.push_back(name); };
        r.complain = [this](const std::string& key, const std::string&) {
            complaints.push_back(key);
        };
        r.ours = [this](std::string_view instance) { return instance == ours; };
        browser =
            std::make_unique<Browser>(air, Texts{"micro", "local"}, Browser::Waits{60'000, 100}, r);
        browser->begin(0);
    }
    Recorder air;
    std::unique_ptr<Browser> browser;
    Texts changed, gone, looked_up, complaints;
    std::string ours;
    int synced = 0;
};

}  // namespace

TEST_SUITE("modules/registry-mdns") {
    TEST_CASE("a node is probed, announced at 0, 1 and 3 seconds, and said goodbye to") {
        Recorder air;
        Announcer a(air, "vm", {"micro"}, 5353);
        a.begin(true, 0);
        REQUIRE(a.add(7, node("greeter-1"), 0).empty());
        uint64_t now = 0, first = 0;
        std::vector<uint64_t> announced_at;
        for (; now <= 10'000; now += 10) {
            const size_t before = air.told.size();
            const int64_t next = a.work(now);
            for (size_t i = before; i < air.told.size(); i++)
                if (air.told[i].m.response()) announced_at.push_back(now);
            if (air.told.size() < 6) CHECK(next >= 0);
        }
        REQUIRE(air.told.size() == 6);
        CHECK(a.work(now) == -1);
        for (int i = 0; i < 3; i++) {
            CHECK_FALSE(air.told[i].m.response());
            CHECK(air.told[i].m.authorities.size() == 2);
        }
        first = announced_at.at(0);
        CHECK(first <= 3 * 260);
        CHECK(announced_at.at(1) - first == 1000);
        CHECK(announced_at.at(2) - first == 3000);
        for (const Record& r : air.told[5].m.answers) CHECK(r.ttl == 120);
        a.remove(7);
        REQUIRE(air.told.size() == 7);
        for (const Record& r : air.told[6].m.answers) CHECK(r.ttl == 0);
        a.remove(7);
        a.goodbye();
        CHECK(air.told.size() == 7);
    }

    TEST_CASE("who takes over announces without probes, and says goodbye for all at the end") {
        Recorder air;
        Announcer a(air, "vm", {"micro", "local"}, 5353);
        a.add(1, node("greeter-1"), 0);
        a.begin(false, 0);
        a.work(0);
        REQUIRE(air.told.size() == 2);
        CHECK(air.told[0].m.response());
        CHECK(air.told[1].m.answers[0].name == "greeter-1.greeter.local");
        a.goodbye();
        CHECK(air.told.size() == 4);
        CHECK(air.told[3].m.answers[0].ttl == 0);
    }

    TEST_CASE("the same node again changes nothing, another one under the key replaces it") {
        Recorder air;
        Announcer a(air, "vm", {"micro"}, 5353);
        a.begin(true, 0);
        a.add(1, node("greeter-1"), 0);
        a.add(1, node("greeter-1"), 0);
        a.work(0);
        CHECK(air.told.size() == 1);
        a.add(1, node("greeter-1", "192.0.2.9", 8081), 0);
        REQUIRE(air.told.size() == 2);
        CHECK(air.told[1].m.answers[0].ttl == 0);
        a.work(0);
        REQUIRE(air.told.size() == 3);
        CHECK(air.told[2].m.authorities[0].port == 8081);
    }

    TEST_CASE("questions are answered where they came from, one datagram a node") {
        Recorder air;
        Announcer a(air, "vm", {"micro"}, 5353);
        a.begin(true, 0);
        a.add(1, node("greeter-1"), 0);
        a.add(2, node("greeter-2"), 0);
        a.answer(query("greeter.micro", 0x1234), kClient, 0);
        REQUIRE(air.replied.size() == 2);
        CHECK(air.replied[0].to == "192.0.2.7:40000");
        CHECK(air.replied[0].m.id == 0);
        CHECK(air.replied[0].m.questions.at(0).name == "greeter.micro");
        CHECK(air.told.empty());
        a.answer(query("_services.micro", 1), kClient, 0);
        CHECK(air.replied.size() == 3);  // a name is listed once
        a.answer(query("other.micro", 1), kClient, 0);
        CHECK(air.replied.size() == 3);
        Message wants_unicast = query("greeter-1.greeter.micro", 77, kSrv);
        wants_unicast.questions[0].klass |= kTopBit;
        a.answer(wants_unicast, kPeer, 0);
        REQUIRE(air.replied.size() == 4);
        CHECK(air.replied[3].m.id == 77);
        CHECK(air.told.empty());
        a.answer(query("greeter-1.greeter.micro", 77, kSrv), kPeer, 0);  // from the shared port
        CHECK(air.replied.size() == 5);
        CHECK(air.told.size() == 1);
    }

    TEST_CASE("a node on loopback is told to this machine only") {
        Recorder air;
        Announcer a(air, "vm", {"micro"}, 5353);
        a.begin(false, 0);
        a.add(1, node("greeter-1", "127.0.0.1"), 0);
        a.work(0);
        CHECK(air.told.at(0).reach == Air::Reach::machine);
        a.answer(query("greeter.micro", 1), kClient, 0);
        a.answer(query("_services.micro", 1), kClient, 0);
        CHECK(air.replied.empty());
        a.answer(query("greeter.micro", 1), kHere, 0);
        a.answer(query("_services.micro", 1), kHere, 0);
        CHECK(air.replied.size() == 2);
    }

    TEST_CASE("what does not fit into a datagram or a name is refused with what to do") {
        Recorder air;
        Announcer a(air, "vm", {"micro"}, 5353);
        a.begin(true, 0);
        Node big = node("greeter-1");
        std::minstd_rand chance(1);
        big.metadata = R"({"k":")";
        for (int i = 0; i < 9000; i++) big.metadata += static_cast<char>('a' + chance() % 26);
        big.metadata += "\"}";
        const std::string why = a.add(1, big, 0);
        CHECK(why.find("8952") != std::string::npos);
        CHECK(why.find("registry-etcd") != std::string::npos);
        Node odd = node(std::string(64, 'x'));
        CHECK(a.add(2, odd, 0).find("63 bytes") != std::string::npos);
        a.work(0);
        CHECK(air.told.empty());
        CHECK_FALSE(a.owns("greeter-1.greeter.micro"));
    }

    TEST_CASE("a flood of questions is answered only so often a second") {
        Recorder air;
        Announcer a(air, "vm", {"micro"}, 5353);
        a.begin(true, 0);
        a.add(1, node("greeter-1"), 0);
        for (int i = 0; i < 3000; i++) a.answer(query("greeter.micro", 1), kClient, 10);
        CHECK(air.replied.size() == 1000);
        a.answer(query("greeter.micro", 1), kClient, 1500);
        CHECK(air.replied.size() == 1001);
    }

    TEST_CASE(
        "the list is asked for at once, then its names, and when these are answered it is synced") {
        Listening l;
        l.browser->work(0);
        CHECK(l.air.questions() == Texts{"_services.micro", "_services.local"});
        l.browser->take(listed("greeter"), kPeer, 20);
        l.browser->take(listed("greeter"), kPeer, 30);
        CHECK(l.air.questions() == Texts{"greeter.micro", "greeter.local"});
        l.browser->work(110);
        CHECK(l.synced == 0);  // nobody has told of greeter yet
        l.browser->take(announced(node("greeter-1")), kPeer, 120);
        CHECK(l.synced == 1);
        REQUIRE(l.changed.size() == 1);
        CHECK(
            l.changed[0] ==
            R"({"name":"greeter","version":"1","metadata":null,"endpoints":null,"nodes":[{"id":"greeter-1",)"
            R"("address":"192.0.2.9:8080","metadata":{"protocol":"mucp"}}]})");
        l.browser->work(1100);
        CHECK(l.air.questions() == Texts{"_services.micro", "_services.local"});
    }

    TEST_CASE(
        "where nobody answers it is synced after the wait, and a name without nodes is not waited "
        "for longer") {
        Listening quiet, dead;
        quiet.browser->work(0);
        quiet.browser->work(99);
        CHECK(quiet.synced == 0);
        quiet.browser->work(100);
        CHECK(quiet.synced == 1);
        dead.browser->work(0);
        dead.browser->take(listed("dead"), kPeer, 10);
        dead.browser->work(400);
        CHECK(dead.synced == 0);
        dead.browser->work(500);
        CHECK(dead.synced == 1);
    }

    TEST_CASE("a look-up is over with the first answer, or after three tenths of a second") {
        Listening l;
        l.browser->work(0);
        l.air.questions();
        l.browser->look_up("greeter", 1000);
        CHECK(l.air.questions() == Texts{"greeter.micro", "greeter.local"});
        l.browser->look_up("greeter", 1001);
        CHECK(l.air.asked.empty());
        l.browser->take(announced(node("greeter-1"), "local"), kPeer, 1003);
        CHECK(l.looked_up == Texts{"greeter"});
        CHECK(l.changed.size() == 1);
        l.browser->look_up("nobody", 2000);
        l.browser->work(2100);
        CHECK(l.air.questions().size() >= 2);
        l.browser->work(2200);
        CHECK(l.looked_up.size() == 1);
        l.browser->work(2300);
        CHECK(l.looked_up.back() == "nobody");
        for (const char* odd : {"", "a..b", "\xff", "a\nb"}) {
            l.browser->look_up(odd, 3000);
            CHECK(l.looked_up.back() == odd);
        }
        l.air.questions();
        for (int i = 0; i < 300; i++) l.browser->look_up("many" + std::to_string(i), 4000);
        CHECK(l.air.asked.size() == 2 * Browser::kMostLookUps);
    }

    TEST_CASE("a node is asked for again at four fifths of its time, and is gone after it") {
        Listening l;
        l.browser->take(announced(node("greeter-1")), kPeer, 0);
        l.browser->work(0);
        l.air.questions();
        const auto asks = [&](uint64_t now) {
            l.browser->work(now);
            const Texts all = l.air.questions();
            return std::count(all.begin(), all.end(), "greeter.micro");
        };
        CHECK(asks(95'000) == 0);
        CHECK(asks(96'000) == 1);
        CHECK(asks(96'500) == 0);
        CHECK(asks(102'000) == 1);
        l.browser->take(announced(node("greeter-1")), kPeer, 103'000);  // it lives
        CHECK(l.changed.size() == 1);
        CHECK(asks(121'000) == 0);
        CHECK(l.gone.empty());
        CHECK(asks(103'000 + 96'000) == 1);
        CHECK(asks(103'000 + 120'000) == 0);
        CHECK(l.gone == Texts{"greeter 1"});
    }

    TEST_CASE("a goodbye ends one node, others stay; a changed node is told again") {
        Listening l;
        l.browser->take(announced(node("greeter-1")), kPeer, 0);
        l.browser->take(announced(node("greeter-2", "192.0.2.10")), kPeer, 0);
        REQUIRE(l.changed.size() == 2);
        CHECK(l.changed[1].find("greeter-1") != std::string::npos);
        l.browser->take(announced(node("greeter-1"), "micro", 0), kPeer, 10);
        REQUIRE(l.changed.size() == 3);
        CHECK(l.changed[2].find("greeter-1") == std::string::npos);
        l.browser->take(announced(node("greeter-2", "192.0.2.10", 9)), kPeer, 20);
        CHECK(l.changed.back().find("192.0.2.10:9\"") != std::string::npos);
        Node newer = node("greeter-2", "192.0.2.10", 9);
        newer.version = "2";
        l.browser->take(announced(newer), kPeer, 30);
        CHECK(l.gone == Texts{"greeter 1"});
        l.browser->take(announced(newer, "micro", 0), kPeer, 40);
        CHECK(l.gone.back() == "greeter 2");
        CHECK(l.browser->known().size() == 0);
    }

    TEST_CASE("a node in two domains is one node") {
        Listening l;
        l.browser->take(announced(node("greeter-1")), kPeer, 0);
        l.browser->take(announced(node("greeter-1"), "local"), kPeer, 0);
        CHECK(l.changed.back() == l.changed.front());
        l.browser->take(announced(node("greeter-1"), "local", 0), kPeer, 0);
        CHECK(l.gone.empty());
    }

    TEST_CASE(
        "loopback is believed of this machine only, and addresses that nobody reaches never") {
        Listening l;
        l.browser->take(announced(node("a", "127.0.0.1")), kPeer, 0);
        CHECK(l.changed.empty());
        CHECK(l.complaints == Texts{"loopback 192.0.2.7"});
        l.browser->take(announced(node("a", "127.0.0.1")), kHere, 0);
        CHECK(l.changed.size() == 1);
        for (const char* ip :
             {"0.0.0.0", "224.0.0.1", "255.255.255.255", "fe80::1", "::", "ff02::fb"})
            l.browser->take(announced(node("b", ip)), kHere, 0);
        CHECK(l.changed.size() == 1);
        Message both = announced(node("c", "fd00::9"));
        both.answers.push_back(announced(node("c", "192.0.2.9")).answers[1]);
        l.browser->take(both, kPeer, 0);
        CHECK(l.changed.back().find("\"192.0.2.9:8080\"") != std::string::npos);
        l.browser->take(announced(node("d", "fd00::9")), kPeer, 0);
        CHECK(l.changed.back().find("\"[fd00::9]:8080\"") != std::string::npos);
    }

    TEST_CASE(
        "our own nodes, other domains, and names that are not what the text says are left out") {
        Listening l;
        l.ours = "greeter-1.greeter.micro";
        l.browser->take(announced(node("greeter-1")), kHere, 0);
        l.browser->take(announced(node("greeter-2"), "example"), kPeer, 0);
        Message wrong = announced(node("greeter-3"));
        for (Record& r : wrong.answers)
            if (r.type != kA) r.name = "greeter-3.bank.micro";
        l.browser->take(wrong, kPeer, 0);
        Message odd = announced(node("a\x01"));
        l.browser->take(odd, kPeer, 0);
        l.browser->take(listed("\xff\xfe"), kPeer, 0);
        l.browser->work(0);
        CHECK(l.changed.empty());
        CHECK(l.complaints.size() == 2);
        CHECK(l.air.questions() == Texts{"_services.micro", "_services.local"});
    }

    TEST_CASE("nodes and names beyond the bound are left out, with a complaint") {
        Listening l;
        for (size_t i = 0; i < Known::kMostNodes + 10; i++) {
            Node n = node("n" + std::to_string(i));
            n.service = "s" + std::to_string(i % 500);
            l.browser->take(announced(n), kPeer, 0);
            l.changed.clear();
        }
        CHECK(l.browser->known().size() == Known::kMostNodes);
        CHECK(l.complaints == Texts(10, "full"));
        l.browser->take(announced(node("n1"), "micro", 0), kPeer, 0);
        l.complaints.clear();
        for (size_t i = 0; i < Browser::kMostNames + 100; i++)
            l.browser->take(listed(("x" + std::to_string(i)).c_str()), kPeer, 0);
        CHECK_FALSE(l.complaints.empty());
        CHECK(l.air.asked.size() <= 2 * 500);
    }

    TEST_CASE("a service of very many nodes is not told again for each of them") {
        Listening l;
        for (int i = 0; i < 1000; i++)
            l.browser->take(announced(node("n" + std::to_string(i))), kPeer, 0);
        CHECK(l.changed.size() < 70);
        CHECK(l.browser->busy());
        const size_t before = l.changed.size();
        l.browser->work(100);
        CHECK(l.changed.size() == before + 1);
        CHECK(l.changed.back().find("\"n999\"") != std::string::npos);
        CHECK_FALSE(l.browser->busy());
    }

    TEST_CASE("the captured announcements of go-micro become its services") {
        Listening l;
        Node n;
        REQUIRE(read_txt(captured::kGreeterJson, n));
        n.id = "go.micro.srv.mdnsgreeter-m1", n.ip = ip_of("127.0.0.1"), n.port = 18201;
        Offer o(n, "micro", "vm");
        o.texts = captured::kGreeterTexts;
        l.browser->take(o.announcement(kTtl), kHere, 0);
        REQUIRE(l.changed.size() == 1);
        const mh::json_document service(l.changed[0]);
        REQUIRE(service);
        CHECK(service.root()["name"].string() == "go.micro.srv.mdnsgreeter");
        CHECK(service.root()["version"].string() == "9.9.9");
        CHECK(service.root()["endpoints"].count() == 4);
        CHECK(service.root()["nodes"].at(0)["address"].string() == "127.0.0.1:18201");
        CHECK(service.root()["nodes"].at(0)["metadata"]["protocol"].string() == "mucp");
    }
}
