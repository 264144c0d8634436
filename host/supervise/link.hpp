// SPDX-License-Identifier: Apache-2.0
/// A worker's tie to its supervisor.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

#include "loop/loop.hpp"

namespace microhost::supervise {

/// The variable that names it to a worker: "DESCRIPTOR SUPERVISOR OVERLAPS FOLDER".
inline constexpr const char* kVariable = "MICROHOST_SUPERVISOR";

class Link final : public Pollable {
  public:
    /// Of this process, null when nobody supervises it. Thread: any.
    static Link* here();
    /// Looks into the environment, and takes the variable out of it. Thread: the only one, at start.
    static void find();

    pid_t supervisor() const { return supervisor_; }
    /// Another worker serves this instance until we are ready.
    bool overlaps() const { return overlaps_; }
    int channel() const { return fd_; }
    /// Of the instance: RUNTIME/instances/NAME, whatever the configuration says by now.
    const std::string& folder() const { return folder_; }

    /// A listening socket. After the last one, sockets_end().
    void socket(int fd, std::string_view name);
    void sockets_end();
    void ready();
    void failed(std::string_view why);
    void ask_replacement(std::string_view reason);

    struct Orders {
        std::function<void()> stop, reload, retire;
        std::function<void()> orphaned;           // the supervisor is gone
        std::function<uint64_t()> longest_stall;  // milliseconds, told with each heartbeat
    };
    /// Obeys, and shows a sign of life from now on. Thread: main.
    void obey(Loop& main, Orders orders);
    void on_events(uint32_t) override;

  private:
    void beat();

    int fd_ = -1;
    pid_t supervisor_ = 0;
    bool overlaps_ = false;
    std::string folder_;
    Loop* main_ = nullptr;
    Orders orders_;
    struct Beat : Timer {
        Link* owner;
    } beat_;
};

/// Asks for a new worker in this one's place: it is started beside this one, and takes over when it is ready. False when
/// nobody supervises this process. Thread: any.
bool ask_replacement(std::string_view reason);

/// What this instance is called, where `configured` is the name that it was given or empty: then it is called after its process.
std::string instance_name(const std::string& configured);

}  // namespace microhost::supervise
