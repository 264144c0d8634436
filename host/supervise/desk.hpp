// SPDX-License-Identifier: Apache-2.0
/// supervisor.sock: where the tool asks the supervisor for something. A line in, a line out, "ok TEXT" or "error TEXT".
#pragma once

#include <poll.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "result.hpp"

namespace microhost::supervise {

class Desk {
  public:
    Desk() = default;
    ~Desk();
    Desk(const Desk&) = delete;

    /// 0600, at that path. Errors: of the socket.
    Result<> open(const std::string& path);
    /// Adds what is to be waited for.
    void add_to(std::vector<pollfd>& set) const;
    /// Reads what has come; `asked` gets each whole line with the number of who sent it.
    void serve(const std::vector<pollfd>& ready,
               const std::function<void(uint64_t who, std::string_view line)>& asked);
    /// Answers and ends the connection; nothing happens when that one has gone.
    void answer(uint64_t who, const Result<std::string>& said);

  private:
    struct Client {
        int fd;
        std::string line;
    };
    int fd_ = -1;
    uint64_t next_ = 1;
    std::map<uint64_t, Client> clients_;
};

}  // namespace microhost::supervise
