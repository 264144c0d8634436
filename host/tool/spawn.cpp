// SPDX-License-Identifier: Apache-2.0
#include "tool/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace microhost::tool {
namespace {

/// What posix_spawn is told. Whatever this process does with signals, a child begins as from a shell.
struct Plan {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;

    Plan() {
        posix_spawn_file_actions_init(&files);
        posix_spawnattr_init(&how);
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&how, &none);
        posix_spawnattr_setsigdefault(&how, &all);
    }
    ~Plan() {
        posix_spawn_file_actions_destroy(&files);
        posix_spawnattr_destroy(&how);
    }
    Plan(const Plan&) = delete;
    Plan& operator=(const Plan&) = delete;

    Spawned run(const std::string& program, const std::vector<std::string>& args) {
        std::vector<const char*> words{"microhost"};
        for (const std::string& a : args) words.push_back(a.c_str());
        words.push_back(nullptr);
        posix_spawnattr_setflags(&how, flags);
        Spawned out;
        out.problem = ::posix_spawn(&out.pid, program.c_str(), &files, &how,
                                    const_cast<char**>(words.data()), environ);
        if (out.problem) return out;
        out.ended = Fd(static_cast<int>(::syscall(SYS_pidfd_open, out.pid, 0)));
        if (out.ended) return out;
        out.problem = errno;  // its end could never be told
        ::kill(out.pid, SIGKILL);
        reap(out.pid);
        return out;
    }
};

}  // namespace

Spawned spawn_beside(const std::string& program, const std::vector<std::string>& args) {
    return Plan().run(program, args);
}

Spawned spawn_quiet(const std::string& program, const std::vector<std::string>& args, int output) {
    Plan plan;
    posix_spawn_file_actions_addopen(&plan.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&plan.files, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&plan.files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_setpgroup(&plan.how, 0);
    plan.flags |= POSIX_SPAWN_SETPGROUP;
    return plan.run(program, args);
}

int reap(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return 1;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace microhost::tool
