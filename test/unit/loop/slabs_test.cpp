// SPDX-License-Identifier: Apache-2.0
#include "loop/slabs.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <vector>

using microhost::Slabs;

TEST_SUITE("host/loop") {
    TEST_CASE("slabs give memory that is aligned and nobody else's, however much is asked for") {
        struct Piece {
            unsigned char* at;
            size_t size;
        };
        Slabs slabs;
        std::vector<Piece> pieces;
        const size_t sizes[] = {1, 64, 65, 8000, 300'000, 3'000'000, 7};
        for (unsigned i = 0; i < 700; i++) {
            const size_t n = sizes[i % 7 + (i % 7 == 5 && i > 20 ? 1 : 0)];
            auto* p = static_cast<unsigned char*>(slabs.take(n));
            CHECK(reinterpret_cast<uintptr_t>(p) % 64 == 0);
            std::memset(p, static_cast<int>(i), n);
            pieces.push_back({p, n});
        }
        for (unsigned i = 0; i < pieces.size(); i++) {
            CHECK(pieces[i].at[0] == static_cast<unsigned char>(i));
            CHECK(pieces[i].at[pieces[i].size - 1] == static_cast<unsigned char>(i));
        }
    }

    TEST_CASE("the owner of an object in a slab ends it") {
        struct Counted {
            explicit Counted(int& n) : alive(n) { alive++; }
            ~Counted() { alive--; }
            int& alive;
        };
        int alive = 0;
        Slabs slabs;
        {
            auto a = slabs.make<Counted>(alive), b = slabs.make<Counted>(alive);
            CHECK(alive == 2);
            a.reset();
            CHECK(alive == 1);
        }
        CHECK(alive == 0);
    }
}
