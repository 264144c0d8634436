// SPDX-License-Identifier: Apache-2.0
#include "history.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

namespace microhost::cli {
namespace {

constexpr size_t kMostBytes = 4 * 1024 * 1024;
constexpr size_t kLongestLine = 64 * 1024;
constexpr std::string_view kSecrets[] = {"passw",  "token",         "secret",     "api_key",
                                         "apikey", "authorization", "credential", "bearer"};

class File {
  public:
    File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    explicit operator bool() const { return fd_ >= 0; }
    int get() const { return fd_; }

    /// The end of it, at most kMostBytes.
    std::string read_end() const {
        struct stat about {};
        if (::fstat(fd_, &about) != 0 || !S_ISREG(about.st_mode)) return {};
        const auto size = static_cast<size_t>(about.st_size);
        std::string out(std::min(size, kMostBytes), '\0');
        const ssize_t n =
            ::pread(fd_, out.data(), out.size(), static_cast<off_t>(size - out.size()));
        out.resize(n > 0 ? static_cast<size_t>(n) : 0);
        return out;
    }
    bool write(std::string_view text) const {
        return ::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    }

  private:
    int fd_;
};

}  // namespace

bool has_secret(std::string_view line) {
    std::string low(line);
    std::ranges::transform(low, low.begin(), [](unsigned char c) { return std::tolower(c); });
    return std::ranges::any_of(kSecrets,
                               [&](std::string_view word) { return low.find(word) != low.npos; });
}

History::History(std::string path) : path_(std::move(path)) {
    if (path_.empty()) {
        problem_ = "no folder for the history: it ends with this session; set --state_dir";
        return;
    }
    read();
    if (lines_.size() <= kMostLines) return;
    lines_.erase(lines_.begin(), lines_.end() - kMostLines);
    shorten();
}

void History::read() {
    const File file(path_, O_RDONLY);
    if (!file) {
        if (errno != ENOENT) problem_ = path_ + ": " + std::strerror(errno);
        return;
    }
    const std::string text = file.read_end();
    std::string_view rest = text;
    // Of what is too long the first line is not whole.
    if (rest.size() == kMostBytes)
        rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
    for (size_t end; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1))
        if (end > 0 && end <= kLongestLine) lines_.emplace_back(rest.substr(0, end));
}

// Whoever appends meanwhile writes into the old one; that line is lost, and no other.
void History::shorten() {
    std::string text;
    for (const std::string& l : lines_) text += l + "\n";
    const std::string partial = path_ + ".new";
    const File file(partial, O_WRONLY | O_CREAT | O_TRUNC);
    if (file && file.write(text)) ::rename(partial.c_str(), path_.c_str());
}

bool History::add(std::string_view line) {
    if (line.empty() || line.size() > kLongestLine || has_secret(line)) return false;
    if (!lines_.empty() && lines_.back() == line) return false;
    lines_.emplace_back(line);
    if (lines_.size() > kMostLines) lines_.erase(lines_.begin());
    if (path_.empty()) return true;
    const File file(path_, O_WRONLY | O_CREAT | O_APPEND);
    if (file) ::fchmod(file.get(), 0600);
    const bool written = file && file.write(std::string(line) + "\n");
    if (!written) problem_ = std::exchange(path_, {}) + ": " + std::strerror(errno);
    return true;
}

std::string History::take_problem() { return std::exchange(problem_, {}); }

}  // namespace microhost::cli
