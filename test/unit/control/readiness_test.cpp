// SPDX-License-Identifier: Apache-2.0
#include "control/readiness.hpp"

#include <doctest/doctest.h>

#include "rig.hpp"

using namespace microhost;
using namespace microhost::control;

namespace {

constexpr Condition kServing{true, false, 0};

FilterRow filter(http::OnError on_error, bool shadow, std::string problem) {
    return {"token", "auth-token", "authn", on_error, shadow, std::move(problem)};
}

std::string verbose(Rig& rig, const Condition& now = kServing, const LoopFigures& figures = {}) {
    return verbose_text(readiness(rig.sources(), figures, now));
}

bool is_ready(Rig& rig, const Condition& now = kServing, const LoopFigures& figures = {}) {
    return ready(readiness(rig.sources(), figures, now));
}

}  // namespace

TEST_SUITE("host/control") {
    TEST_CASE("a process that serves is ready, and says one line for each check") {
        Rig rig;
        rig.listeners[0].filters = {filter(http::OnError::closed, false, "")};
        CHECK(is_ready(rig));
        CHECK(verbose(rig) ==
              "[+]started ok\n[+]draining ok\n[+]listeners ok\n[+]filter:token ok\n[+]registry ok\n"
              "[+]loops ok\n");
        CHECK(brief_text(readiness(rig.sources(), {}, kServing)) == "ready\n");
    }

    TEST_CASE("what keeps requests away is said") {
        struct Case {
            const char* line;
            Condition now;
            void (*change)(Rig&);
        };
        const Case cases[] = {
            {"[-]started the start is not over\n", {false, false, 0}, [](Rig&) {}},
            {"[-]draining the process is stopping\n", {true, true, 0}, [](Rig&) {}},
            {"[-]listeners none is open\n", kServing, [](Rig& r) { r.listeners.clear(); }},
            {"[-]registry a provider has not told all that it knows\n", kServing,
             [](Rig& r) { r.known = std::make_shared<registry::Snapshot>(); }},
            {"[-]guest:db no answer\n", kServing,
             [](Rig& r) { r.set_health("db", module::Health::failing, "no answer"); }},
            {"[-]guest:db failing\n", kServing,
             [](Rig& r) { r.set_health("db", module::Health::failing, ""); }},
        };
        for (const Case& c : cases) {
            CAPTURE(c.line);
            Rig rig;
            c.change(rig);
            CHECK_FALSE(is_ready(rig, c.now));
            CHECK(verbose(rig, c.now).find(c.line) != std::string::npos);
            const std::string brief = brief_text(readiness(rig.sources(), {}, c.now));
            CHECK(brief == "not ready: " + std::string(c.line + 3));
        }
    }

    TEST_CASE(
        "a provider of services that is not well is said; only one that is waited for, or failed, "
        "keeps requests away") {
        using enum registry::ProviderState;
        Rig rig;
        rig.providers = {{"directory", 100, synced, true, 1, 1, "", ""},
                         {"etcd", 50, stale, true, 1, 1, "etcd: refused", "refused"}};
        CHECK(is_ready(rig));
        CHECK(verbose(rig).find("[+]registry degraded: etcd: refused\n") != std::string::npos);
        rig.providers.push_back({"mdns", 40, waiting, true, 0, 0, "mdns: not synced yet", ""});
        CHECK(is_ready(rig));
        rig.providers.back().waited = false;
        CHECK_FALSE(is_ready(rig));
        CHECK(verbose(rig).find("[-]registry etcd: refused; mdns: not synced yet\n") !=
              std::string::npos);
        rig.providers = {{"etcd", 50, failed, true, 0, 0, "etcd: no\nendpoint", ""}};
        CHECK_FALSE(is_ready(rig));
        CHECK(verbose(rig).find("[-]registry etcd: no endpoint\n") != std::string::npos);
    }

    TEST_CASE(
        "a filter that is missing makes the process unready unless requests may pass without it") {
        struct Case {
            http::OnError on_error;
            bool shadow, ready;
        };
        for (const Case& c : {Case{http::OnError::closed, false, false},
                              {http::OnError::closed, true, true},
                              {http::OnError::open, false, true},
                              {http::OnError::skip, false, true}}) {
            Rig rig;
            rig.listeners[0].filters = {filter(c.on_error, c.shadow, "no loaded module is \"x\"")};
            CHECK(is_ready(rig) == c.ready);
            CHECK(verbose(rig).find(c.ready
                                        ? "[+]filter:token degraded: no loaded module is \"x\"\n"
                                        : "[-]filter:token no loaded module is \"x\"\n") !=
                  std::string::npos);
        }
    }

    TEST_CASE("a filter without its shard on some loop makes the process unready") {
        Rig rig;
        rig.listeners[0].filters = {filter(http::OnError::closed, false, "")};
        LoopFigures figures;
        figures.broken["token"] = 2;
        CHECK_FALSE(is_ready(rig, kServing, figures));
        CHECK(verbose(rig, kServing, figures)
                  .find("[-]filter:token its shard could not be made on 2 loops\n") !=
              std::string::npos);
    }

    TEST_CASE("a filter of several listeners is one check") {
        Rig rig;
        rig.listeners[0].filters = {filter(http::OnError::closed, false, "")};
        rig.listeners.push_back(rig.listeners[0]);
        const std::string text = verbose(rig);
        CHECK(text.find("filter:token") == text.rfind("filter:token"));
    }

    TEST_CASE("what is degraded is shown and does not turn requests away") {
        Rig rig;
        rig.set_health("cache", module::Health::degraded, "cold");
        CHECK(is_ready(rig, {true, false, 1}));
        const std::string text = verbose(rig, {true, false, 1});
        CHECK(text.find("[+]guest:cache degraded: cold\n") != std::string::npos);
        CHECK(text.find("[+]loops degraded: 1 does not turn: a module blocks\n") !=
              std::string::npos);
    }

    TEST_CASE("a module cannot forge lines of others") {
        Rig rig;
        rig.set_health("x\n[+]y", module::Health::failing, "a\r\n[+]registry ok\x1b[2J");
        CHECK(verbose(rig).find("[-]guest:x [+]y a  [+]registry ok [2J\n") != std::string::npos);
    }
}
