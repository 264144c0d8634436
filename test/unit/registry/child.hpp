// SPDX-License-Identifier: Apache-2.0
/// A real process to own nodes, and to die.
#pragma once

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace microhost::registry::test {

struct Child {
    Child() : pid(::fork()) {
        REQUIRE(pid >= 0);
        if (pid == 0) {
            ::execlp("sleep", "sleep", "60", nullptr);
            ::_exit(127);
        }
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        kill();
        reap();
    }
    void kill() const {
        if (!reaped) ::kill(pid, SIGKILL);
    }
    void reap() {
        if (!reaped) ::waitpid(pid, nullptr, 0);
        reaped = true;
    }
    pid_t pid;
    bool reaped = false;
};

}  // namespace microhost::registry::test
