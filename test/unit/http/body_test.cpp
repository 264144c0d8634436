// SPDX-License-Identifier: Apache-2.0
#include "http/h1/body_reader.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace microhost::http;

namespace {

struct Reading {
    std::string body, rest;
    bool done = false, error = false;
};

Reading read(BodyReader& reader, std::string input, size_t step) {
    Reading r;
    size_t at = 0;
    while (!r.done && !r.error && at < input.size()) {
        const size_t n = std::min(step, input.size() - at);
        const Fed fed = reader.feed(input.data() + at, n);
        r.body.append(input, at, fed.produced);
        at += fed.consumed;
        r.done = fed.done;
        r.error = fed.error;
    }
    r.rest = input.substr(at);
    return r;
}

Reading read_chunked(const std::string& input, size_t step, std::string* trailers = nullptr) {
    BodyReader reader;
    reader.start(Framing::chunked, 0);
    Reading r = read(reader, input, step);
    if (trailers) *trailers = reader.trailers();
    CHECK(reader.eof() == r.done);
    return r;
}

}  // namespace

TEST_SUITE("host/http") {
    TEST_CASE(
        "a chunked body is decoded whole and byte by byte, and the next message is left alone") {
        const std::string big(1000, 'x');
        struct Case {
            std::string input, body;
        };
        for (const auto& [input, body] : {
                 Case{"0\r\n\r\n", ""},
                 Case{"5\r\nhello\r\n0\r\n\r\n", "hello"},
                 Case{"5\r\nhello\r\n006\r\n world\r\n000\r\n\r\n", "hello world"},
                 Case{"3e8\r\n" + big + "\r\n3E8\r\n" + big + "\r\n0\r\n\r\n", big + big},
                 Case{"1;a\r\nx\r\n0;b=c;d=\"e;\\\"f\"\r\n\r\n", "x"},
                 Case{"0000000000000001\r\nx\r\n0\r\n\r\n", "x"},
                 Case{"2\r\n\r\n\r\n0\r\nX-T: 1\r\n\r\n", "\r\n"},
             }) {
            for (const size_t step : {size_t{1}, size_t{2}, size_t{5}, size_t{100'000}}) {
                const Reading r = read_chunked(input + "NEXT", step);
                CHECK(r.done);
                CHECK(r.body == body);
                CHECK(r.rest == "NEXT");
                CHECK(!read_chunked(input.substr(0, input.size() - 1), step).done);
            }
        }
    }

    TEST_CASE("malformed chunks are refused") {
        for (const char* input : {
                 "\r\n",
                 "x\r\n",
                 "-1\r\n",
                 "+1\r\n",
                 " 1\r\n",
                 "1 \r\nx\r\n",
                 "0x1\r\n",
                 "1\nx\r\n",
                 "1\rx",
                 "00000000000000001\r\n",
                 "ffffffffffffffff\r\n",
                 "8000000000000000\r\n",
                 "1\r\nxy",
                 "1\r\nx\n",
                 "1\r\nx\ry",
                 "1;\r\n",
                 "1;a \r\n",
                 "1;=b\r\n",
                 "1;a=\r\n",
                 "1;a=\"b\nc\"\r\n",
                 "1;a=\"b\"c\r\n",
                 "1;a\n",
                 "1 ;a\r\n",
                 "1_0\r\n",
                 "0\r\nX\r\n",
                 "0\r\n: x\r\n",
                 "0\r\nX : 1\r\n",
                 "0\r\nX: 1\n",
                 "0\r\nX: 1\r\n y\r\n",
                 "0\r\n\n",
                 "0\r\nX: \x01\r\n",
             }) {
            CHECK_MESSAGE(read_chunked(input, 1).error, input);
            CHECK_MESSAGE(read_chunked(input, 1000).error, input);
        }
        CHECK(!read_chunked("1;" + std::string(255, 'a') + "\r\nx\r\n0\r\n\r\n", 10).error);
        CHECK(read_chunked("1;" + std::string(300, 'a') + "\r\n", 10).error);
    }

    TEST_CASE("trailers that frame, route or authenticate are dropped, others are kept") {
        std::string raw;
        const std::string input =
            "0\r\nX-Sum: 1 \r\nContent-Length: 5\r\nHOST: b\r\nAuthorization: x\r\nETag: \"a\"\r\n"
            "Micro-Anything: 1\r\nX-Forwarded-Whatever: 1\r\ncontent_length: "
            "1\r\nTransfer-Encoding: "
            "chunked\r\nCookie: a\r\n\r\n";
        for (const size_t step : {size_t{1}, size_t{1000}}) {
            CHECK(read_chunked(input, step, &raw).done);
            Headers h;
            parse_trailers(raw, h);
            REQUIRE(h.count == 2);
            CHECK(view(h.fields[0].name) == "X-Sum");
            CHECK(view(h.fields[0].value) == "1");
            CHECK(h.value(MH_H_ETAG) == "\"a\"");
        }
        std::string many = "0\r\n";
        for (int i = 0; i < 16; i++) many += "A: b\r\n";
        CHECK(read_chunked(many + "\r\n", 100).done);
        CHECK(read_chunked(many + "A: b\r\n\r\n", 100).error);
        CHECK(read_chunked("0\r\nA: " + std::string(9000, 'x') + "\r\n\r\n", 100).error);
    }

    TEST_CASE("a body of known length ends there, and a cut one is known as cut") {
        for (const size_t step : {size_t{1}, size_t{3}, size_t{100}}) {
            BodyReader reader;
            reader.start(Framing::length, 5);
            const Reading r = read(reader, "helloNEXT", step);
            CHECK(r.done);
            CHECK(r.body == "hello");
            CHECK(r.rest == "NEXT");
            reader.start(Framing::length, 5);
            CHECK(!read(reader, "hell", step).done);
            CHECK(reader.remaining() == 1);
            CHECK(!reader.eof());
        }
    }

    TEST_CASE("a body until close ends with the connection; no body is complete at once") {
        BodyReader reader;
        reader.start(Framing::until_close, 0);
        CHECK(read(reader, "hello", 2).body == "hello");
        CHECK(!reader.complete());
        CHECK(reader.eof());
        for (const Framing framing : {Framing::none, Framing::length}) {
            reader.start(framing, 0);
            char next[] = "NEXT";
            const Fed fed = reader.feed(next, 4);
            CHECK(fed.done);
            CHECK(fed.consumed == 0);
            CHECK(fed.produced == 0);
        }
        reader.start(Framing::chunked, 0);
        CHECK(read(reader, "1\r\nx\r\n0\r\nA: b\r\n\r\n", 100).done);
        reader.start(Framing::chunked, 0);
        CHECK(read(reader, "0\r\n\r\n", 100).done);
        CHECK(reader.trailers().empty());
    }
}
