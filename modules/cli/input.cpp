// SPDX-License-Identifier: Apache-2.0
#include "input.hpp"

#include <fcntl.h>
#include <microhost/draft/app.h>
#include <poll.h>
#include <unistd.h>
#include <microhost/work.hpp>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace microhost::cli {
namespace {

constexpr int kLookMs = 50;  // how soon a cancelled command lets go of its input

struct Content {
    std::string text;
    std::string problem;
};

/// Blocks; ends early when `gone`.
Content read_all(const std::string& path, const std::atomic<bool>& gone) {
    Content out;
    const int fd = path.empty() ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return {{}, path + ": " + std::strerror(errno)};
    char piece[64 * 1024];
    while (!gone) {
        pollfd p{fd, POLLIN, 0};
        if (::poll(&p, 1, kLookMs) == 0) continue;
        const ssize_t n = ::read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            out.problem = (path.empty() ? "standard input" : path) + ": " + std::strerror(errno);
        if (n <= 0) break;
        out.text.append(piece, static_cast<size_t>(n));
        if (out.text.size() <= kLargestInput) continue;
        out.problem = "the request is longer than 4 MiB";
        break;
    }
    if (!path.empty()) ::close(fd);
    return out;
}

}  // namespace

bool owns_terminal() { return mh::the_host->get(mh::the_host, MH_APP_CONTROL) != nullptr; }

void read_input(const mh::run_ptr& run, std::string path, std::function<void(std::string)> then) {
    if (!owns_terminal() || run->surface() != MH_SURFACE_TERMINAL)
        return run->fail("files and standard input can be read in a terminal only; write the JSON",
                         2);
    auto gone = std::make_shared<std::atomic<bool>>(false);
    run->on_cancel = [gone] { *gone = true; };
    auto job = [path = std::move(path), gone] { return read_all(path, *gone); };
    auto done = [run, then = std::move(then)](std::optional<Content> content) {
        if (run->over()) return;
        run->on_cancel = nullptr;
        if (!content) return run->fail("the process stops");
        if (!content->problem.empty()) return run->fail(content->problem);
        then(std::move(content->text));
    };
    if (mh::background(std::move(job), std::move(done)) != MH_OK)
        run->fail("too much blocking work is waiting already; try again later");
}

}  // namespace microhost::cli
