// SPDX-License-Identifier: Apache-2.0
#include "tool/watch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "config/duration.hpp"
#include "json/writer.hpp"

namespace microhost::tool {
namespace {

constexpr size_t kMostSaid = 16 << 20;  // of what one run says

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Result<uint64_t> interval_of(std::string_view text) {
    const auto ms = config::parse_duration(text);
    if (!ms) return ms.error().context("--watch");
    return std::max(static_cast<uint64_t>(ms->count()), Watch::kShortest);
}

// ---- the screen

/// The end of the escape sequence or character that begins at `at`; `width` is how many columns it takes.
size_t next_of(std::string_view line, size_t at, size_t column, size_t& width) {
    width = 1;
    const char c = line[at];
    if (c == '\t') width = 8 - column % 8;
    if (c == '\033' && line.substr(at + 1).starts_with('[')) {
        width = 0;
        at += 2;
        while (at < line.size() && (line[at] < '@' || line[at] > '~')) at++;
        return std::min(at + 1, line.size());
    }
    do at++;
    while (at < line.size() && (line[at] & 0xc0) == 0x80);
    return at;
}

std::string cut(std::string_view line, size_t columns) {
    std::string out;
    size_t column = 0, width = 0;
    for (size_t at = 0; at < line.size();) {
        const size_t next = next_of(line, at, column, width);
        if (width == 0 || column + width <= columns) {
            if (line[at] == '\t')
                out.append(width, ' ');
            else
                out += line.substr(at, next - at);
        }
        column += width;  // behind the edge only escapes are of use: they end what others began
        at = next;
    }
    return out;
}

bool on_terminal() {
    const char* kind = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) && kind && std::string_view(kind) != "dumb";
}

// ---- one run

struct Said {
    int status = 1;
    std::string out, err;
    bool operator==(const Said&) const = default;
};

struct Pipe {
    int read = -1, write = -1;
    Pipe() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) == 0) read = ends[0], write = ends[1];
    }
    ~Pipe() {
        if (read >= 0) ::close(read);
        close_write();
    }
    void close_write() {
        if (write >= 0) ::close(write);
        write = -1;
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
};

/// False at its end.
bool take_some(int fd, std::string& into) {
    char piece[16 * 1024];
    const ssize_t n = ::read(fd, piece, sizeof piece);
    if (n <= 0) return n < 0 && errno == EINTR;
    into.append(piece,
                std::min(static_cast<size_t>(n), kMostSaid - std::min(kMostSaid, into.size())));
    return true;
}

class Watcher {
  public:
    Watcher(const config::Scan& scan, const Watch& watch) : pause_ms_(watch.pause_ms) {
        words_.emplace_back("microhost");
        words_.insert(words_.end(), scan.flags.begin(), scan.flags.end());
        words_.push_back(scan.verb);
        words_.insert(words_.end(), watch.args.begin(), watch.args.end());
        sigemptyset(&signals_);
        for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals_, number);
        sigprocmask(SIG_BLOCK, &signals_, nullptr);
        signal_fd_ = ::signalfd(-1, &signals_, SFD_CLOEXEC);
        if (signal_fd_ < 0)
            sigprocmask(SIG_UNBLOCK, &signals_, nullptr);  // they end it the hard way
    }

    int run(bool ends_with_failure) {
        if (terminal_ && !std::getenv("NO_COLOR")) ::setenv("CLICOLOR_FORCE", "1", 0);
        while (true) {
            Said said;
            if (const int number = run_once(said)) return 128 + number;
            show(said);
            if (said.status == 2 || (said.status != 0 && ends_with_failure)) return said.status;
            if (std::ferror(stdout)) return 1;
            if (const int number = wait(pause_ms_)) return 128 + number;
        }
    }

  private:
    /// The signal that ends it all, or 0.
    int run_once(Said& said) {
        Pipe out, err;
        pid_t child = 0;
        if (!spawn(out, err, child)) {
            said.err = fmt::format("microhost: --watch: {}\n", std::strerror(errno));
            said.status = 2;
            return 0;
        }
        out.close_write();
        err.close_write();
        int number = 0;
        std::array<pollfd, 3> watch{
            {{signal_fd_, POLLIN, 0}, {out.read, POLLIN, 0}, {err.read, POLLIN, 0}}};
        while (!number && (watch[1].fd >= 0 || watch[2].fd >= 0)) {
            if (::poll(watch.data(), watch.size(), -1) < 0 && errno != EINTR) break;
            if (watch[0].revents) number = read_signal();
            if (watch[1].revents && !take_some(out.read, said.out)) watch[1].fd = -1;
            if (watch[2].revents && !take_some(err.read, said.err)) watch[2].fd = -1;
        }
        if (number) ::kill(child, SIGTERM);
        int status = 0;
        while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        said.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return number;
    }

    bool spawn(const Pipe& out, const Pipe& err, pid_t& child) {
        std::vector<char*> argv;
        for (std::string& w : words_) argv.push_back(w.data());
        argv.push_back(nullptr);
        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&files, out.write, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&files, err.write, STDERR_FILENO);
        posix_spawnattr_t how;
        posix_spawnattr_init(&how);
        sigset_t none;
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&how, &none);
        posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK);
        errno = posix_spawn(&child, "/proc/self/exe", &files, &how, argv.data(), environ);
        posix_spawn_file_actions_destroy(&files);
        posix_spawnattr_destroy(&how);
        return errno == 0;
    }

    int read_signal() const {
        signalfd_siginfo info{};
        return ::read(signal_fd_, &info, sizeof info) == sizeof info
                   ? static_cast<int>(info.ssi_signo)
                   : SIGTERM;
    }

    int wait(uint64_t ms) const {
        pollfd p{signal_fd_, POLLIN, 0};
        const int most = static_cast<int>(std::min<uint64_t>(ms, INT32_MAX));
        return ::poll(&p, 1, most) > 0 ? read_signal() : 0;
    }

    void show(const Said& said) {
        if (terminal_) {
            winsize size{};
            ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
            const size_t rows = size.ws_row ? size.ws_row : 24;
            const size_t columns = size.ws_col ? size.ws_col : 80;
            put(stdout, screen_of(said.out + said.err, rows, columns));
        } else {
            // A script, or a file, wants what is new.
            if (said.err != shown_.err) put(stderr, said.err);
            if (said.out != shown_.out || first_) put(stdout, (first_ ? "" : "\n") + said.out);
        }
        first_ = false;
        shown_ = said;
    }

    static void put(std::FILE* to, std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), to);
        std::fflush(to);
    }

    Words words_;
    const uint64_t pause_ms_;
    const bool terminal_ = on_terminal();
    sigset_t signals_;
    int signal_fd_;
    Said shown_;
    bool first_ = true;
};

