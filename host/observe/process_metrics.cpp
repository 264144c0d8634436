// SPDX-License-Identifier: Apache-2.0
#include "observe/process_metrics.hpp"

#include "observe/access_log.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

namespace microhost::observe {
namespace {

std::optional<double> resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::uint64_t total = 0, resident = 0;
    if (!(file >> total >> resident)) return {};
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::optional<double> open_fds() {
    DIR* folder = ::opendir("/proc/self/fd");
    if (folder == nullptr) return {};  // most likely because no descriptor is left
    int count = -1;                    // the folder's own
    while (const dirent* entry = ::readdir(folder)) count += entry->d_name[0] != '.';
    ::closedir(folder);
    return count;
}

std::optional<double> max_fds() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
    if (limit.rlim_cur == RLIM_INFINITY) return std::numeric_limits<double>::infinity();
    return static_cast<double>(limit.rlim_cur);
}

std::optional<double> cpu_seconds() {
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) != 0) return {};
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// When the machine booted, seconds since 1970.
std::optional<double> boot_time() {
    std::ifstream file("/proc/stat");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("btime ")) return std::stod(line.substr(6));
    }
    return {};
}

std::optional<double> start_time() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    // The second field is the program's name in parentheses and may hold anything; field 22 is the
    // 20th after it.
    const std::size_t name_end = line.rfind(')');
    const auto booted = boot_time();
    if (name_end == std::string::npos || !booted) return {};
    std::istringstream rest(line.substr(name_end + 1));
    std::string field;
    for (int i = 0; i < 20; ++i) rest >> field;
    return rest ? std::optional(*booted +
                                std::stod(field) / static_cast<double>(::sysconf(_SC_CLK_TCK)))
                : std::nullopt;
}

/// A figure that cannot be read now is left out rather than shown as 0.
void add(Metrics& metrics, const Definition& own, std::optional<double> (*read)()) {
    metrics.add_callback(own, [read](const Emit& emit) {
        if (const auto value = read()) emit({}, *value);
    });
}

}  // namespace

void add_process_metrics(Metrics& metrics, std::string_view version) {
    add(metrics, names::kProcessResident, resident_bytes);
    add(metrics, names::kProcessOpenFds, open_fds);
    add(metrics, names::kProcessMaxFds, max_fds);
    add(metrics, names::kProcessCpu, cpu_seconds);
    if (const auto started = start_time()) {
        metrics.add_callback(names::kProcessStart,
                             [value = *started](const Emit& emit) { emit({}, value); });
    }
    metrics.add_callback(names::kBuild,
                         [text = std::string(version)](const Emit& emit) { emit({text}, 1); });
}

void add_log_metrics(Metrics& metrics, const log::Log& log) {
    metrics.add_callback(names::kLogDropped, [&log](const Emit& emit) {
        emit({}, static_cast<double>(log.dropped()));
    });
    metrics.add_callback(names::kLogFailures, [&log](const Emit& emit) {
        emit({}, static_cast<double>(log.write_failures()));
    });
}

void add_access_log_metrics(Metrics& metrics, const AccessLog& log) {
    metrics.add_callback(names::kAccessLogDropped, [&log](const Emit& emit) {
        emit({}, static_cast<double>(log.dropped()));
    });
}

}  // namespace microhost::observe
