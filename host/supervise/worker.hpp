// SPDX-License-Identifier: Apache-2.0
/// One worker as its supervisor sees it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "result.hpp"
#include "supervise/channel.hpp"

namespace microhost::supervise {

/// A listening socket and the name of its listener. The holder closes it.
struct Kept {
    int fd;
    std::string name;
};

/// What a worker is started from.
struct Recipe {
    std::string program;                 // the path, so that an upgraded file is found
    std::vector<std::string> arguments;  // argv, argv[0] included
    std::string folder;                  // of the instance
};

class Worker {
  public:
    /// fork and exec. `overlaps`: another one serves meanwhile. An exec that fails is an error. The caller has one thread.
    static Result<std::unique_ptr<Worker>> start(const Recipe& recipe,
                                                 const std::vector<Kept>& kept, bool overlaps,
                                                 uint64_t now_ms);
    ~Worker();
    Worker(const Worker&) = delete;

    pid_t pid() const { return pid_; }
    int channel() const { return channel_; }
    void tell(std::string_view verb) const { send_message(channel_, verb); }
    void kill(int number) const;
    /// Nothing more is read from it.
    void hang_up();

    const uint64_t started_ms;
    uint64_t heard_ms = 0;  // the last sign of life; 0: none yet
    uint64_t stall_ms = 0;  // what it said of its loops then
    uint64_t aborted_ms = 0;
    bool ready = false;
    std::vector<Kept> sockets;  // told, and not yet taken over
    bool sockets_whole = false;
    std::string failure;
    Message crash;  // empty: none was told

  private:
    Worker(pid_t pid, int channel, uint64_t now_ms)
        : started_ms(now_ms), pid_(pid), channel_(channel) {}

    pid_t pid_;
    int channel_;
};

void close_all(std::vector<Kept>& sockets);

}  // namespace microhost::supervise
