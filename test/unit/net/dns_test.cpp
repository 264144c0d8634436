// SPDX-License-Identifier: Apache-2.0
#include "net/dns.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <string>
#include <thread>

using namespace microhost::net;

namespace {

std::string number16(unsigned n) {
    return {static_cast<char>(n >> 8), static_cast<char>(n & 0xff)};
}

std::string labels(std::string_view name) {
    std::string out;
    while (!name.empty()) {
        const size_t dot = std::min(name.find('.'), name.size());
        out += static_cast<char>(dot);
        out += name.substr(0, dot);
        name.remove_prefix(std::min(dot + 1, name.size()));
    }
    return out + '\0';
}

constexpr unsigned kSrv = 33, kTxt = 16, kCname = 5;

std::string record(unsigned type, const std::string& data, unsigned ttl = 300) {
    return std::string("\xc0\x0c") + number16(type) + number16(1) + number16(ttl >> 16) +
           number16(ttl & 0xffff) + number16(static_cast<unsigned>(data.size())) + data;
}

std::string srv(unsigned priority, unsigned weight, unsigned port, std::string_view target) {
    return record(kSrv, number16(priority) + number16(weight) + number16(port) + labels(target));
}

std::string message(const std::vector<std::string>& answers, unsigned type = kSrv,
                    unsigned flags = 0x8180) {
    std::string out = number16(7) + number16(flags) + number16(1) +
                      number16(static_cast<unsigned>(answers.size())) + number16(0) + number16(0) +
                      labels("_xmpp-client._tcp.chat.example") + number16(type) + number16(1);
    for (const std::string& a : answers) out += a;
    return out;
}

/// Answers one question with what it is given, or with nothing.
struct Responder {
    explicit Responder(std::string answer) {
        fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t n = sizeof address;
        REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), n) == 0);
        REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &n) == 0);
        thread = std::thread([this, answer] {
            char question[512];
            sockaddr_in from{};
            socklen_t length = sizeof from;
            const ssize_t got = ::recvfrom(fd, question, sizeof question, 0,
                                           reinterpret_cast<sockaddr*>(&from), &length);
            if (got < 2 || answer.empty()) return;
            std::string reply = answer;
            reply.replace(0, 2, question, 2);
            ::sendto(fd, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
        });
    }
    ~Responder() {
        thread.join();
        ::close(fd);
    }
    int fd;
    sockaddr_in address{};
    std::thread thread;
};

}  // namespace

TEST_SUITE("host/net") {
    TEST_CASE("records of a message") {
        const DnsAnswer a =
            dns_parse(message({record(kCname, labels("other.example")),
                               srv(10, 5, 5222, "one.example"), srv(20, 0, 5223, "two.example")}),
                      DnsType::srv);
        REQUIRE(a.status == MH_OK);
        REQUIRE(a.records.size() == 2);
        CHECK(a.records[0].text == "one.example");
        CHECK(a.records[0].port == 5222);
        CHECK(a.records[0].priority == 10);
        CHECK(a.records[0].weight == 5);
        CHECK(a.records[0].ttl_s == 300);
        const DnsAnswer t =
            dns_parse(message({record(kTxt, "\x03one\x04 two")}, kTxt), DnsType::txt);
        REQUIRE(t.records.size() == 1);
        CHECK(t.records[0].text == "one two");
    }

    TEST_CASE("a service that is decidedly not there, and other records, are no answer") {
        CHECK(dns_parse(message({srv(0, 0, 0, "")}), DnsType::srv).status == MH_E_NOT_FOUND);
        CHECK(dns_parse(message({record(kTxt, "\x01x")}), DnsType::srv).status == MH_E_NOT_FOUND);
        CHECK(dns_parse(message({}), DnsType::srv).status == MH_E_NOT_FOUND);
    }

    TEST_CASE("messages that are cut off or lie about lengths are errors") {
        const std::string good =
            message({srv(10, 5, 5222, "one.example"), record(kTxt, "\x03one")});
        for (size_t n = 0; n < good.size(); n++)
            CHECK(dns_parse(good.substr(0, n), DnsType::srv).status == MH_E_IO);
        CHECK(dns_parse(message({record(kTxt, "\x09one")}, kTxt), DnsType::txt).status == MH_E_IO);
        CHECK(dns_parse(message({record(kSrv, "short")}), DnsType::srv).status == MH_E_IO);
        // A name that points to itself.
        CHECK(dns_parse(message({record(kSrv, std::string(6, '\0') + "\xc0\x4c")}), DnsType::srv)
                  .status == MH_E_IO);
    }

    TEST_CASE("the order is by priority, and within one by weighted chance") {
        const std::vector<DnsRecord> all{{"c", 0, 20, 0, 0},
                                         {"light", 0, 10, 1, 0},
                                         {"heavy", 0, 10, 3, 0},
                                         {"none", 0, 10, 0, 0}};
        auto ordered = [&](uint32_t chance) {
            auto r = all;
            dns_order(r, [&](uint32_t n) { return std::min(chance, n); });
            std::string out;
            for (const DnsRecord& x : r) out += x.text + " ";
            return out;
        };
        CHECK(ordered(0) == "none light heavy c ");
        CHECK(ordered(1) == "light heavy none c ");
        CHECK(ordered(4) == "heavy light none c ");
        std::map<std::string, int> first;
        for (uint32_t chance = 1; chance <= 4; chance++) {
            auto r = all;
            dns_order(r, [&](uint32_t n) { return std::min(chance, n); });
            first[r[0].text]++;
        }
        CHECK(first["light"] == 1);
        CHECK(first["heavy"] == 3);
    }

    TEST_CASE("a server is asked, and its silence and its refusals are told apart") {
        {
            Responder r(message({srv(10, 5, 5222, "one.example")}));
            const DnsAnswer a =
                dns_query("_xmpp-client._tcp.chat.example", DnsType::srv, 5'000, r.address);
            REQUIRE(a.status == MH_OK);
            CHECK(a.records[0].text == "one.example");
        }
        {
            Responder r(message({}, kSrv, 0x8183));  // NXDOMAIN
            CHECK(dns_query("_xmpp-client._tcp.chat.example", DnsType::srv, 5'000, r.address)
                      .status == MH_E_NOT_FOUND);
        }
        {
            Responder r("");
            CHECK(dns_query("_xmpp-client._tcp.chat.example", DnsType::srv, 1'000, r.address)
                      .status == MH_E_TIMEOUT);
        }
    }

    TEST_CASE("what can be a name") {
        for (const char* good : {"a", "_xmpp-client._tcp.chat.example", "example.org.", "1.2.3.4"})
            CHECK(dns_name(good));
        for (const std::string& bad :
             {std::string(), std::string("."), std::string(".a"), std::string("a..b"),
              std::string("a b"), std::string("a\n"), std::string(64, 'a'), std::string("a\0b", 3),
              std::string("caf\xc3\xa9")})
            CHECK_FALSE(dns_name(bad));
    }
}
