// SPDX-License-Identifier: Apache-2.0
#include "tool/session.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "config/scan.hpp"
#include "tool/completion.hpp"
#include "tool/completion_process.hpp"
#include "tool/line_process.hpp"

namespace microhost::tool {
namespace {

constexpr size_t kLongestLine = 64 * 1024;
constexpr size_t kMostCompletions = 8;

// The path, not the file: an upgrade puts another one there.
std::string this_program() {
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/self/exe", ignored).string();
}

bool has_verb(const std::vector<std::string>& words) {
    const auto scan = config::scan(words);
    return scan && !scan->verb.empty();
}

mh_status status_of(int problem) { return problem == E2BIG ? MH_E_LIMIT : MH_E_IO; }

}  // namespace

Session::Session(boost::asio::io_context& io, std::vector<std::string> flags)
    : io_(io), program_(this_program()), flags_(std::move(flags)) {}

Session::~Session() { end(); }

mh_status Session::run(std::vector<std::string> words, std::function<void(int)> on_end) {
    if (line_) return MH_E_BUSY;
    if (over_) return MH_E_IO;
    if (!has_verb(words)) return MH_E_INVALID;
    words.insert(words.begin(), flags_.begin(), flags_.end());
    auto ended = [this, on_end = std::move(on_end)](int status) {
        line_.reset();
        on_end(status);
    };
    auto line = std::make_shared<LineProcess>(io_, std::move(ended));
    if (const int problem = line->start(program_, words)) return status_of(problem);
    line_ = std::move(line);
    return MH_OK;
}

mh_status Session::complete(std::string_view before, std::function<void(std::string_view)> fn) {
    if (over_) return MH_E_IO;
    if (before.size() > kLongestLine || completions_.size() >= kMostCompletions) return MH_E_LIMIT;
    std::string line = "microhost ";
    for (const std::string& flag : flags_) line += shell_quoted(flag) + " ";
    line += before;
    auto c = std::make_shared<Completion>(io_);
    auto done = [this, fn = std::move(fn), me = c.get()](const std::vector<std::string>& words) {
        std::erase_if(completions_, [me](const auto& p) { return p.get() == me; });
        for (size_t i = 0; i < words.size() && !over_; i++) fn(words[i]);
        if (!over_) fn({});
    };
    const int problem =
        c->start(program_, {std::string(kCompleteVerb), line, std::to_string(line.size())}, done);
    if (problem) return status_of(problem);
    completions_.push_back(std::move(c));
    return MH_OK;
}

void Session::signal(int number) {
    if (line_) line_->signal(number);
}

void Session::end() {
    over_ = true;
    line_.reset();
    for (const auto& c : completions_) c->stop();
    completions_.clear();
}

}  // namespace microhost::tool
