// SPDX-License-Identifier: Apache-2.0
#include "supervise/journal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <ctime>

#include "observe/line.hpp"

namespace microhost::supervise {

// The file is opened for each line: there are few, and so a rotated file needs no signal.
void Journal::write(log::Level level, std::string_view message, Fields fields) const {
    const std::string& least = settings_.level;
    if (level < (least == "error"  ? log::Level::error
                 : least == "warn" ? log::Level::warn
                                   : log::Level::info))
        return;
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    log::Record r;
    r.time_us =
        static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
    r.level = level;
    r.module = "host/supervise";
    r.message = message;
    r.fields = {fields.begin(), fields.size()};
    int fd = STDERR_FILENO;
    if (!settings_.file.empty())
        fd = ::open(settings_.file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    const bool terminal = ::isatty(fd) == 1;
    const bool text = settings_.format == config::LogFormat::text ||
                      (settings_.format == config::LogFormat::automatic && terminal);
    std::string line;
    if (text)
        log::append_text_line(line, r, terminal);
    else
        log::append_json_line(line, r);
    [[maybe_unused]] const ssize_t n = ::write(fd, line.data(), line.size());
    if (fd != STDERR_FILENO && fd >= 0) ::close(fd);
}

}  // namespace microhost::supervise
