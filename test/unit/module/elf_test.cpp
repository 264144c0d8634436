// SPDX-License-Identifier: Apache-2.0
#include "module/elf.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <random>

using namespace microhost::module;

TEST_SUITE("host/module") {
    TEST_CASE("this very program is read and recognised as no module") {
        std::ifstream in("/proc/self/exe", std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        const auto elf = read_elf(MemoryBytes(bytes));
        REQUIRE(elf.has_value());
        CHECK(elf->executable);
        CHECK_FALSE(elf->manifest.has_value());
        CHECK_FALSE(elf->go_runtime);
        CHECK(elf->glibc.starts_with("2."));
        bool libc = false;
        for (const auto& library : elf->needed) libc = libc || library == "libc.so.6";
        CHECK(libc);
    }

    TEST_CASE("headers full of random bytes end in an error or a result, never in a crash") {
        std::ifstream in("/proc/self/exe", std::ios::binary);
        std::string head(64 * 1024, '\0');
        in.read(head.data(), static_cast<std::streamsize>(head.size()));
        std::mt19937 random(1);
        for (int i = 0; i < 3000; i++) {
            std::string copy = head;
            for (int k = 0; k < 8; k++) copy[16 + random() % 1000] = static_cast<char>(random());
            (void)read_elf(MemoryBytes(copy));
        }
    }
}
