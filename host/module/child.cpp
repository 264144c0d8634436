// SPDX-License-Identifier: Apache-2.0
#include "module/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

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
    Fd fd = above(Fd(memfd_create("input", MFD_CLOEXEC)));
    if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        lseek(fd.get(), 0, SEEK_SET) != 0)
        return Fd();
    return fd;
}

/// The process, its group, and what it says.
struct Child {
    pid_t pid = -1;
    Fd ended;  // readable when it has
    Pipe lines, output;

    Result<> start(const ChildOptions& options);
    /// The status as waitpid tells it. Nothing of its group is left afterwards.
    int reap() {
        int status = 0;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        kill(-pid, SIGKILL);
        return status;
    }
};

Result<> Child::start(const ChildOptions& options) {
    lines = Pipe::open();
    output = Pipe::open();
    const Fd config = file_of(options.input);
    if (!lines || !output || !config)
        return error("a child process cannot be made: {}", std::strerror(errno));
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, config.get(), 0);
    posix_spawn_file_actions_adddup2(&files, output.write.get(), 1);
    posix_spawn_file_actions_adddup2(&files, output.write.get(), 2);
    posix_spawn_file_actions_adddup2(&files, lines.write.get(), kChildFd);
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
    std::vector<const char*> args{"microhost"};
    for (const std::string& a : options.args) args.push_back(a.c_str());
    args.push_back(nullptr);
    const int failed = posix_spawn(&pid, options.program.c_str(), &files, &how,
                                   const_cast<char**>(args.data()), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    if (failed) return error("a child process cannot be started: {}", std::strerror(failed));
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

std::string signal_name(int number) {
    const char* brief = sigabbrev_np(number);
    return brief ? fmt::format("SIG{}", brief) : fmt::format("signal {}", number);
}

void split(std::string_view lines, ChildEnd& end) {
    while (!lines.empty()) {
        const auto line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(lines.size(), line.size() + 1));
        const auto space = line.find(' ');
        end.told.emplace_back(line.substr(0, space),
                              space == line.npos ? std::string_view{} : line.substr(space + 1));
    }
}

}  // namespace

std::string_view ChildEnd::last(std::string_view word) const {
    const auto found = std::find_if(told.rbegin(), told.rend(),
                                    [&](const auto& line) { return line.first == word; });
    return found == told.rend() ? std::string_view() : std::string_view(found->second);
}

bool ChildEnd::has(std::string_view word) const {
    return std::ranges::any_of(told, [&](auto& line) { return line.first == word; });
}

Outcome ChildEnd::outcome() const {
    if (!in_time) return Outcome::hung;
    if (WIFSIGNALED(status)) return Outcome::crashed;
    if (WEXITSTATUS(status) == kLostFd) return Outcome::ended;
    if (has("refused")) return Outcome::refused;
    return has("done") && WEXITSTATUS(status) == 0 ? Outcome::passed : Outcome::ended;
}

std::string ChildEnd::trouble() const {
    const std::string_view stage = has("stage") ? last("stage") : "loading";
    switch (outcome()) {
        case Outcome::passed: return {};
        case Outcome::refused: return std::string(last("refused"));
        case Outcome::hung:
            return fmt::format("hangs: its {} did not return within {} ms in a trial; mend it",
                               stage, limit.count());
        case Outcome::crashed:
            return fmt::format(
                "crashed in a trial ({} in its {}); mend it, microhost check --trial "
                "shows the crash again",
                signal_name(WTERMSIG(status)), stage);
        case Outcome::ended: break;
    }
    if (WEXITSTATUS(status) == kLostFd)
        return fmt::format(
            "closed descriptors of the host in a trial (in its {}); let it close only "
            "what it opened",
            stage);
    return fmt::format(
        "ended the process in a trial (exit status {} in its {}); a module must not "
        "exit",
        WEXITSTATUS(status), stage);
}

Result<ChildEnd> run_child(const ChildOptions& options) {
    const auto begin = Clock::now();
    Child child;
    if (auto ok = child.start(options); !ok) return ok.error();
    ChildEnd end;
    std::string lines;
    end.limit = options.limit;
    end.in_time = listen(child, begin + options.limit, lines, end.output);
    if (!end.in_time) kill(-child.pid, SIGKILL);
    end.status = child.reap();
    take(child.lines.read.get(), lines, kMostLines);
    take(child.output.read.get(), end.output, kMostOutput);
    end.took = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
    split(lines, end);
    return end;
}

}  // namespace microhost::module
