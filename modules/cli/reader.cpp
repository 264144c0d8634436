// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <microhost/host.hpp>

#include <cerrno>
#include <utility>

namespace microhost::cli {
namespace {

constexpr size_t kLongestLine = 64 * 1024;

class PlainLines : public LineSource {
  public:
    explicit PlainLines(Input& in) : in_(in) {}
    Typed read() override {
        std::string line;
        for (char c;;) {
            const Input::Got got = in_.next(c);
            if (got == Input::Got::woken)
                return {in_.take_interrupt() ? Typed::What::interrupted : Typed::What::end, {}};
            if (got == Input::Got::end && line.empty()) return {};
            if (got == Input::Got::end || c == '\n') break;
            if (line.size() <= kLongestLine) line += c;
        }
        if (line.size() > kLongestLine) return {Typed::What::refused, "a line of more than 64 KiB"};
        return {Typed::What::line, std::move(line)};
    }

  private:
    Input& in_;
};

}  // namespace

void on_main(std::function<void()> f) {
    using call = std::function<void()>;
    auto kept = std::make_unique<call>(std::move(f));
    const auto run = [](void*, void* arg) {
        const std::unique_ptr<call> mine(static_cast<call*>(arg));
        mh::guarded("on_main", [&] { return (*mine)(), MH_OK; });
    };
    const auto drop = [](void* arg) { delete static_cast<call*>(arg); };
    if (mh::use<mh_loop>().post(mh::the_host, MH_LOOP_MAIN, run, kept.get(), drop) == MH_OK)
        kept.release();
}

std::unique_ptr<LineSource> plain_lines(Input& in) { return std::make_unique<PlainLines>(in); }

Input::Input() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wake_ < 0) throw mh::failure("no descriptor is free; close some", {}, MH_E_IO);
}

Input::~Input() { ::close(wake_); }

void Input::wake() { ::eventfd_write(wake_, 1); }

Input::Got Input::next(char& c) {
    for (;;) {
        pollfd both[] = {{wake_, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        if (::poll(both, 2, -1) < 0) {
            if (errno == EINTR) continue;
            return Got::end;
        }
        if (both[0].revents) {
            eventfd_t ignored;
            ::eventfd_read(wake_, &ignored);
            if (stopping_ || interrupted_) return Got::woken;
        }
        if (!both[1].revents) continue;
        const ssize_t n = ::read(STDIN_FILENO, &c, 1);
        if (n == 1) return Got::byte;
        if (n == 0 || (errno != EINTR && errno != EAGAIN)) return Got::end;
    }
}

Reader::Reader(Make make, std::function<void(Typed)> on_line)
    : on_line_(std::make_shared<std::function<void(Typed)>>(std::move(on_line))),
      thread_([this, make = std::move(make)] { run(make); }) {}

Reader::~Reader() {
    {
        const std::lock_guard lock(mutex_);
        in_.stop();
    }
    changed_.notify_one();
    thread_.join();
}

void Reader::next() {
    {
        const std::lock_guard lock(mutex_);
        wanted_ = true;
    }
    changed_.notify_one();
}

bool Reader::wait_for_demand() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return wanted_ || in_.stopping(); });
    wanted_ = false;
    return !in_.stopping();
}

void Reader::run(const Make& make) {
    const mh_status s = mh::guarded("reader", [&] {
        const std::unique_ptr<LineSource> source = make(in_);
        while (wait_for_demand()) {
            in_.take_interrupt();  // of what ran before
            tell(source->read());
        }
        return MH_OK;
    });
    if (s != MH_OK) tell({Typed::What::broken, "the terminal cannot be read; pipe the lines in"});
}

// Whoever waited may be gone when it is told.
void Reader::tell(Typed typed) {
    on_main([weak = std::weak_ptr(on_line_), typed = std::move(typed)] {
        if (const auto f = weak.lock()) (*f)(typed);
    });
}

}  // namespace microhost::cli
