// SPDX-License-Identifier: Apache-2.0
#include "module/trial.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

extern char** environ;

namespace microhost::module {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr size_t kMostOutput = 16 * 1024;
constexpr size_t kMostLines = 256 * 1024;

class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() { reset(); }
    void reset() {
        if (fd_ >= 0) close(std::exchange(fd_, -1));
    }
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

/// A copy above what the child gets, so that one dup2 never overwrites the source of the next.
Fd above(Fd fd) { return Fd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 16)); }

struct Pipe {
    Fd read, write;
    static Pipe open() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) return {};
        Pipe p{Fd(ends[0]), above(Fd(ends[1]))};
        fcntl(p.read.get(), F_SETFL, O_NONBLOCK);
        return p;
    }
    explicit operator bool() const { return read && write; }
};

/// Not on the command line, where everybody could read it.
Fd file_of(const std::string& text) {
    Fd fd = above(Fd(memfd_create("config", MFD_CLOEXEC)));
    if (!fd || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        lseek(fd.get(), 0, SEEK_SET) != 0)
        return Fd();
    return fd;
}

/// The process, its group, and what it says.
struct Child {
    pid_t pid = -1;
    Fd ended;  // readable when it has
    Pipe lines, output;

    Result<> start(const std::string& path, const TrialOptions& options);
    /// The status as waitpid tells it. Nothing of its group is left afterwards.
    int reap() {
        int status = 0;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        kill(-pid, SIGKILL);
        return status;
    }
};

Result<> Child::start(const std::string& path, const TrialOptions& options) {
    lines = Pipe::open();
    output = Pipe::open();
    const Fd config = file_of(options.config);
    if (!lines || !output || !config)
        return error("{}: a trial process cannot be made: {}", path, std::strerror(errno));
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, config.get(), 0);
    posix_spawn_file_actions_adddup2(&files, output.write.get(), 1);
    posix_spawn_file_actions_adddup2(&files, output.write.get(), 2);
    posix_spawn_file_actions_adddup2(&files, lines.write.get(), kTrialFd);
    posix_spawnattr_t how;
    posix_spawnattr_init(&how);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &all);
    posix_spawnattr_setpgroup(&how, 0);
    posix_spawnattr_setflags(
        &how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const std::string limit = std::to_string(options.limit.count());
    std::array<const char*, 5> args{"microhost", kTrialVerb, path.c_str(), limit.c_str(), nullptr};
    const int failed = posix_spawn(&pid, options.program.c_str(), &files, &how,
                                   const_cast<char**>(args.data()), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    if (failed)
        return error("{}: a trial process cannot be started: {}", path, std::strerror(failed));
    lines.write.reset();
    output.write.reset();
    ended = Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    return {};
}

/// Appends what is there; keeps the end of it.
void take(int fd, std::string& into, size_t most) {
    std::array<char, 4096> block;
    for (ssize_t n; (n = read(fd, block.data(), block.size())) > 0;) {
        into.append(block.data(), static_cast<size_t>(n));
        if (into.size() > 2 * most) into.erase(0, into.size() - most);
    }
}

/// False at the deadline.
bool listen(const Child& child, Clock::time_point deadline, std::string& lines,
            std::string& output) {
    std::array<pollfd, 3> watch{{{child.ended.get(), POLLIN, 0},
                                 {child.lines.read.get(), POLLIN, 0},
                                 {child.output.read.get(), POLLIN, 0}}};
    for (bool over = false; !over;) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) return false;
        if (poll(watch.data(), watch.size(), static_cast<int>(left)) < 0 && errno != EINTR) break;
        over = watch[0].revents != 0;
        take(child.lines.read.get(), lines, kMostLines);
        take(child.output.read.get(), output, kMostOutput);
        for (pollfd& w : watch)
            if (w.revents & POLLHUP && w.fd != child.ended.get()) w.fd = -1;
    }
    return true;
}

/// What the child told, line by line: a word, a space, a text.
struct Told {
    bool done = false;
    std::string refused;

    void read(std::string_view lines, Trial& trial) {
        while (!lines.empty()) {
            const auto line = lines.substr(0, lines.find('\n'));
            lines.remove_prefix(std::min(lines.size(), line.size() + 1));
            const auto space = line.find(' ');
            const auto word = line.substr(0, space);
            const auto text = space == line.npos ? std::string_view{} : line.substr(space + 1);
            if (word == "stage") trial.stage = text;
            if (word == "refused") refused = text;
            if (word == "untried") trial.untried = text;
            if (word == "done") done = true;
            if (const auto colon = text.find(": "); word == "finding" && colon != text.npos)
                trial.findings.push_back(
                    {std::string(text.substr(0, colon)), std::string(text.substr(colon + 2))});
        }
    }
};

std::string signal_name(int number) {
    const char* brief = sigabbrev_np(number);
    return brief ? fmt::format("SIG{}", brief) : fmt::format("signal {}", number);
}

void judge(Trial& t, const std::string& path, const Told& told, int status) {
    const std::string stage = t.stage.empty() ? "the trial process" : t.stage;
    auto fail = [&](Outcome outcome, std::string what) {
        t.outcome = outcome;
        t.reason = fmt::format("{}: {}", path, what);
    };
    if (WIFSIGNALED(status))
        return fail(Outcome::crashed,
                    fmt::format("crashed in a trial ({} in its {}); mend it, microhost check "
                                "--trial shows the crash again",
                                signal_name(WTERMSIG(status)), stage));
    if (WEXITSTATUS(status) == kTrialLostFd)
        return fail(Outcome::ended,
                    fmt::format("closed descriptors of the host in a trial (in its {}); let it "
                                "close only what it opened",
                                stage));
    if (!told.refused.empty()) {
        t.outcome = Outcome::refused;
        t.reason = told.refused;
        return;
    }
    if (!told.done || WEXITSTATUS(status) != 0)
        return fail(Outcome::ended, fmt::format("ended the process in a trial (exit status {} in "
                                                "its {}); a module must not exit",
                                                WEXITSTATUS(status), stage));
}

}  // namespace

Result<Trial> try_module(const std::string& path, const TrialOptions& options) {
    const auto begin = Clock::now();
    Child child;
    if (auto ok = child.start(path, options); !ok) return ok.error();
    Trial t;
    std::string lines;
    const bool in_time = listen(child, begin + options.limit, lines, t.output);
    if (!in_time) kill(-child.pid, SIGKILL);
    const int status = child.reap();
    take(child.lines.read.get(), lines, kMostLines);
    take(child.output.read.get(), t.output, kMostOutput);
    t.took = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
    Told told;
    told.read(lines, t);
    if (in_time) {
        judge(t, path, told, status);
    } else {
        t.outcome = Outcome::hung;
        t.reason = fmt::format("hangs: its {} did not return within {} ms in a trial; mend it",
                               t.stage.empty() ? "loading" : t.stage, options.limit.count());
        t.reason = fmt::format("{}: {}", path, t.reason);
    }
    return t;
}

Result<> trial_load(const std::string& path, const TrialOptions& options) {
    auto trial = try_module(path, options);
    if (!trial) return trial.error();
    if (trial->outcome != Outcome::passed) return Error{trial->reason};
    return {};
}

}  // namespace microhost::module
