// SPDX-License-Identifier: Apache-2.0
#include "tool/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace microhost::tool {
namespace {

constexpr size_t kMostWaiting = 256 * 1024;
constexpr size_t kPiece = 4096;  // PIPE_BUF: a pipe that is ready takes as much without waiting
constexpr int kLastPatienceMs = 500;  // for a reader, at the end

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

bool is_dumb() {
    const std::string_view term = variable("TERM");
    return term.empty() || term == "dumb";
}

bool is_utf8() {
    // As setlocale() looks for it.
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"})
        if (const std::string_view value = variable(name); !value.empty())
            return value.find("UTF-8") != value.npos || value.find("utf8") != value.npos;
    return false;
}

}  // namespace

Terminal::Terminal(boost::asio::io_context& io)
    : io_(io), in_(io), window_(io), out_{Out(io), Out(io)} {
    out_[0].fd = STDOUT_FILENO;
    out_[1].fd = STDERR_FILENO;
}

Terminal::~Terminal() {
    for (Out& out : out_)
        while (!out.gone && !out.waiting.empty())
            if (!write_some(out, kLastPatienceMs)) break;
    restore();
}

uint32_t Terminal::flags() {
    uint32_t out = 0;
    if (::isatty(STDIN_FILENO)) out |= MH_TTY_IN;
    if (::isatty(STDOUT_FILENO)) out |= MH_TTY_OUT;
    if (::isatty(STDERR_FILENO)) out |= MH_TTY_ERR;
    if (is_utf8()) out |= MH_TTY_UTF8;
    if (is_dumb()) out |= MH_TTY_DUMB;
    return out;
}

int32_t Terminal::colours() {
    if (!::isatty(STDOUT_FILENO) || is_dumb() || !variable("NO_COLOR").empty())
        return MH_COLOUR_NONE;
    const std::string_view rich = variable("COLORTERM");
    if (rich == "truecolor" || rich == "24bit") return MH_COLOUR_RGB;
    return variable("TERM").find("256color") != std::string_view::npos ? MH_COLOUR_256
                                                                       : MH_COLOUR_16;
}

void Terminal::dimensions(uint32_t& columns, uint32_t& rows) {
    winsize size{};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    columns = known && size.ws_col ? size.ws_col : 80;
    rows = known && size.ws_row ? size.ws_row : 24;
}

mh_status Terminal::mode(int32_t mode) {
    if (!before_.get()) return MH_E_UNSUPPORTED;
    termios wanted = *before_.get();
    switch (mode) {
        case MH_TTY_COOKED: break;
        case MH_TTY_NO_ECHO:
            wanted.c_lflag &= ~tcflag_t{ECHO};
            wanted.c_lflag |= ECHONL;
            break;
        case MH_TTY_RAW: ::cfmakeraw(&wanted); break;
        default: return MH_E_INVALID;
    }
    return ::tcsetattr(STDIN_FILENO, TCSADRAIN, &wanted) == 0 ? MH_OK : MH_E_IO;
}

// ---- input

void Terminal::read(std::optional<Events> events) {
    events_ = std::move(events);
    if (!events_) {
        boost::system::error_code ignored;
        in_.cancel(ignored);
        window_.cancel(ignored);
        return;
    }
    if (events_->resize) {
        for (const int number : {SIGWINCH, SIGCONT}) {
            boost::system::error_code ignored;
            window_.add(number, ignored);
        }
        wait_for_signal();
    }
    if (!in_.is_open()) in_.assign(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!reading_) wait_for_input();
}

void Terminal::wait_for_input() {
    reading_ = true;
    in_.async_wait(
        boost::asio::posix::stream_descriptor::wait_read,
        [this](const boost::system::error_code& ec) {
            reading_ = false;
            if (!events_) return;
            // A file cannot be waited for: it is always ready.
            if (ec && ec != boost::asio::error::operation_not_supported && ec.value() != EPERM)
                return;
            take_input();
        });
}

void Terminal::take_input() {
    const ssize_t n = ::read(STDIN_FILENO, block_.data(), block_.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return wait_for_input();
    const auto input = events_->input;  // it may end the reading
    input({block_.data(), n > 0 ? static_cast<size_t>(n) : 0});
    if (n > 0 && events_ && !reading_) wait_for_input();
}

void Terminal::wait_for_signal() {
    window_.async_wait([this](const boost::system::error_code& ec, int) {
        if (ec || !events_) return;
        uint32_t columns = 0, rows = 0;
        dimensions(columns, rows);
        const auto resize = events_->resize;
        if (resize) resize(columns, rows);
        if (events_) wait_for_signal();
    });
}

// ---- output

mh_status Terminal::write(int to, std::string_view bytes) {
    Out& out = out_[to == STDERR_FILENO ? 1 : 0];
    if (out.gone) return MH_E_GONE;
    if (out.waiting.size() + bytes.size() > kMostWaiting && !out.waiting.empty()) {
        out.refused = true;
        return MH_E_BUSY;
    }
    out.waiting += bytes;
    flush(out);
    return out.gone ? MH_E_GONE : MH_OK;
}

void Terminal::flush(Out& out) {
    while (!out.gone && !out.waiting.empty())
        if (!write_some(out, 0)) break;
    if (out.waiting.empty() || out.gone) {
        if (std::exchange(out.refused, false) && events_ && events_->writable) events_->writable();
        return;
    }
    if (std::exchange(out.polled, true)) return;
    if (!out.ready.is_open()) out.ready.assign(::fcntl(out.fd, F_DUPFD_CLOEXEC, 3));
    out.ready.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                         [this, &out](const boost::system::error_code& ec) {
                             out.polled = false;
                             if (ec != boost::asio::error::operation_aborted) flush(out);
                         });
}

/// False: nothing can be written now.
bool Terminal::write_some(Out& out, int patience_ms) {
    pollfd ready{out.fd, POLLOUT, 0};
    if (::poll(&ready, 1, patience_ms) <= 0) return false;
    const ssize_t n = ::write(out.fd, out.waiting.data(), std::min(out.waiting.size(), kPiece));
    if (n >= 0) {
        out.waiting.erase(0, static_cast<size_t>(n));
        return true;
    }
    if (errno == EINTR) return true;
    out.gone = errno != EAGAIN;
    return false;
}

}  // namespace microhost::tool
