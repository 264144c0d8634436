// SPDX-License-Identifier: Apache-2.0
/// Who ran what, and how it went: a line in the log for each command, and in a file of its own when one is configured.
#pragma once

#include <cstdint>
#include <string>

namespace microhost::bot {

enum class Verdict : uint8_t {
    ok,
    failed,
    denied,
    unknown,      ///< no such command
    unconfirmed,  ///< it was asked whether that is meant
    limited,      ///< too many
    timeout,
    cancelled,
    interrupted,  ///< by a reload
};
inline constexpr size_t kVerdicts = 9;
const char* name_of(Verdict v);

struct AuditLine {
    std::string input, identity, user, name, room, command, args;
    Verdict verdict = Verdict::ok;
    uint64_t time_ms = 0;  ///< since 1970
    uint64_t took_ms = 0;
    uint64_t bytes = 0;  ///< of the answer
};

/// One JSON object with its line end.
std::string audit_json(const AuditLine& line);

class Audit {
  public:
    /// `file`: lines are added to it, one JSON object each; empty: to the log only.
    explicit Audit(std::string file) : file_(std::move(file)) {}

    void write(const AuditLine& line);
    /// False: the file takes nothing. Then nothing may be changed that nobody could find out about.
    bool works() const { return works_; }
    const std::string& problem() const { return problem_; }
    /// Whether it can be opened now, found out without a line. Then problem() says why not.
    bool probe();

  private:
    bool append(const std::string& text);
    void append_line(const std::string& text);
    std::string file_, problem_;
    bool works_ = true;
};

}  // namespace microhost::bot
