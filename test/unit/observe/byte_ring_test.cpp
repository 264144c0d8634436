// SPDX-License-Identifier: Apache-2.0
#include "observe/byte_ring.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

using namespace microhost::observe;

namespace {

bool put(ByteRing& ring, std::string_view text) {
    std::byte* room = ring.reserve(static_cast<std::uint32_t>(text.size()));
    if (room == nullptr) return false;
    std::memcpy(room, text.data(), text.size());
    ring.commit(room);
    return true;
}

std::string take(ByteRing& ring) {
    const auto record = ring.front();
    if (record.data() == nullptr) return "<none>";
    std::string text(reinterpret_cast<const char*>(record.data()), record.size());
    ring.pop();
    return text;
}

}  // namespace

TEST_SUITE("host/observe") {
    TEST_CASE("a ring gives records back whole and in order, over many wraps") {
        ByteRing ring(4096);
        CHECK(take(ring) == "<none>");
        for (int i = 0; i < 10'000; ++i) {
            const std::string text(static_cast<std::size_t>(1 + i * 7 % 700),
                                   static_cast<char>('a' + i % 26));
            REQUIRE(put(ring, text));
            REQUIRE(put(ring, "x"));
            REQUIRE(take(ring) == text);
            REQUIRE(take(ring) == "x");
            REQUIRE(ring.empty());
        }
    }

    TEST_CASE("a full ring refuses and takes again once there is room") {
        ByteRing ring(4096);
        CHECK(ring.capacity() == 4096);
        int stored = 0;
        while (put(ring, "0123456789abcdef01234567")) ++stored;  // 32 bytes with the header
        CHECK(stored == 128);
        CHECK_FALSE(ring.empty());
        CHECK(take(ring) == "0123456789abcdef01234567");
        CHECK(put(ring, "again"));
        CHECK_FALSE(put(ring, "0123456789abcdef01234567"));
        CHECK(ring.reserve(4096) == nullptr);
    }

    TEST_CASE("a record that is reserved and not committed holds back those after it") {
        ByteRing ring(4096);
        std::byte* slow = ring.reserve(4);
        CHECK(put(ring, "later"));
        CHECK(take(ring) == "<none>");
        CHECK_FALSE(ring.empty());
        std::memcpy(slow, "slow", 4);
        ring.commit(slow);
        CHECK(take(ring) == "slow");
        CHECK(take(ring) == "later");
    }

    TEST_CASE("several producers and one consumer lose nothing but what was refused") {
        struct Message {
            std::uint32_t producer, number;
            std::array<std::uint32_t, 8> copies;
        };
        constexpr std::uint32_t kProducers = 3, kEach = 20'000;
        ByteRing ring(8192);
        std::vector<std::thread> threads;
        for (std::uint32_t p = 0; p < kProducers; ++p) {
            threads.emplace_back([&ring, p] {
                for (std::uint32_t i = 0; i < kEach;) {
                    // Lengths vary, so that wraps fall everywhere.
                    const auto size = static_cast<std::uint32_t>(sizeof(Message) + i % 50);
                    std::byte* room = ring.reserve(size);
                    if (room == nullptr) {
                        std::this_thread::yield();
                        continue;
                    }
                    Message message{p, i, {}};
                    message.copies.fill(i);
                    std::memcpy(room, &message, sizeof message);
                    ring.commit(room);
                    ++i;
                }
            });
        }
        std::array<std::uint32_t, kProducers> next{};
        std::uint32_t wrong = 0;
        for (std::uint32_t seen = 0; seen < kProducers * kEach;) {
            const auto record = ring.front();
            if (record.empty()) {
                std::this_thread::yield();
                continue;
            }
            Message message;
            std::memcpy(&message, record.data(), sizeof message);
            const std::size_t size = record.size();
            ring.pop();
            ++seen;
            bool right = message.producer < kProducers &&
                         message.number == next[message.producer] &&
                         size == sizeof message + message.number % 50;
            for (const std::uint32_t copy : message.copies) right = right && copy == message.number;
            wrong += !right;
            if (message.producer < kProducers) ++next[message.producer];
        }
        for (std::thread& thread : threads) thread.join();
        CHECK(wrong == 0);
        CHECK(ring.empty());
    }
}
