// SPDX-License-Identifier: Apache-2.0
#include "tool/passwd.hpp"

#include <crypt.h>
#include <fmt/format.h>
#include <pwd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>

#include "command/definition.hpp"
#include "json/nearest.hpp"
#include "tool/options.hpp"
#include "tool/private_file.hpp"

namespace microhost::tool {
namespace {

constexpr size_t kLongestPassword = 72;  // bcrypt looks at no more
constexpr size_t kLongestName = 255;
constexpr unsigned long kCost = 10;
constexpr int kInterrupted = 130;

struct Secret {
    std::string text;
    ~Secret() { ::explicit_bzero(text.data(), text.capacity()); }
};

volatile sig_atomic_t interrupted = 0;

/// A terminal that does not show what is typed, until it goes out of scope. Signals interrupt the reading then.
class NoEcho {
  public:
    NoEcho() {
        struct sigaction ours {};
        ours.sa_handler = [](int) { interrupted = 1; };
        for (size_t i = 0; i < std::size(kSignals); i++)
            ::sigaction(kSignals[i], &ours, &signals_[i]);
        ::tcgetattr(STDIN_FILENO, &before_);
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    ~NoEcho() {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
        for (size_t i = 0; i < std::size(kSignals); i++)
            ::sigaction(kSignals[i], &signals_[i], nullptr);
        fmt::print(stderr, "\n");
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;

  private:
    static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction signals_[std::size(kSignals)];
    termios before_{};
};

/// One line without its end; false: interrupted, or it cannot be read.
bool read_line(Secret& out) {
    out.text.reserve(kLongestPassword * 4);
    for (char c; out.text.size() <= kLongestPassword * 2;) {
        const ssize_t n = ::read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EINTR && !interrupted) continue;
        if (n < 0) return false;
        if (n == 0 || c == '\n') break;
        out.text += c;
    }
    if (out.text.ends_with('\r')) out.text.pop_back();
    return true;
}

bool ask(const std::string& question, Secret& out) {
    const NoEcho quiet;  // what is typed from now on is not shown
    fmt::print(stderr, "{}", question);
    return read_line(out);
}

Result<> check_password(std::string_view text) {
    if (text.empty()) return error("the password is empty");
    if (text.size() > kLongestPassword)
        return error("the password is longer than {} bytes, and bcrypt looks at no more",
                     kLongestPassword);
    if (std::ranges::any_of(
            text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
        return error("the password has control characters, which no browser sends");
    return {};
}

/// Asked for twice by a terminal, else one line. Answers the exit status where there is none.
int get_password(const std::string& user, Secret& out) {
    const bool terminal = ::isatty(STDIN_FILENO);
    Secret again;
    const bool read =
        terminal ? ask(fmt::format("password of {}: ", user), out) && ask("the same again: ", again)
                 : read_line(out);
    if (interrupted) return kInterrupted;
    if (!read) return no(error("the password cannot be read: {}", std::strerror(errno)));
    if (terminal && out.text != again.text) return no(error("the two passwords differ"));
    if (auto ok = check_password(out.text); !ok) return no(ok.error());
    return 0;
}

Result<std::string> hash_of(const Secret& password) {
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    if (!::crypt_gensalt_rn("$2b$", kCost, nullptr, 0, setting, sizeof setting))
        return error("this system's libcrypt has no bcrypt: {}", std::strerror(errno));
    auto scratch = std::make_unique<crypt_data>();
    // Not crypt_r, for which sanitizers put something of their own.
    const char* hash = ::crypt_rn(password.text.c_str(), setting, scratch.get(),
                                  static_cast<int>(sizeof *scratch));
    std::string out = hash ? hash : "";
    ::explicit_bzero(scratch.get(), sizeof *scratch);
    if (out.empty() || out[0] == '*') return error("the password cannot be hashed");
    return {boost::system::in_place_value, std::move(out)};
}

std::string own_name() {
    const struct ::passwd* p = ::getpwuid(::geteuid());
    return p ? p->pw_name : "";
}

bool is_user(std::string_view name) {
    return !name.empty() && name.size() <= kLongestName && name.front() != '#' &&
           name.front() != ' ' && name.find(':') == name.npos &&
           std::ranges::none_of(
               name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::string with_user(std::string_view content, std::string_view user, std::string_view hash,
                      std::string_view role) {
    std::string out;
    const std::string own = role.empty() ? std::string() : ":" + std::string(role);
    bool there = false;
    while (!content.empty()) {
        const std::string_view line = content.substr(0, content.find('\n'));
        content.remove_prefix(std::min(content.size(), line.size() + 1));
        const bool his = line.starts_with(user) && line.substr(user.size()).starts_with(':');
        if (!his) {
            out.append(line) += '\n';
        } else if (!std::exchange(there, true)) {
            size_t more = line.find(':', user.size() + 1);
            out.append(user).append(":").append(hash).append(own);
            if (!own.empty() && more != line.npos) more = line.find(':', more + 1);
            if (more != line.npos) out.append(line.substr(more));
            out += '\n';
        }
    }
    if (!there) out.append(user).append(":").append(hash).append(own) += '\n';
    return out;
}

int passwd(const Arguments& arguments) {
    std::string user = own_name(), role, file;
    Options options(arguments,
                    "microhost passwd --user ali --role operator /etc/microhost/htpasswd\n"
                    "  echo sesame | microhost passwd --user ali htpasswd");
    options.value("--user", user, "NAME", "whose password it is; without it yours")
        .value("--role", role, "ROLE",
               "viewer, operator or admin; without it what the user had, and viewer for a new one")
        .word("FILE", file,
              "lines USER:HASH[:ROLE], for the dashboard and auth-basic; made when it is missing");
    if (auto status = options.parse()) return *status;
    if (!is_user(user))
        return options.refuse("--user: " + json::quote_short(user) + " cannot be a user's name");
    if (!role.empty() && command::rank(role) <= 0)
        return options.refuse("--role: " + json::quote_short(role) +
                              " is none of viewer, operator, admin" +
                              json::did_you_mean(role, {"viewer", "operator", "admin"}));
    const auto before = read_private(file, Privacy::mine);
    if (!before) return no(before.error());
    Secret password;
    if (const int status = get_password(user, password)) return status;
    const auto hash = hash_of(password);
    if (!hash) return no(hash.error());
    const auto written = write_private(file, with_user(before->value_or(""), user, *hash, role));
    return written ? 0 : no(written.error());
}

}  // namespace microhost::tool
