// SPDX-License-Identifier: Apache-2.0
#include "control/hook_watch.hpp"

#include <doctest/doctest.h>

#include "observe/names.hpp"
#include "rig.hpp"

using namespace microhost;
using namespace microhost::control;

namespace {

uint64_t slow_hooks(const observe::Metrics& metrics) {
    uint64_t sum = 0;
    for (const observe::Family& f : metrics.collect())
        if (f.name == observe::names::kSlowHooks.name)
            for (const auto& s : f.samples) sum += s.cells.at(0);
    return sum;
}

}  // namespace

TEST_SUITE("host/control") {
    TEST_CASE("a hook that is seen for 10 ms is counted once, when it is over") {
        Rig rig(1);
        Loop loop(0);
        HookWatch watch(rig.loop, {&loop}, rig.log->domain("test"), rig.metrics);
        const ModuleMark module{"guest", "1.0", 1};
        const HookMark slow{&module, "on_request"}, inner{&module, "on_response"};
        {
            const InHook in(loop.activity, &slow);
            watch.look(1000);
            watch.look(1005);
            {
                const InHook nested(loop.activity, &inner);
                watch.look(1010);
            }
            watch.look(1015);  // time of its own begins anew
            watch.look(1024);
        }
        watch.look(1030);
        CHECK(slow_hooks(rig.metrics) == 0);
        {
            const InHook in(loop.activity, &slow);
            watch.look(2000);
            watch.look(2010);
            watch.look(2500);
            CHECK(slow_hooks(rig.metrics) == 0);
        }
        watch.look(2505);
        CHECK(slow_hooks(rig.metrics) == 1);
        for (uint64_t now = 3000; now < 3050; now += 5) {  // many short ones are not one long one
            const InHook in(loop.activity, &slow);
            watch.look(now);
        }
        watch.look(3055);
        CHECK(slow_hooks(rig.metrics) == 1);
    }

    TEST_CASE("the note of a hook ends with it, and hooks nest") {
        Activity a;
        const ModuleMark module{"guest", "1.0", 1};
        const HookMark outer{&module, "outer"}, inner{&module, "inner"};
        const observe::RequestId id{};
        {
            const InHook in(a, &outer, &id);
            {
                const InHook deeper(a, &inner);
                CHECK(a.hook() == &inner);
                CHECK(a.request() == &id);
            }
            CHECK(a.hook() == &outer);
        }
        CHECK(a.hook() == nullptr);
        CHECK(a.request() == nullptr);
        CHECK(a.entered() == 2);
    }
}
