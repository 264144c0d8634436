// SPDX-License-Identifier: Apache-2.0
#include "http/websocket_frames.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

using namespace microhost::http;
using namespace std::string_literals;

namespace {

/// What was understood, as one line each.
struct Record final : WsEvents {
    std::vector<std::string> lines;

    void on_ws_message(WsOpcode o, std::string_view m) override {
        lines.push_back((o == WsOpcode::text ? "text " : "binary ") + std::string(m));
    }
    void on_ws_ping(std::string_view p) override { lines.push_back("ping " + std::string(p)); }
    void on_ws_pong() override { lines.push_back("pong"); }
    void on_ws_close(uint16_t code, std::string_view reason) override {
        lines.push_back("close " + std::to_string(code) + " " + std::string(reason));
    }
    void on_ws_violation(uint16_t code, const char*) override {
        lines.push_back("violation " + std::to_string(code));
    }
};

/// A frame as a client sends it.
std::string frame(unsigned first, const std::string& payload, bool masked = true) {
    std::string out(1, static_cast<char>(first));
    const unsigned mask = masked ? 0x80 : 0;
    if (payload.size() <= 125) {
        out += static_cast<char>(mask | payload.size());
    } else {
        out += static_cast<char>(mask | 126);
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size() & 0xff);
    }
    const std::string key = "\x12\x34\x56\x78";
    if (masked) out += key;
    for (size_t i = 0; i < payload.size(); i++)
        out += static_cast<char>(masked ? payload[i] ^ key[i % 4] : payload[i]);
    return out;
}

std::vector<std::string> read(const std::string& bytes, size_t piece, uint64_t max = 1000,
                              WsEnd peer = WsEnd::client) {
    Record record;
    WsReader reader(record, peer, max);
    for (size_t at = 0; at < bytes.size(); at += piece) {
        // In memory of its own, so that a sanitizer sees a read behind its end.
        const std::vector<char> part(
            bytes.begin() + static_cast<long>(at),
            bytes.begin() + static_cast<long>(std::min(bytes.size(), at + piece)));
        reader.feed({part.data(), part.size()});
    }
    return record.lines;
}

using Lines = std::vector<std::string>;

