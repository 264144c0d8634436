// SPDX-License-Identifier: Apache-2.0
/// What several registry tests build: services, a folder that goes away, a table whose turns are run by hand.
#pragma once

#include "registry/table.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace microhost::registry::test {

struct TempDir {
    TempDir() {
        char text[] = "/tmp/microhost-registry-XXXXXX";
        path = ::mkdtemp(text);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() { std::filesystem::remove_all(path); }
    std::string path;
};

inline Node node(std::string id, std::string address = "127.0.0.1:9000", Metadata metadata = {}) {
    return {std::move(id), std::move(address), std::move(metadata)};
}

inline Service service(std::string name, std::string version, std::vector<Node> nodes) {
    return {std::move(name), std::move(version), {}, {}, std::move(nodes)};
}

/// A table, its clock and its turns.
struct Turns {
    TimePoint now = TimePoint{} + std::chrono::hours(1);
    std::vector<std::function<void()>> posted;
    Table table{[this](std::function<void()> f) { posted.push_back(std::move(f)); },
                [this] { return now; }};

    /// Ends the turn; the number of things that were posted.
    size_t run() {
        auto work = std::exchange(posted, {});
        for (auto& f : work) f();
        return work.size();
    }
    std::shared_ptr<const Snapshot> snapshot() {
        run();
        return table.snapshot();
    }
};

inline void write_file(const std::string& path, const std::string& text, mode_t mode = 0644) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    ::chmod(path.c_str(), mode);
}

}  // namespace microhost::registry::test
