// SPDX-License-Identifier: Apache-2.0
// What the glue has for things that take their time: requests that wait, work, files, timers, calls out.
#include <doctest/doctest.h>

#include <microhost/module.hpp>

#include <deque>
#include <map>
#include <optional>

#include "fake_host.hpp"

namespace {

/// The host's side, run by hand.
struct Later {
    std::map<mh_token, mh_verdict> resumed;
    mh_req* waiting = nullptr;  ///< the request of token 1; null: it is gone
    std::function<void()> posted, work;
    mh_status work_status = MH_OK;
    std::function<void(mh_status, std::string_view)> file;
    std::map<mh_token, std::function<void()>> timers;
    mh_token unwatched = 0;
    std::optional<std::string> opened;
    const mh_http_sink* sink = nullptr;
    void* user = nullptr;
    bool cancelled = false;
};
Later* now;

struct Rig : Later {
    mh_http_request http = fake::http_request();
    mh_work worker{};
    mh_file files{};
    mh_timer clock{};
    mh_http_client client{};
    mh_req request;

    Rig() {
        now = this;
        waiting = &request;
        http.suspend = [](mh_req*, uint32_t) -> mh_token { return now->waiting ? 1 : 0; };
        http.resume = [](mh_token t, mh_verdict v) -> mh_status {
            if (!now->waiting) return MH_E_GONE;
            return now->resumed.emplace(t, v), MH_OK;
        };
        http.post = [](mh_token, void (*fn)(mh_req*, void*), void* arg, void (*drop)(void*)) -> mh_status {
            now->posted = [=] { now->waiting ? fn(now->waiting, arg) : drop(arg); };
            return MH_OK;
        };
        worker.run = [](const mh_host*, void (*run)(void*), void (*done)(void*, mh_status), void* arg) -> mh_status {
            now->work = [=] {
                if (now->work_status == MH_OK) run(arg);
                done(arg, now->work_status);
            };
            return now->work_status == MH_E_BUSY ? MH_E_BUSY : MH_OK;
        };
        files.watch = [](const mh_host*, const char* path, void (*fn)(void*, mh_status, mh_seg), void* user_,
                         mh_token* out) -> mh_status {
            if (!*path) return MH_E_INVALID;
            now->file = [=](mh_status s, std::string_view text) { fn(user_, s, mh::bytes(text)); };
            *out = 7;
            now->file(MH_OK, "first");
            return MH_OK;
        };
        files.unwatch = [](mh_token t) -> mh_status { return now->unwatched = t, MH_OK; };
        clock.start = [](const mh_host*, uint32_t, uint32_t, void (*fn)(void*), void* arg) -> mh_token {
            static mh_token next = 0;
            now->timers[++next] = [=] { fn(arg); };
            return next;
        };
        clock.cancel = [](mh_token t) -> mh_status { return now->timers.erase(t), MH_OK; };
        client.open = [](const mh_host*, const mh_http_out* o, const mh_http_sink* s, void* u,
                         mh_http_call** c) -> mh_status {
            if (fake::text(o->address) == "busy:80") return MH_E_UNAVAILABLE;
            now->opened = fake::text(o->method) + " " + fake::text(o->address) + " " + fake::text(o->authority) + " " +
                          fake::text(o->target) + (o->flags & MH_CLIENT_TLS ? " tls" : "");
            now->sink = s, now->user = u, *c = reinterpret_cast<mh_http_call*>(now);
            return MH_OK;
        };
        client.cancel = [](mh_http_call*) { now->cancelled = true; };
        mh::the_host = &fake::host();
        mh::the_table<mh_http_request> = &http;
        mh::the_table<mh_work> = &worker;
        mh::the_table<mh_file> = &files;
        mh::the_table<mh_timer> = &clock;
        mh::the_table<mh_http_client> = &client;
    }
    ~Rig() { mh::the_table<mh_http_request> = &fake::http_request(); }

    mh_verdict on_worker(std::function<int()> job) {
        mh::request r(&request);
        return mh::decide_on_worker(r, std::chrono::seconds(1), std::move(job), [](mh::request& later, int n) {
            return n < 0 ? later.respond_error(403, "x", "no") : mh::go_on;
        });
    }
};

}  // namespace

