// SPDX-License-Identifier: Apache-2.0
#include "audit.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <microhost/host.hpp>

#include <cerrno>
#include <cstring>
#include <utility>

#include "../shared/json_writer.hpp"

namespace microhost::bot {

const char* name_of(Verdict v) {
    constexpr const char* kNames[kVerdicts] = {"ok",      "failed",      "denied",
                                               "unknown", "unconfirmed", "limited",
                                               "timeout", "cancelled",   "interrupted"};
    return kNames[static_cast<size_t>(v)];
}

std::string audit_json(const AuditLine& l) {
    std::string out;
    shared::JsonWriter w(out);
    w.begin_object().key("time_ms").integer(static_cast<int64_t>(l.time_ms));
    w.key("input").string(l.input).key("identity").string(l.identity).key("user").string(l.user);
    w.key("name").string(l.name).key("room").string(l.room).key("command").string(l.command);
    w.key("args").string(l.args).key("verdict").string(name_of(l.verdict));
    w.key("ms").integer(static_cast<int64_t>(l.took_ms));
    w.key("bytes").integer(static_cast<int64_t>(l.bytes)).end_object();
    return out + "\n";
}

void Audit::write(const AuditLine& l) {
    const std::string ms = std::to_string(l.took_ms), bytes = std::to_string(l.bytes);
    mh::log::info("bot command", {{"input", l.input},
                                  {"identity", l.identity},
                                  {"user", l.user},
                                  {"name", l.name},
                                  {"room", l.room},
                                  {"command", l.command},
                                  {"args", l.args},
                                  {"verdict", name_of(l.verdict)},
                                  {"ms", ms},
                                  {"bytes", bytes}});
    if (!file_.empty()) append_line(audit_json(l));
}

bool Audit::probe() { return file_.empty() || append({}); }

// Opened for each line: whoever rotates the file just moves it away.
bool Audit::append(const std::string& text) {
    const int fd = ::open(file_.c_str(),
                          O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    const bool ok =
        fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    problem_ = ok ? "" : std::strerror(errno);
    if (fd >= 0) ::close(fd);
    return ok;
}

void Audit::append_line(const std::string& text) {
    const bool worked = std::exchange(works_, append(text));
    if (works_ && !worked)
        mh::log::info("the audit file takes lines again", {{"file", file_}});
    else if (!works_ && worked)
        mh::log::error("the audit file cannot be written: until it can, only what reads is run",
                       {{"file", file_}, {"why", problem_}});
}

}  // namespace microhost::bot
