// SPDX-License-Identifier: Apache-2.0
/// The lines of earlier sessions, in a file that only its owner reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace microhost::cli {

constexpr size_t kMostLines = 1000;

/// Whether it may bear something that must not be kept: a password, a token.
bool has_secret(std::string_view line);

/// Several sessions write to one file, a line at a time. Without a file it keeps nothing, and says so once.
class History {
  public:
    /// `path` may be empty: there is no file. Reads what is there.
    explicit History(std::string path);

    const std::vector<std::string>& lines() const { return lines_; }
    /// Whether the line is to be remembered: neither empty, nor the last one again, nor one with a secret. Then it is in the
    /// file, too.
    bool add(std::string_view line);
    /// Why the file is not used, once; else empty.
    std::string take_problem();

  private:
    void read();
    void shorten();

    std::string path_, problem_;
    std::vector<std::string> lines_;
};

}  // namespace microhost::cli
