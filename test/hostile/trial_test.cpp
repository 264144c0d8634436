// SPDX-License-Identifier: Apache-2.0
// A module that goes wrong while it runs does so in a trial process, and the reason is one line.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "module/trial.hpp"
#include "module/verdicts.hpp"
#include "sanitizer.hpp"
#include "workshop.hpp"

using namespace microhost;
using module::Outcome;

namespace {

module::TrialOptions options() {
    module::TrialOptions o;
    o.program = MICROHOST_PROGRAM;
    const char* slow = std::getenv("MICROHOST_SLOW");
    o.limit = std::chrono::milliseconds(4000 * std::atoi(slow ? slow : "1"));
    return o;
}

std::string ctor(const std::string& body) {
    return "__attribute__((constructor)) static void run(void) { " + body + " }\n" + "MH_MODULE(" +
           Workshop::manifest("bad") + ", create)";
}

std::string creating(const std::string& body) {
    return "static mh_status make(const mh_host *h, const mh_module **out) { " + body +
           " *out = &idle; return MH_OK; }\nMH_MODULE(" + Workshop::manifest("bad") + ", make)";
}

module::Trial trial(const std::string& path, const module::TrialOptions& how = options()) {
    auto t = module::try_module(path, how);
    REQUIRE_MESSAGE(t.has_value(), t.error().what);
    return *t;
}

std::string names(const module::Trial& t) {
    std::string out;
    for (const module::Finding& f : t.findings) out += (out.empty() ? "" : ", ") + f.name;
    return out;
}

}  // namespace