/// Commands that have no end of their own.
bool goes_on(const config::Scan& scan, const Words& args) {
    const auto has = [&](std::initializer_list<std::string_view> words) {
        return std::ranges::any_of(args, [&](const std::string& w) {
            return std::ranges::find(words, std::string_view(w).substr(0, w.find('='))) !=
                   words.end();
        });
    };
    return (scan.verb == "logs" && has({"-f", "--follow"})) ||
           (scan.verb == "subscribe" && !has({"--count", "--help"}));
}

/// "top" draws itself anew, unless it is for a script or asked for once.
bool is_live_top(const config::Scan& scan) {
    if (scan.verb != "top" || !on_terminal()) return false;
    for (size_t i = 0; i < scan.args.size(); i++) {
        const std::string& w = scan.args[i];
        if (w == "--once" || w == "--help" || w.starts_with("--once=")) return false;
        const std::string next = i + 1 < scan.args.size() ? scan.args[i + 1] : "";
        if ((w == "--output" || w == "-o") && next != "table") return false;
        if ((w.starts_with("--output=") || w.starts_with("-o=")) && !w.ends_with("=table"))
            return false;
    }
    return true;
}

}  // namespace

Result<std::optional<Watch>> take_watch(Words args) {
    const auto end = std::find(args.begin(), args.end(), "--");
    const auto at = std::find_if(args.begin(), end, [](const std::string& w) {
        return w == "--watch" || w.starts_with("--watch=");
    });
    if (at == end) return std::optional<Watch>();
    Watch out;
    auto behind = at + 1;
    if (*at != "--watch") {
        const auto ms = interval_of(std::string_view(*at).substr(8));
        if (!ms) return ms.error();
        out.pause_ms = *ms;
    } else if (behind != end && !behind->empty() && is_digit(behind->front())) {
        if (const auto ms = interval_of(*behind)) out.pause_ms = *ms, ++behind;
    }
    args.erase(at, behind);
    out.args = std::move(args);
    return std::optional<Watch>(std::move(out));
}

std::string screen_of(std::string_view text, size_t rows, size_t columns) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    const size_t room = rows > 1 ? rows - 1 : 1;  // behind the last line stands the cursor
    const size_t shown = lines.size() > room ? room - 1 : lines.size();
    std::string out = "\033[H";
    for (size_t i = 0; i < shown; i++) out += cut(lines[i], columns) + "\033[K\n";
    if (shown < lines.size())
        out += cut(fmt::format("... {} lines more", lines.size() - shown), columns) + "\033[K\n";
    return out + "\033[J";
}

std::optional<int> watched(const config::Scan& scan) {
    auto asked = take_watch(scan.args);
    if (!asked) return refuse(asked.error().what);
    if (*asked) {
        if (goes_on(scan, (*asked)->args))
            return refuse("--watch is for commands that end; this one goes on by itself");
        const bool top = scan.verb == "top";
        if (top) (*asked)->args.insert((*asked)->args.begin(), "--once");
        return Watcher(scan, **asked).run(false);
    }
    if (!is_live_top(scan)) return std::nullopt;
    Watch live{scan.args, 0};
    live.args.insert(live.args.begin(), "--once");
    return Watcher(scan, live).run(true);
}

}  // namespace microhost::tool
