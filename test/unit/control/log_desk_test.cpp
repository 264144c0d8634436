// SPDX-License-Identifier: Apache-2.0
#include "control/log_desk.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace microhost;
using namespace microhost::control;

namespace {

struct Desk {
    Desk() { loop.adopt_thread(); }
    void written() { REQUIRE(log->flush(std::chrono::milliseconds(5000))); }
    void look() {
        written();
        desk.look();
    }

    std::unique_ptr<log::Log> log =
        log::Log::open({.levels = "debug", .path = "/dev/null", .tail_records = 2000}).value();
    log::Domain guest = log->domain("guest");
    Loop loop{0};
    LogDesk desk{*log, loop};
};

/// "6f1d:text key=value|"
void note(void* user, const mh_log_record* r) {
    std::string& out = *static_cast<std::string*>(user);
    out.append(r->request_id.ptr, r->request_id.len).append(":").append(r->text.ptr, r->text.len);
    for (uint32_t i = 0; i < r->n_fields; i++)
        out.append(" ")
            .append(r->fields[i].key.ptr, r->fields[i].key.len)
            .append("=")
            .append(r->fields[i].val.ptr, r->fields[i].val.len);
    out += '|';
}

void count(void* user, const mh_log_record*) { ++*static_cast<size_t*>(user); }

}  // namespace

TEST_SUITE("host/control") {
    TEST_CASE("lines that were are shown with the id of their request") {
        Desk d;
        d.guest.info("one");
        d.guest.warn("two", {{"request_id", "6f1d"}, {"n", 7}});
        d.guest.info("three");
        d.written();
        const auto text_of = [&](const LogFilter& f, uint64_t since, size_t most) {
            std::string out;
            for (const log::Entry& e : d.desk.recent(f, since, most)) show(e, note, &out);
            return out;
        };
        CHECK(text_of({}, 0, 100) == ":one|6f1d:two n=7|:three|");
        CHECK(text_of({}, 0, 2) == "6f1d:two n=7|:three|");
        CHECK(text_of({}, 2, 100) == ":three|");
        CHECK(text_of({.request = "6f1d"}, 0, 100) == "6f1d:two n=7|");
    }

    TEST_CASE("who follows is told of what comes, until it is over") {
        Desk d;
        std::string seen;
        d.guest.info("before");
        d.written();
        const mh_token t = d.desk.follow(nullptr, {.level = log::Level::warn}, note, &seen);
        REQUIRE(t != 0);
        d.guest.info("too little");
        d.guest.error("bad");
        d.look();
        d.look();
        CHECK(seen == ":bad|");
        CHECK(d.desk.unfollow(t) == MH_OK);
        CHECK(d.desk.unfollow(t) == MH_E_GONE);
        CHECK(d.desk.unfollow(0) == MH_E_INVALID);
        d.guest.error("later");
        d.look();
        CHECK(seen == ":bad|");
    }

    TEST_CASE("what is logged by those who are told comes back to nobody") {
        Desk d;
        struct Talker {
            Desk& desk;
            size_t told = 0;
        } talker{d};
        const auto answer = [](void* user, const mh_log_record*) {
            auto& t = *static_cast<Talker*>(user);
            t.told++;
            t.desk.guest.info("I was told");
        };
        d.desk.follow(nullptr, {}, answer, &talker);
        d.guest.info("go");
        for (int i = 0; i < 5; i++) d.look();
        CHECK(talker.told == 1);
        CHECK(d.desk.recent({.text = "I was told"}, 0, 10).size() == 1);
    }

    TEST_CASE("one who follows may end itself and others while it is told") {
        Desk d;
        struct Ending {
            LogDesk& desk;
            mh_token mine = 0, other = 0;
            size_t told = 0;
        } ending{d.desk};
        size_t others = 0;
        const auto end_both = [](void* user, const mh_log_record*) {
            auto& e = *static_cast<Ending*>(user);
            e.told++;
            e.desk.unfollow(e.mine);
            e.desk.unfollow(e.other);
        };
        ending.mine = d.desk.follow(nullptr, {}, end_both, &ending);
        ending.other = d.desk.follow(nullptr, {}, count, &others);
        d.guest.info("one");
        d.guest.info("two");
        d.look();
        CHECK(ending.told == 1);
        CHECK(others == 0);
    }

    TEST_CASE("more than a thousand lines a second are not delivered, and the newest are") {
        Desk d;
        size_t told = 0;
        d.desk.follow(nullptr, {}, count, &told);
        for (int i = 0; i < 1500; i++) {
            d.guest.info("line");
            if (i % 100 == 0) d.written();
        }
        d.look();
        CHECK(told == LogDesk::kMostPerSecond);
        std::string last;
        d.desk.follow(nullptr, {}, note, &last);
        for (int i = 0; i < 200; i++) d.guest.info(std::to_string(i));
        d.look();
        CHECK(told == LogDesk::kMostPerSecond + 100);
        CHECK(last.ends_with(":199|"));
    }

    TEST_CASE("there is a limit to how many follow") {
        Desk d;
        size_t told = 0;
        mh_token last = 0;
        for (size_t i = 0; i < 64; i++) last = d.desk.follow(nullptr, {}, count, &told);
        CHECK(last != 0);
        CHECK(d.desk.follow(nullptr, {}, count, &told) == 0);
        d.desk.unfollow(last);
        CHECK(d.desk.follow(nullptr, {}, count, &told) != 0);
    }
}