TEST_SUITE("sdk/later") {
    TEST_CASE("a request that is dropped undecided goes on as on_error says; one that was decided does not again") {
        Rig rig;
        mh::request r(&rig.request);
        { const mh::waiting w(r, std::chrono::seconds(1)); }
        CHECK(rig.resumed.at(1) == MH_V_FAIL);
        rig.resumed.clear();
        {
            mh::waiting w(r, std::chrono::seconds(1)), other = std::move(w);
            other.go(mh::go_on);
        }
        CHECK(rig.resumed == std::map<mh_token, mh_verdict>{{1, MH_V_CONTINUE}});
    }

    TEST_CASE("decide runs where the request is, or not at all; an exception there is on_error") {
        Rig rig;
        mh::request r(&rig.request);
        int ran = 0;
        mh::waiting w(r, std::chrono::seconds(1));
        w.decide([&](mh::request&) { return ++ran, mh::detach; });
        CHECK(rig.resumed.empty());
        rig.posted();
        CHECK(rig.resumed.at(1) == MH_V_DETACH);
        rig.resumed.clear();
        mh::waiting thrown(r, std::chrono::seconds(1));
        thrown.decide([](mh::request&) -> mh::verdict { throw std::runtime_error("x"); });
        rig.posted();
        CHECK(rig.resumed.at(1) == MH_V_FAIL);
        auto alive = std::make_shared<int>(0);
        mh::waiting late(r, std::chrono::seconds(1));
        late.decide([alive, &ran](mh::request&) { return ++ran, mh::go_on; });
        rig.waiting = nullptr;
        rig.posted();
        CHECK(ran == 1);
        CHECK(alive.use_count() == 1);
    }

    TEST_CASE("work decides; when it cannot be done, on_error does") {
        Rig rig;
        CHECK(rig.on_worker([] { return 1; }) == MH_V_PENDING);
        rig.work(), rig.posted();
        CHECK(rig.resumed.at(1) == MH_V_CONTINUE);
        rig.resumed.clear();
        CHECK(rig.on_worker([] { return -1; }) == MH_V_PENDING);
        rig.work(), rig.posted();
        CHECK(rig.resumed.at(1) == MH_V_RESPOND);
        CHECK(rig.request.status == 403);
        for (const mh_status s : {MH_E_CANCELLED, MH_OK}) {
            rig.resumed.clear();
            rig.work_status = s;
            CHECK(rig.on_worker([]() -> int { throw std::runtime_error("x"); }) == MH_V_PENDING);
            rig.work();
            CHECK(rig.resumed.at(1) == MH_V_FAIL);
        }
        rig.work_status = MH_E_BUSY;
        CHECK(rig.on_worker([] { return 1; }) == MH_V_FAIL);
        rig.waiting = nullptr;
        CHECK(rig.on_worker([] { return 1; }) == MH_V_FAIL);
    }

    TEST_CASE("a file is read at once and after changes, until its watcher goes") {
        Rig rig;
        std::string seen;
        {
            const mh::watched_file f("x", [&](mh_status s, std::string_view text) {
                seen += std::string(text) + (s == MH_OK ? ";" : std::string(mh::file_problem(s)));
                if (text == "throw") throw std::runtime_error("x");
            });
            CHECK(seen == "first;");
            rig.file(MH_OK, "throw");
            rig.file(MH_E_NOT_FOUND, "");
            CHECK(seen == "first;throw;there is no such file");
            CHECK(rig.unwatched == 0);
        }
        CHECK(rig.unwatched == 7);
        CHECK_THROWS_AS(mh::watched_file("", [](mh_status, std::string_view) {}), mh::failure);
    }

    TEST_CASE("a timer calls once, may start itself again, and ends with its owner") {
        Rig rig;
        int calls = 0;
        {
            mh::timer t;
            t.start(std::chrono::seconds(1), [&] {
                ++calls;
                t.start(std::chrono::seconds(1), [&] { calls += 10; });
            });
            auto first = std::exchange(rig.timers, {});
            first.begin()->second();
            CHECK(calls == 1);
            CHECK(rig.timers.size() == 1);
        }
        CHECK(rig.timers.empty());
    }

    TEST_CASE("addresses are cut into their parts or refused") {
        const auto said = [](std::string_view text) {
            const auto u = mh::url::parse(text);
            return u ? u->host + " " + u->address + " " + u->authority + " " + u->target + (u->tls ? " tls" : "") : "";
        };
        CHECK(said("http://a") == "a a:80 a /");
        CHECK(said("https://a.b:8443/c?d=e") == "a.b a.b:8443 a.b:8443 /c?d=e tls");
        CHECK(said("https://[::1]?x") == "::1 [::1]:443 [::1] /?x tls");
        CHECK(said("http://[::1]:80/") == "::1 [::1]:80 [::1]:80 /");
        for (const char* bad :
             {"", "a", "ftp://a", "http://", "http:///x", "http://a:", "http://a:x", "http://u@a", "http://a/#f",
              "http://a b", "http://[::1", "http://[::1]x", "http://a\r\n", "HTTP//a", "http://:80", "http://a\\b"}) {
            CAPTURE(bad);
            CHECK(said(bad) == "");
        }
    }

    TEST_CASE("what is fetched comes whole, once; who goes before it hears nothing") {
        Rig rig;
        std::optional<mh::fetched> got;
        mh::fetching f;
        CHECK(f.start({*mh::url::parse("https://a/b")}, [&](const mh::fetched& g) { got = g; }) == MH_OK);
        CHECK(rig.opened == "GET a:443 a /b tls");
        CHECK(bool(f));
        const mh_header h{mh::lend("Cache-Control"), mh::lend("no-store"), 0, 0};
        rig.sink->on_head(rig.user, nullptr, 200, &h, 1);
        rig.sink->on_body(rig.user, nullptr, mh::bytes("ab"));
        rig.sink->on_body(rig.user, nullptr, mh::bytes("c"));
        rig.sink->on_end(rig.user, nullptr, MH_OK);
        REQUIRE(got);
        CHECK(got->code == 200);
        CHECK(got->body == "abc");
        CHECK(got->header("cache-control") == "no-store");
        CHECK_FALSE(bool(f));
        CHECK(f.start({*mh::url::parse("http://busy")}, [](const mh::fetched&) {}) == MH_E_UNAVAILABLE);
        CHECK(f.start({*mh::url::parse("http://a")}, [](const mh::fetched&) {}) == MH_OK);
        CHECK_FALSE(rig.cancelled);
        f = mh::fetching();
        CHECK(rig.cancelled);
    }

    TEST_CASE("readers see what is published, and keep what they hold") {
        mh::published<int> p;
        mh::published<int>::reader r(p);
        CHECK(r.get() == nullptr);
        p.set(std::make_shared<const int>(1));
        const auto one = r.get();
        const auto version = r.version();
        p.set(std::make_shared<const int>(2));
        CHECK(*one == 1);
        CHECK(*r.get() == 2);
        CHECK(r.version() != version);
    }
}
