// SPDX-License-Identifier: Apache-2.0
/// What 2000 services with 10000 nodes cost. Prints; asserts only what does not depend on the machine.
#include <doctest/doctest.h>
#include <malloc.h>

#include <chrono>
#include <cstdio>

#include "registry/health.hpp"
#include "registry/provider.hpp"
#include "registry/selector.hpp"
#include "rig.hpp"

using namespace microhost;
using namespace microhost::rpc::test;
using namespace std::chrono_literals;

namespace {

constexpr int kServices = 2000, kNodes = 5;

registry::Service make(int i, int port = 1000) {
    registry::Service s{"go.micro.srv.service" + std::to_string(i), "1.0.0", {}, {}, {}};
    for (int e = 0; e < 3; ++e) {
        registry::Value request{
            "Request", "Request", {{"name", "string", {}}, {"id", "int64", {}}}};
        s.endpoints.push_back({"Say.Method" + std::to_string(e), request, request, {}});
    }
    for (int n = 0; n < kNodes; ++n)
        s.nodes.push_back({s.name + "-" + std::to_string(n),
                           fmt::format("10.{}.{}.{}:{}", n, i / 250, i % 250 + 1, port),
                           {{"protocol", "mucp"}, {"server", "mucp"}, {"registry", "etcd"}}});
    return s;
}

double ms(std::chrono::steady_clock::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
}

template <class F>
double timed(F&& f) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    return ms(std::chrono::steady_clock::now() - begin);
}

}  // namespace

TEST_SUITE("host/rpc") {
    TEST_CASE("2000 services with 10000 nodes: figures") {
        Rig rig;
        const size_t before = mallinfo2().uordblks;
        registry::ProviderOptions o;
        o.name = "scale";
        o.warn = o.info = [](std::string_view) {};
        registry::Provider provider(rig.table, std::move(o));
        registry::HealthChecks health(
            rig.table, [](auto&, auto) {}, [](std::string_view) {});
        provider.begin(50, false);
        std::vector<registry::Service> all;
        for (int i = 0; i < kServices; ++i) all.push_back(make(i));
        const size_t given = mallinfo2().uordblks;
        const double told = timed([&] {
            for (const auto& s : all) provider.upsert(s, 60s);
            provider.synced();
        });
        const double first = timed([&] { rig.publish(); });
        const double checked = timed([&] { health.tick(registry::TimePoint::clock::now()); });
        const size_t after = mallinfo2().uordblks;
        std::printf(
            "registry scale: %d services, %d nodes: told %.1f ms, first snapshot %.1f ms, "
            "health checks %.2f ms, memory %.1f MiB beyond the %.1f of the services told\n",
            kServices, kServices * kNodes, told, first, checked,
            static_cast<double>(after - given) / (1 << 20),
            static_cast<double>(given - before) / (1 << 20));
        double change = 0, tick = 0, same = 0;
        constexpr int kTimes = 20;
        for (int i = 0; i < kTimes; ++i) {
            const registry::Service other = make(i * 7, 2000);
            change += timed([&] {
                provider.upsert(other, 60s);
                rig.publish();
            });
            tick += timed([&] { health.tick(registry::TimePoint::clock::now()); });
            same += timed([&] {
                provider.upsert(other, 60s);
                rig.publish();
            });
        }
        std::printf(
            "registry scale: one change %.3f ms, its health checks %.3f ms, a heartbeat "
            "%.3f ms\n",
            change / kTimes, tick / kTimes, same / kTimes);
        const double rows = timed([&] { rig.table.told(); });
        const double expiry = timed([&] { provider.tick(); });
        std::printf("registry scale: counting all providers %.3f ms, a tick %.3f ms\n", rows,
                    expiry);
        const auto* known = rig.table.snapshot()->find("go.micro.srv.service1999");
        REQUIRE(known);
        CHECK(known->callable().size() == kNodes);
        registry::Selector selector(1);
        selector.adopt(*rig.table.snapshot());
        constexpr int kPicks = 100'000;
        const double picks = timed([&] {
            for (int i = 0; i < kPicks; ++i) {
                const auto* s =
                    rig.table.snapshot()->find(all[static_cast<size_t>(i) % kServices].name);
                auto p = selector.pick(*s, {});
                selector.report(p, s, registry::Outcome::success, 1ms, {});
            }
        });
        std::printf("registry scale: look-up and pick %.0f ns\n", picks * 1e6 / kPicks);
    }
}
