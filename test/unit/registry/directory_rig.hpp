// SPDX-License-Identifier: Apache-2.0
/// A real folder, a real io_context, a table; waits by running them until something is true.
#pragma once

#include "registry/directory.hpp"
#include "registry/file_name.hpp"
#include "registry/node_file.hpp"

#include "fixtures.hpp"

#include <fcntl.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <chrono>

namespace microhost::registry::test {

struct Rig {
    explicit Rig(bool start_now = true,
                 std::chrono::milliseconds sweep = std::chrono::milliseconds(10))
        : directory(io, table.open("directory", 0),
                    {.runtime_dir = dir.path + "/run",
                     .warn = [this](std::string_view text) { warnings.emplace_back(text); },
                     .sweep = sweep}) {
        if (start_now) start();
    }
    void start() {
        directory.start();
        REQUIRE(until([&] { return table.snapshot()->complete(); }));
    }

    /// Runs the control thread until `done`, for ten seconds at most.
    template <class Done>
    bool until(Done done) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) return false;
            io.run_one_for(std::chrono::milliseconds(20));
        }
        return true;
    }
    /// Runs everything that is due, and some sweeps: for what must not happen.
    void settle() { io.run_for(std::chrono::milliseconds(150)); }
    bool has(std::string_view name) { return table.snapshot()->find(name) != nullptr; }
    bool comes(std::string_view name) {
        return until([&] { return has(name); });
    }
    bool goes(std::string_view name) {
        return until([&] { return !has(name); });
    }

    [[nodiscard]] std::string folder() const { return dir.path + "/run/registry/v1"; }
    [[nodiscard]] std::string path(std::string_view id) const {
        return folder() + "/" + file_name_of(id);
    }
    static std::string text(const std::string& name, const std::string& id, pid_t owner = 0,
                            int ttl_s = 60) {
        return format_node_file(
            {service(name, "1", {node(id)}), std::chrono::seconds(ttl_s), owner});
    }
    /// As a careful writer does it: beside, then rename.
    void put(const std::string& name, const std::string& id, pid_t owner = 0, int ttl_s = 60) {
        write_file(folder() + "/.new", text(name, id, owner, ttl_s));
        std::filesystem::rename(folder() + "/.new", path(id));
    }
    void age(const std::string& file, int seconds) {
        timespec times[2]{};
        ::clock_gettime(CLOCK_REALTIME, &times[0]);
        times[0].tv_sec -= seconds;
        times[1] = times[0];
        REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
    }

    TempDir dir;
    boost::asio::io_context io;
    std::vector<std::string> warnings;
    Table table{[this](std::function<void()> f) { boost::asio::post(io, std::move(f)); }};
    Directory directory;
};

/// A sweep that never comes: what happens then, inotify and pidfd did.
inline constexpr std::chrono::milliseconds kNever{3'600'000};

}  // namespace microhost::registry::test
