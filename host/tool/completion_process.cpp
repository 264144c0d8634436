// SPDX-License-Identifier: Apache-2.0
#include "tool/completion_process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string_view>
#include <utility>

namespace microhost::tool {
namespace {

constexpr std::chrono::milliseconds kPatience{450};  // the callers' is 500
constexpr size_t kMostBytes = 256 * 1024;            // what nobody looks through

/// A line each; what a line end does not follow is not whole.
Completion::Words lines_of(std::string_view text) {
    Completion::Words out;
    for (size_t end; (end = text.find('\n')) != text.npos; text.remove_prefix(end + 1))
        if (end > 0) out.emplace_back(text.substr(0, end));
    return out;
}

}  // namespace

int Completion::start(const std::string& program, const Words& args,
                      std::function<void(const Words&)> done) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return errno;
    Fd from(ends[0]), to(ends[1]);
    const Spawned child = spawn_quiet(program, args, to.get());
    if (!child) return child.problem;
    pid_ = child.pid;
    done_ = std::move(done);
    output_.assign(from.release());
    deadline_.expires_after(kPatience);
    deadline_.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
        if (const auto self = weak.lock(); self && !ec) self->finish();
    });
    read();
    return 0;
}

void Completion::read() {
    output_.async_read_some(
        boost::asio::buffer(block_),
        // Keeps the buffer until the descriptor, closed perhaps, has let go of it.
        [self = shared_from_this()](const boost::system::error_code& ec, size_t n) {
            if (!self->done_) return;
            self->text_.append(self->block_.data(), n);
            if (ec || self->text_.size() > kMostBytes) return self->finish();
            self->read();
        });
}

void Completion::finish() {
    const auto done = std::move(done_);
    if (!done) return;  // both the end and the deadline
    stop();
    done(lines_of(text_));
}

void Completion::stop() {
    done_ = nullptr;
    deadline_.cancel();
    boost::system::error_code ignored;
    output_.close(ignored);
}

Completion::~Completion() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    reap(pid_);
}

}  // namespace microhost::tool