TEST_SUITE("hostile") {
    TEST_CASE("a good module passes its trial and leaves nothing behind") {
        Workshop w;
        const module::Trial t = trial(w.module("good.so", "good"));
        CHECK_MESSAGE(t.outcome == Outcome::passed, t.reason, t.output);
        CHECK(t.stage == "destructors");
        CHECK(names(t) == "");
        CHECK(t.untried == "");
    }

    TEST_CASE("a module that crashes, exits or throws does so in its trial") {
        Workshop w;
        const std::string crash = "static int *volatile nowhere;";
        auto why = [&](const std::string& source, const char* language = "c") {
            const std::string path = w.build("bad.so", source, language, "-lpthread");
            const module::Trial t = trial(path);
            CHECK_MESSAGE(t.reason.starts_with(path + ": "), t.reason);
            return t.reason.substr(std::min(t.reason.size(), path.size() + 2));
        };
        auto crashed = [&](const std::string& source, const std::string& where) {
            const std::string text = why(source);
            CHECK_MESSAGE((kSanitizer || text.starts_with("crashed in a trial (SIGSEGV")), text);
            CHECK_MESSAGE(text.find(" in its " + where + ")") != text.npos, text);
        };
        crashed(crash + ctor("*nowhere = 1;"), "constructors");
        crashed(crash + creating("*nowhere = 1;"), "create()");
        crashed(crash + "__attribute__((destructor)) static void end(void) { *nowhere = 1; }\n" +
                    creating(""),
                "destructors");
        if (!kThreadSanitizer)  // it has a word in how a process ends
            CHECK(why("#include <unistd.h>\n" + ctor("_exit(0);")) ==
                  "ended the process in a trial (exit status 0 in its constructors); a module must "
                  "not exit");
        if (!kThreadSanitizer)  // it ends the process itself when its descriptors are closed
            CHECK(why("#include <unistd.h>\n" + ctor("for (int i = 3; i < 64; i++) close(i);")) ==
                  "closed descriptors of the host in a trial (in its constructors); let it close "
                  "only "
                  "what it opened");
        CHECK(why(creating("throw 1;"), "cpp") ==
              "create() failed: an exception came out of it (see the log)");
    }

    TEST_CASE("a module that hangs is ended at the limit, with what it started") {
        Workshop w;
        auto soon = options();
        soon.limit /= 8;
        const std::string path = w.build(
            "bad.so", "#include <unistd.h>\n" + ctor("fork(); for (volatile int i = 0;; i++);"));
        const module::Trial t = trial(path, soon);
        CHECK(t.outcome == Outcome::hung);
        CHECK(t.reason == path + fmt::format(": hangs: its constructors did not return within {} "
                                             "ms in a trial; mend it",
                                             soon.limit.count()));
    }

    TEST_CASE("what a module leaves behind or changes for everybody is named") {
        Workshop w;
        const std::string head =
            "#include <fcntl.h>\n#include <locale.h>\n#include <pthread.h>\n#include <signal.h>\n"
            "#include <stdlib.h>\n#include <string.h>\n#include <sys/stat.h>\n#include "
            "<unistd.h>\nstatic void *spin(void *p) { for (;;) pause(); }\n";
        auto found = [&](const std::string& body) {
            return names(trial(w.build("bad.so", head + creating(body), "c", "-lpthread")));
        };
        CHECK(found("signal(SIGTERM, SIG_IGN);") == "signal handlers");
        CHECK(found("chdir(\"/\");") == "folder");
        CHECK(found("umask(0123);") == "umask");
        CHECK(found("setenv(\"TZ\", \"Mars\", 1);") == "environment");
        CHECK(found("setlocale(LC_ALL, \"C.UTF-8\");") == "locale");
        CHECK(found("open(\"/dev/null\", O_RDONLY);") == "descriptors");
        CHECK(found("pthread_t t; pthread_create(&t, 0, spin, 0);") == "threads");
        CHECK(found("if (fork() == 0) { pause(); _exit(0); }") == "processes");
        if (!kSanitizer)
            CHECK(found("for (int i = 0; i < 9; i++) memset(malloc(1 << 20), 1, 1 << 20);") ==
                  "memory");
    }

    TEST_CASE("a module that needs a configuration is tried with the one that is given") {
        Workshop w;
        const std::string schema =
            R"(,\"config_schema\":{\"type\":\"object\",\"required\":[\"key\"],\"properties\":{\"key\":{\"type\":\"string\"}}})";
        const std::string path = w.module("needy.so", "needy", schema);
        module::Trial t = trial(path);
        CHECK(t.outcome == Outcome::passed);
        CHECK_MESSAGE(t.untried.find("key") != std::string::npos, t.untried);
        auto with = options();
        with.config = R"({"key": "word"})";
        CHECK(trial(path, with).untried == "");
        with.config = R"({"key": 7})";
        CHECK(trial(path, with).outcome == Outcome::refused);
    }

    TEST_CASE("a verdict is remembered for the same bytes and the same configuration") {
        Workshop w;
        const std::string state = w.path("state");
        std::filesystem::create_directory(state);
        const module::Verdicts verdicts(state);
        const std::string trace = w.path("trace");
        auto build = [&](const std::string& body) {
            return w.build("m.so", "#include <stdio.h>\n" +
                                       creating("FILE *f = fopen(\"" + trace +
                                                "\", \"a\"); fputc('x', f); fclose(f); " + body));
        };
        auto ask = [&](const std::string& path, const std::string& config = "") {
            auto how = options();
            how.config = config;
            const auto file = module::File::open(path);
            REQUIRE(file.has_value());
            const auto verdict = verdicts.trial_load(*file, how);
            return verdict ? "passed" : verdict.error().what;
        };
        const std::string path = build("");
        CHECK(ask(path) == "passed");
        CHECK(ask(path) == "passed");
        CHECK(w.read("trace") == "x");
        CHECK(ask(path, "{}") == "passed");
        CHECK(w.read("trace") == "xx");
        build("return MH_E_NOMEM;");
        const std::string refusal = path + ": create() failed: MH_E_NOMEM";
        CHECK(ask(path) == refusal);
        CHECK(ask(path) == refusal);
        CHECK(w.read("trace") == "xxx");
        std::filesystem::rename(path, w.path("moved.so"));
        CHECK(ask(w.path("moved.so")) == w.path("moved.so") + ": create() failed: MH_E_NOMEM");
        CHECK(w.read("trace") == "xxx");
        // A verdict that was cut off while it was written is no verdict.
        for (auto& e : std::filesystem::directory_iterator(state + "/verdicts"))
            std::ofstream(e.path()) << "refu";
        CHECK(ask(w.path("moved.so")) == w.path("moved.so") + ": create() failed: MH_E_NOMEM");
        CHECK(w.read("trace") == "xxxx");
    }
}
