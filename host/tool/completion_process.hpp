// SPDX-License-Identifier: Apache-2.0
/// The hidden verb of `microhost completion`, asked by this process as a shell asks it.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tool/spawn.hpp"

namespace microhost::tool {

/// Thread: main.
class Completion : public std::enable_shared_from_this<Completion> {
  public:
    using Words = std::vector<std::string>;

    explicit Completion(boost::asio::io_context& io) : output_(io), deadline_(io) {}
    ~Completion();
    Completion(const Completion&) = delete;
    Completion& operator=(const Completion&) = delete;

    /// errno, or 0: then done(words) comes once, with those that came in time.
    int start(const std::string& program, const Words& args,
              std::function<void(const Words&)> done);
    /// Nobody is told any more.
    void stop();

  private:
    void read();
    void finish();

    boost::asio::posix::stream_descriptor output_;
    boost::asio::steady_timer deadline_;
    std::array<char, 4096> block_{};
    std::string text_;
    std::function<void(const Words&)> done_;
    pid_t pid_ = -1;
};

}  // namespace microhost::tool
