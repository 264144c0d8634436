// SPDX-License-Identifier: Apache-2.0
#include "tool/traces.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <clocale>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "config/surroundings.hpp"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace microhost::tool {
namespace {

namespace fs = std::filesystem;
constexpr size_t kMuchMemory = 4 << 20;  // what the host itself keeps after a start is far below

std::set<int> numbers_in(const char* folder) {
    std::set<int> out;
    std::error_code ec;
    for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
        const std::string name = it->path().filename().string();
        int n = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), n).ec == std::errc{})
            out.insert(n);
    }
    return out;
}

std::set<int> children_of(const std::set<int>& threads) {
    std::set<int> out;
    for (const int t : threads) {
        std::ifstream in(fmt::format("/proc/self/task/{}/children", t));
        for (int pid; in >> pid;) out.insert(pid);
    }
    return out;
}

std::map<int, std::string> open_descriptors() {
    std::map<int, std::string> out;
    for (const int fd : numbers_in("/proc/self/fd")) {
        std::error_code ec;
        // The folder that is being read is one of them, and gone by now.
        const std::string target = fs::read_symlink(fmt::format("/proc/self/fd/{}", fd), ec);
        if (!ec) out[fd] = target;
    }
    return out;
}

size_t allocated() {
    const auto m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

unsigned float_control() {
#if defined(__x86_64__)
    return _mm_getcsr() & ~0x3fu;  // without the flags of what happened so far
#else
    return 0;
#endif
}

std::string signal_name(int n) {
    const char* brief = sigabbrev_np(n);
    return brief ? fmt::format("SIG{}", brief) : fmt::format("{}", n);
}

template <class Set>
Set without(const Set& now, const Set& before) {
    Set out;
    for (const auto& x : now)
        if (!before.contains(x)) out.insert(x);
    return out;
}

class Findings {
  public:
    template <class... Args>
    void add(bool found, const char* name, fmt::format_string<Args...> text, Args&&... args) {
        if (found) out.push_back({name, fmt::format(text, std::forward<Args>(args)...)});
    }
    std::vector<module::Finding> out;
};

std::string thread_names(const std::set<int>& threads) {
    std::string out;
    for (const int t : threads) {
        std::ifstream in(fmt::format("/proc/self/task/{}/comm", t));
        std::string name;
        std::getline(in, name);
        out += (out.empty() ? "" : ", ") + name;
    }
    return out;
}

std::string changed_handlers(const Traces& now, const Traces& before) {
    std::string out;
    for (int n = 1; n < NSIG; n++) {
        const auto &a = before.handlers[static_cast<size_t>(n)],
                   &b = now.handlers[static_cast<size_t>(n)];
        if (a.sa_sigaction == b.sa_sigaction && a.sa_flags == b.sa_flags) continue;
        out += (out.empty() ? "" : ", ") + signal_name(n);
    }
    return out;
}

std::string changed_variables(const Traces& now, const Traces& before) {
    std::string out;
    unsigned more = 0;
    auto say = [&](const std::string& name, const char* how) {
        if (out.size() > 100)
            more++;
        else
            out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, how);
    };
    for (const auto& [name, value] : now.environment) {
        const auto old = before.environment.find(name);
        if (old == before.environment.end())
            say(name, "set");
        else if (old->second != value)
            say(name, "changed");
    }
    for (const auto& [name, value] : before.environment)
        if (!now.environment.contains(name)) say(name, "removed");
    return more ? fmt::format("{} and {} more", out, more) : out;
}

std::string new_descriptors(const Traces& now, const Traces& before) {
    std::string out;
    for (const auto& [fd, target] : now.descriptors) {
        const auto old = before.descriptors.find(fd);
        if (old != before.descriptors.end() && old->second == target) continue;
        out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", fd, target);
    }
    return out;
}

std::string lost_descriptors(const Traces& now, const Traces& before) {
    std::string out;
    for (const auto& [fd, target] : before.descriptors)
        if (!now.descriptors.contains(fd))
            out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", fd, target);
    return out;
}

}  // namespace

Traces Traces::now() {
    Traces t;
    t.threads = numbers_in("/proc/self/task");
    t.children = children_of(t.threads);
    t.descriptors = open_descriptors();
    for (int n = 1; n < NSIG; n++) sigaction(n, nullptr, &t.handlers[static_cast<size_t>(n)]);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (int n = 1; n < NSIG; n++)
        if (sigismember(&mask, n) == 1) t.blocked.insert(n);
    std::error_code ec;
    t.folder = fs::current_path(ec).string();
    if (const char* l = std::setlocale(LC_ALL, nullptr)) t.locale = l;
    t.umask = ::umask(0);
    ::umask(t.umask);
    for (auto& [name, value] : config::Surroundings::here().environment)
        t.environment[name] = value;
    t.float_mode = float_control();
    t.memory = allocated();
    return t;
}

std::vector<module::Finding> Traces::since(const Traces& before) const {
    Findings f;
    const auto left = without(threads, before.threads);
    f.add(!left.empty(), "threads",
          "{} of its threads ran on after destroy() ({}); join them there", left.size(),
          thread_names(left));
    const auto born = without(children, before.children);
    f.add(!born.empty(), "processes", "{} child processes are left; end and wait for them",
          born.size());
    const std::string opened = new_descriptors(*this, before);
    f.add(!opened.empty(), "descriptors", "left open: {}; close them in destroy()", opened);
    const std::string closed = lost_descriptors(*this, before);
    f.add(!closed.empty(), "closed descriptors", "closed what is not its own: {}", closed);
    const std::string handled = changed_handlers(*this, before);
    f.add(!handled.empty(), "signal handlers",
          "changed for the whole process: {}; leave them alone", handled);
    f.add(blocked != before.blocked, "signal mask", "changed the signals that are blocked");
    f.add(folder != before.folder, "folder", "changed the working folder to {}; use absolute paths",
          folder);
    f.add(umask != before.umask, "umask",
          "changed the umask from {:03o} to {:03o}; set modes with "
          "fchmod",
          before.umask, umask);
    const std::string variables = changed_variables(*this, before);
    f.add(!variables.empty(), "environment", "changed the environment of the process: {}",
          variables);
    f.add(locale != before.locale, "locale", "changed the locale to {}; use the _l functions",
          locale);
    f.add(float_mode != before.float_mode, "floating point",
          "changed rounding or denormals for the whole thread; link without -ffast-math");
    const size_t more = memory > before.memory ? memory - before.memory : 0;
    f.add(more > kMuchMemory, "memory", "{} MiB that it allocated are left after destroy()",
          more >> 20);
    return std::move(f.out);
}

}  // namespace microhost::tool
