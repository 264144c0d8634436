// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>

#include "modules/compress/gzip.hpp"
#include "modules/compress/negotiation.hpp"

using namespace microhost::compress;

namespace {

/// What can be read of a gzip stream; `whole` says whether it has ended well.
std::string unpacked(std::string_view packed, bool& whole) {
    z_stream z{};
    REQUIRE(inflateInit2(&z, 15 + 16) == Z_OK);
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    z.avail_in = static_cast<uInt>(packed.size());
    std::string out;
    int status = Z_OK;
    do {
        std::array<char, 4096> room;
        z.next_out = reinterpret_cast<Bytef*>(room.data());
        z.avail_out = room.size();
        status = inflate(&z, Z_NO_FLUSH);
        out.append(room.data(), room.size() - z.avail_out);
    } while (status == Z_OK && z.avail_out == 0);
    whole = status == Z_STREAM_END;
    inflateEnd(&z);
    return out;
}

}  // namespace

TEST_SUITE("modules/compress") {
    TEST_CASE("who accepts gzip") {
        for (const char* yes :
             {"gzip", "GZIP", "x-gzip", "deflate, gzip;q=0.5, br", "*", "*;q=0.1", "gzip ; q=1.000",
              "identity;q=0.5, gzip", "identity;q=0, *", "br;q=1, gzip;Q=0.2", "gzip;q=0.001"})
            CHECK_MESSAGE(accepts_gzip(yes), yes);
        for (const char* no : {"", "identity", "br", "gzip;q=0", "gzip;q=0.000", "gzip;q=0, *",
                               "*;q=0", "gzipped", "gzip;q=x", "gzip;q=2", "gzip;q=-1", "gzip;q",
                               "identity, gzip;q=0.5", "gzip;q=1.1", "br, gzip;q=0.0"})
            CHECK_MESSAGE(!accepts_gzip(no), no);
    }

    TEST_CASE("which types are compressed") {
        constexpr std::array<std::string_view, 3> types{"text/*", "application/json", "*+json"};
        for (const char* yes : {"text/html", "Text/HTML; charset=utf-8", "application/json ;x",
                                "application/problem+json"})
            CHECK_MESSAGE(listed(yes, types), yes);
        for (const char* no : {"", "text", "text/", "image/png", "application/jsonx",
                               "text/event-stream", "+json", "application/json+zip"})
            CHECK_MESSAGE(!listed(no, types), no);
        constexpr std::array<std::string_view, 1> named{"text/event-stream"};
        CHECK(listed("text/event-stream; charset=utf-8", named));
    }

    TEST_CASE("tokens and tags") {
        CHECK(has_token("max-age=1, No-Transform", "no-transform"));
        CHECK(!has_token("x-no-transform", "no-transform"));
        CHECK(weak("\"a\"") == "W/\"a\"");
        CHECK(weak("W/\"a\"") == "W/\"a\"");
    }

    TEST_CASE("a stream is whole at its end, and readable after each flush") {
        Gzip gzip(5);
        for (int round = 0; round < 2; ++round) {
            std::string packed, sent;
            bool whole = false;
            for (int i = 0; i < 50; ++i) {
                const std::string piece = "event " + std::to_string(i * 7919) + "\n";
                sent += piece;
                gzip.write(piece, Gzip::Then::flush, packed);
                CHECK(unpacked(packed, whole) == sent);
                CHECK(!whole);
            }
            gzip.write({}, Gzip::Then::finish, packed);
            CHECK(unpacked(packed, whole) == sent);
            CHECK(whole);
            gzip.reset();
        }
    }

    TEST_CASE("bytes that cannot be made smaller come back as they were") {
        std::string noise(300'000, '\0');
        uint32_t x = 1;
        for (char& c : noise) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
        Gzip gzip(9);
        std::string packed;
        gzip.write(noise, Gzip::Then::more, packed);
        gzip.write({}, Gzip::Then::finish, packed);
        bool whole = false;
        CHECK(unpacked(packed, whole) == noise);
        CHECK(whole);
    }
}
