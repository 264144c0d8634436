// SPDX-License-Identifier: Apache-2.0
#include "rpc/debug_endpoints.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include "json/writer.hpp"

namespace microhost::rpc {
namespace {

struct Number {
    const char* name;
    uint64_t value;
};

/// Words 20 (threads), 22 (start, clock ticks after boot) and 24 (resident pages) of /proc/self/stat, proc(5).
struct Process {
    uint64_t threads = 0, started_s = 0, resident = 0;
};

Process read_process() {
    Process out;
    char text[1024];
    const int fd = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return out;
    const ssize_t n = ::read(fd, text, sizeof text - 1);
    ::close(fd);
    if (n <= 0) return out;
    text[n] = 0;
    const char* at = text + n;
    while (at > text && *at != ')') at--;  // the program's name may hold anything
    if (at == text) return out;
    at++;
    for (int word = 3; *at; word++) {
        char* end = nullptr;
        while (*at == ' ') at++;
        const uint64_t value = std::strtoull(at, &end, 10);
        if (word == 20) out.threads = value;
        if (word == 22) out.started_s = value / static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
        if (word == 24) out.resident = value * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
        while (*at && *at != ' ') at++;
    }
    return out;
}

/// Micro's debug.StatsResponse: fields 1 to 6, varints.
std::array<Number, 6> stats() {
    const Process p = read_process();
    timespec boot;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    const auto now = static_cast<uint64_t>(time(nullptr));
    const auto since_boot = static_cast<uint64_t>(boot.tv_sec);
    const uint64_t uptime = since_boot > p.started_s ? since_boot - p.started_s : 0;
    return {{{"timestamp", now},
             {"started", now - uptime},
             {"uptime", uptime},
             {"memory", p.resident},
             {"threads", p.threads},
             {"gc", 0}}};
}

void write_stats(bool protobuf, std::string& out) {
    char tag = 0;
    json::Writer json(out);
    if (!protobuf) json.object();
    for (const Number& n : stats()) {
        tag = static_cast<char>(tag + 8);
        if (!protobuf) {
            json.key(n.name).uint64(n.value);
        } else if (n.value) {
            out.push_back(tag);
            uint64_t v = n.value;
            for (; v > 0x7f; v >>= 7) out.push_back(static_cast<char>((v & 0x7f) | 0x80));
            out.push_back(static_cast<char>(v));
        }
    }
    if (!protobuf) json.end();
}

}  // namespace

bool answer_debug(std::string_view endpoint, std::string_view content_type, std::string& out) {
    const bool protobuf = content_type == "application/protobuf";
    if (endpoint == "Debug.Health") {
        out = protobuf ? "\n\x02ok" : "{\"status\":\"ok\"}";
        return true;
    }
    if (endpoint != "Debug.Stats") return false;
    out.clear();
    write_stats(protobuf, out);
    return true;
}

}  // namespace microhost::rpc