constexpr unsigned kFin = 0x80;

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE("websocket frames are understood however they are cut") {
        struct Row {
            const char* what;
            std::string bytes;
            Lines expected;
        };
        const std::string big(300, 'x');
        const std::vector<Row> rows = {
            {"a text", frame(kFin | 1, "hello"), {"text hello"}},
            {"an empty text", frame(kFin | 1, ""), {"text "}},
            {"a long one", frame(kFin | 2, big), {"binary " + big}},
            {"two", frame(kFin | 1, "a") + frame(kFin | 2, "b"), {"text a", "binary b"}},
            {"fragments", frame(1, "he") + frame(0, "l") + frame(kFin, "lo"), {"text hello"}},
            {"a ping between fragments",
             frame(1, "he") + frame(kFin | 9, "p") + frame(kFin, "y"),
             {"ping p", "text hey"}},
            {"UTF-8 cut between fragments",
             frame(1, "\xc3") + frame(kFin, "\xa4"),
             {"text \xc3\xa4"}},
            {"a pong", frame(kFin | 10, "x"), {"pong"}},
            {"a close without a code", frame(kFin | 8, ""), {"close 1005 "}},
            {"a close",
             frame(kFin | 8,
                   "\x03\xe8"
                   "bye"),
             {"close 1000 bye"}},
            {"a private code", frame(kFin | 8, "\x0f\xa0"), {"close 4000 "}},
            {"nothing behind a close",
             frame(kFin | 8, "") + frame(kFin | 1, "late"),
             {"close 1005 "}},
        };
        for (const Row& row : rows)
            for (size_t piece : {size_t{1}, size_t{3}, size_t{100'000}}) {
                CAPTURE(row.what);
                CAPTURE(piece);
                CHECK(read(row.bytes, piece) == row.expected);
            }
    }

    TEST_CASE("what breaks the rules of websockets ends them with the right code") {
        struct Row {
            const char* what;
            std::string bytes;
            const char* expected;
        };
        const std::vector<Row> rows = {
            {"not masked", frame(kFin | 1, "hello", false), "violation 1002"},
            {"reserved bit", frame(kFin | 0x40 | 1, "hello"), "violation 1002"},
            {"reserved opcode", frame(kFin | 3, "hello"), "violation 1002"},
            {"reserved control opcode", frame(kFin | 11, "hello"), "violation 1002"},
            {"control frame in fragments", frame(9, "p"), "violation 1002"},
            {"long control frame", frame(kFin | 9, std::string(126, 'p')), "violation 1002"},
            {"a continuation of nothing", frame(kFin, "x"), "violation 1002"},
            {"a new message within another", frame(1, "a") + frame(kFin | 1, "b"),
             "violation 1002"},
            {"half a close code", frame(kFin | 8, "\x03"), "violation 1002"},
            {"a close code that is never sent", frame(kFin | 8, "\x03\xed"), "violation 1002"},
            {"a close code below 1000", frame(kFin | 8, "\x01\x01"), "violation 1002"},
            {"a close code above 4999", frame(kFin | 8, "\x13\x88"), "violation 1002"},
            {"a reason that is not UTF-8", frame(kFin | 8, "\x03\xe8\xff"), "violation 1007"},
            {"overlong UTF-8", frame(kFin | 1, "\xc0\x80"), "violation 1007"},
            {"a surrogate", frame(kFin | 1, "\xed\xa0\x80"), "violation 1007"},
            {"half a character", frame(kFin | 1, "\xc3"), "violation 1007"},
            {"too big", frame(kFin | 2, std::string(1001, 'x')), "violation 1009"},
            {"too big in fragments",
             frame(2, std::string(600, 'x')) + frame(0, std::string(401, 'x')), "violation 1009"},
            {"longer than memory",
             "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff"
             "abcdefgh"s,
             "violation 1009"},
            {"a length above 2^63",
             "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"
             "abcdefgh"s,
             "violation 1002"},
        };
        for (const Row& row : rows)
            for (size_t piece : {size_t{1}, size_t{100'000}}) {
                CAPTURE(row.what);
                CAPTURE(piece);
                CHECK(read(row.bytes, piece) == Lines{row.expected});
            }
        CHECK(read(frame(kFin | 2, std::string(1000, 'x')), 7).at(0).starts_with("binary "));
    }

    TEST_CASE("no noise brings the reader of websocket frames down") {
        std::mt19937 random(7);
        for (int round = 0; round < 2'000; round++) {
            std::string bytes;
            for (int i = 0; i < 40; i++) {
                if (random() % 3)
                    bytes += frame(random() & 0xff, std::string(random() % 140, 'a'), random() % 9);
                else
                    bytes += static_cast<char>(random());
            }
            const Lines lines = read(bytes, 1 + random() % 200, 300);
            for (size_t i = 0; i + 1 < lines.size(); i++)
                REQUIRE_FALSE(lines[i].starts_with("violation"));
        }
    }

    TEST_CASE("heads of websocket frames use the shortest length") {
        char out[kWsHead];
        auto head = [&](uint64_t n) {
            return std::string(out, write_ws_head(out, WsOpcode::binary, n));
        };
        CHECK(head(0) == "\x82\x00"s);
        CHECK(head(125) == "\x82\x7d"s);
        CHECK(head(126) == "\x82\x7e\x00\x7e"s);
        CHECK(head(65535) == "\x82\x7e\xff\xff"s);
        CHECK(head(65536) == "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s);
    }

    TEST_CASE("frames of a server are read without a mask, and refused with one") {
        const auto read_as_client = [](const std::string& bytes) {
            return read(bytes, 3, 1000, WsEnd::server);
        };
        CHECK(read_as_client(frame(kFin | 1, "hello", false) + frame(kFin | 9, "p", false)) ==
              Lines{"text hello", "ping p"});
        CHECK(read_as_client(frame(kFin | 1, "hello")) == Lines{"violation 1002"});
    }

    TEST_CASE("frames of a client are masked, and a server's reader takes the mask off") {
        const WsMask mask{0x37, 0xfa, 0x21, 0x3d};
        CHECK(masked_ws_frame(WsOpcode::text, "Hello", mask) ==
              "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s);  // RFC 6455 section 5.7
        for (const size_t n : {0, 1, 3, 4, 125, 126, 999}) {
            CAPTURE(n);
            const std::string text(n, 'x');
            const std::string bytes = masked_ws_frame(WsOpcode::text, text, random_ws_mask());
            CHECK(read(bytes, 7) == Lines{"text " + text});
        }
        CHECK(masked_ws_frame(WsOpcode::binary, std::string(70'000, 'x'), mask).size() ==
              70'000 + 10 + 4);
    }

    TEST_CASE("no two masks are alike") {
        std::set<WsMask> seen;
        for (int i = 0; i < 300; i++) seen.insert(random_ws_mask());
        CHECK(seen.size() >= 299);
    }

    TEST_CASE("close codes that may be sent") {
        for (uint32_t good : {1000u, 1003u, 1007u, 1014u, 3000u, 4999u}) CHECK(ws_code_valid(good));
        for (uint32_t bad : {0u, 999u, 1004u, 1005u, 1006u, 1015u, 2999u, 5000u, 70000u})
            CHECK_FALSE(ws_code_valid(bad));
    }
}
