// SPDX-License-Identifier: Apache-2.0
/// What an interactive app runs: lines as processes of this program on the same terminal, and the words that complete a line.
#pragma once

#include <microhost/base.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace microhost::tool {

class LineProcess;
class Completion;

/// Thread: main.
class Session {
  public:
    /// `flags`: the words before the verb of this process; every process gets them.
    Session(boost::asio::io_context& io, std::vector<std::string> flags);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Errors as mh_app_control's run_line has them.
    mh_status run(std::vector<std::string> words, std::function<void(int)> on_end);
    /// `before`: the line up to the cursor. An empty word is the end. Errors as mh_app_control's complete has them.
    mh_status complete(std::string_view before, std::function<void(std::string_view)> fn);

    /// For the line that runs; nothing when none does.
    void signal(int number);
    /// Ends all that runs. Nobody is called any more.
    void end();

  private:
    boost::asio::io_context& io_;
    std::string program_;
    std::vector<std::string> flags_;
    std::shared_ptr<LineProcess> line_;
    std::vector<std::shared_ptr<Completion>> completions_;
    bool over_ = false;
};

}  // namespace microhost::tool
